"""Whether another way of computing gives what the model's own modules give: not believed, but tried when an engine is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from backends.host.attention import Row
from backends.host.jobs import HostOutOfMemory

if TYPE_CHECKING:
    from backends.host.packed import Packed

TOKENS = 40
"""Of the proof: enough for several pieces, few enough to cost nothing beside loading."""


def ids(vocabulary: int, seed: int = 1) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    drawn: list[int] = torch.randint(vocabulary, (TOKENS,), generator=generator).tolist()
    return drawn


def in_pieces(reader: Packed, ids: list[int]) -> Tensor:
    """Logits of `ids` read as an engine reads: in pieces, a single token among them, beside another sequence."""
    one, other = (reader.take(ids, name, len(ids)) for name in ("one", "other"))
    if one is None or other is None:
        raise HostOutOfMemory
    logits, start = [], 0
    for size in (21, 1, 3, len(ids) - 25):
        part = ids[start : start + size]
        logits.append(reader.read([Row(other, part[::-1], 1), Row(one, part, size)], lambda: False)[1])
        start += size
    reader.give(one)
    reader.give(other)
    return torch.cat(logits)


def agree(right: Tensor, ours: Tensor, dtype: torch.dtype) -> bool:
    """Relative distance of all logits; random rounding of sixteen bits stays far below a wrong mask or position."""
    tolerance = 1e-3 if dtype == torch.float32 else 5e-2
    right, ours = right.float(), ours.float()
    return bool((right - ours).norm() <= tolerance * right.norm()) and bool(ours.isfinite().all())
