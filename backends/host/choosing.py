"""Which token comes next, from a row of logits."""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor


def sample(logits: Tensor, temperature: float, top_p: float, random: Random) -> int:
    """A token drawn from softmax(logits / temperature), of the likeliest that together have `top_p`. One number of `random` is
    used for one token, so that the same seed gives the same answer however its tokens were computed."""
    chances = torch.softmax(logits / temperature, -1)
    ordered, tokens = chances.sort(descending=True)
    reach = ordered.double().cumsum(0)
    kept = int((reach < min(top_p, 1.0) * float(reach[-1])).sum()) + 1
    drawn = random.random() * float(reach[kept - 1])
    return int(tokens[min(int((reach[:kept] <= drawn).sum()), kept - 1)])


def likeliest(rows: list[Tensor]) -> list[list[int]]:
    """The best token of each logits (wanted, vocabulary), for all rows in one question to the device, which a GPU stops for."""
    best = iter(torch.cat([logits.argmax(-1) for logits in rows]).tolist())
    return [[next(best) for _ in range(len(logits))] for logits in rows]
