"""Models worth hosting, with size and licence, and which of them fit: what `infill serve --list` proposes.

Base models with a documented form for filling in, small to large; sizes are those of their cards. Licences are looked up in
`backends/models.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backends.host.folder import Unusable, locate
from backends.host.memory import WORKING, Place, Precision
from backends.models import recognise


@dataclass(frozen=True, slots=True)
class Entry:
    """`billions` of weights; `active` where only some of them are used for a token."""

    id: str
    billions: float
    active: float = 0.0


MODELS: tuple[Entry, ...] = (
    Entry("ibm-granite/granite-4.0-350m-base", 0.35),
    Entry("Qwen/Qwen2.5-Coder-0.5B", 0.49),
    Entry("deepseek-ai/deepseek-coder-1.3b-base", 1.35),
    Entry("Qwen/Qwen2.5-Coder-1.5B", 1.54),
    Entry("bigcode/starcoder2-3b", 3.03),
    Entry("JetBrains/Mellum-4b-base", 4.02),
    Entry("deepseek-ai/deepseek-coder-6.7b-base", 6.74),
    Entry("codellama/CodeLlama-7b-hf", 6.74),
    Entry("bigcode/starcoder2-7b", 7.17),
    Entry("Qwen/Qwen2.5-Coder-7B", 7.62),
    Entry("ByteDance-Seed/Seed-Coder-8B-Base", 8.25),
    Entry("google/codegemma-7b", 8.54),
    Entry("Qwen/Qwen2.5-Coder-14B", 14.77),
    Entry("bigcode/starcoder2-15b", 15.96),
    Entry("mistralai/Codestral-22B-v0.1", 22.25),
    Entry("Qwen/Qwen3-Coder-30B-A3B-Instruct", 30.53, 3.3),
)
USUAL_CACHE = 1 << 30
"""Bytes for keys and values of a few editors: the real need depends on the model and is reckoned when it is loaded."""
COMFORTABLE = 1.6
"""Billions of weights a CPU reads fast enough to type with, in int8."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`bytes` needed on the place at hand, whether that `fits`, and whether the model `is_here` already."""

    entry: Entry
    bytes: int
    fits: bool
    is_here: bool
    licence: str

    @property
    def is_slow(self) -> bool:
        return (self.entry.active or self.entry.billions) > COMFORTABLE


def propose(place: Place) -> Iterator[Proposal]:
    """All models of the table, judged for this place."""
    precision = Precision.INT8 if place.device == "cpu" else Precision.BF16
    for entry in MODELS:
        weights = int(entry.billions * 1e9 * (2.2 if precision is Precision.INT8 else 2.0))
        size = weights + USUAL_CACHE + (WORKING if place.device == "cpu" else 2 * WORKING)
        known = recognise(entry.id)
        yield Proposal(entry, size, size <= place.free, _is_here(entry.id), known.licence if known else "see its card")


def _is_here(id: str) -> bool:
    try:
        locate(id)
    except Unusable:
        return False
    return True
