"""What rounding the weights costs in quality: perplexity of real code, and how often the likeliest token is another."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from backends.host.memory import Precision
from backends.host.prompting import Prompt
from tools.measure_model.cursors import Cursor
from tools.measure_model.hosted import Hosted

WINDOW = 384
"""Tokens of a text; the second half of it is judged."""
JUDGED = WINDOW // 2
WRITTEN = 24
STEPWISE = 12
"""Texts that are read token by token too, since a single token takes another way through the layers."""


@dataclass(slots=True)
class Read:
    """Of every text: the likeliest tokens, by how much they lead, and the negative log-likelihood of the true ones."""

    best: Tensor
    lead: Tensor
    loss: Tensor
    answers: list[str]


def measured(folder: Path, cursors: Sequence[Cursor], threads: int) -> Iterator[str]:
    exact: Read | None = None
    yield f"{'':24}{'perplexity':>11}{'same likeliest':>16}{'where it leads by 0.5':>23}{'same answer':>13}"
    for precision, stepwise in (
        (Precision.FP32, False),
        (Precision.BF16, False),
        (Precision.INT8, False),
        (Precision.INT8, True),
    ):
        found = _read(folder, cursors, precision, threads, stepwise=stepwise)
        exact = exact or found
        count = len(found.best)
        same, sure = found.best == exact.best[:count], exact.lead[:count] > 0.5
        answers = [one == other for one, other in zip(found.answers, exact.answers, strict=False)]
        yield (
            f"{precision.value + (', token by token' if stepwise else ''):24}{math.exp(found.loss.mean()):11.3f}"
            f"{same.float().mean():16.2%}{same[sure].float().mean():23.2%}"
            + (f"{sum(answers):7} of {len(answers)}" if answers else "")
            + f"   ({count} tokens; fp32 on the same {math.exp(exact.loss[:count].mean()):.3f})"
        )
        gc.collect()


def _read(folder: Path, cursors: Sequence[Cursor], precision: Precision, threads: int, *, stepwise: bool) -> Read:
    hosted = Hosted.of(folder, precision, threads)
    best, lead, loss, answers = [], [], [], []
    for cursor in cursors[:STEPWISE] if stepwise else cursors:
        ids = hosted.loaded.model.vocabulary.encode(cursor.before + cursor.rest + cursor.below)[:WINDOW]
        if len(ids) < WINDOW:
            continue
        if stepwise:
            hosted.logits(ids[:JUDGED], 1)
            logits = torch.cat([hosted.logits(ids[: end + 1], 1) for end in range(JUDGED, WINDOW - 1)])
        else:
            logits = hosted.logits(ids[:-1], WINDOW - 1 - JUDGED)
        top = logits.topk(2)
        best.append(top.indices[:, 0])
        lead.append(top.values[:, 0] - top.values[:, 1])
        loss.append(torch.nn.functional.cross_entropy(logits, torch.tensor(ids[JUDGED + 1 :]), reduction="none"))
        if not stepwise:
            answers.append(hosted.answer(Prompt(tuple(ids)), WRITTEN))
    return Read(torch.cat(best), torch.cat(lead), torch.cat(loss), answers)
