"""Two runs over the same questions, and which differences between them are real.

Both answers to a question are drawn anew together, by whole groups. An interval says how far the difference may be off; a
verdict is given only where the interval, made wider for the number of measures that are compared, has no zero in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from editors.headless.runs.figures import SEED, sums_of
from editors.headless.runs.measures import MEASURES, measure
from editors.headless.runs.rows import Row

ROUNDS = 10_000
FEWEST = 8
"""Groups below which there is no verdict: so few, drawn anew, are not to be relied on."""
UNSURE = "no difference shown"


@dataclass(frozen=True, slots=True)
class Difference:
    """Of the second run less the first, in the measure's own unit, with its 95 % interval. `rows`: questions both answered."""

    measure: str
    first: str
    other: str
    rows: int
    groups: int
    of_first: float
    of_other: float
    difference: float
    low: float
    high: float
    verdict: str

    @property
    def pair(self) -> str:
        return f"{self.other}, less {self.first}"

    @property
    def is_real(self) -> bool:
        """Whether there is a verdict."""
        return not self.verdict.startswith(UNSURE)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class NothingShared(Exception):
    """The runs have no question in common."""


def differences(first: tuple[str, Sequence[Row]], other: tuple[str, Sequence[Row]]) -> list[Difference]:
    """For every measure that both runs have. Raises `NothingShared`."""
    known = {row.id: row for row in first[1] if not row.failed}
    answered = sorted((row for row in other[1] if row.id in known and not row.failed), key=lambda row: row.id)
    pairs = [(known[row.id], row) for row in answered]
    if not pairs:
        raise NothingShared(f"{first[0]} and {other[0]} have no question in common that both answered.")
    names = [name for name in pairs[0][0].measures if name in MEASURES or name.partition(",")[0] in MEASURES]
    every = {name for one, two in pairs for name in (one.measures.keys() & two.measures.keys())}
    ordered = [*names, *sorted(every - set(names))]
    shared = [name for name in ordered if name in every]
    return [_difference(first[0], other[0], pairs, name, len(shared)) for name in shared]


def _difference(first: str, other: str, pairs: Sequence[tuple[Row, Row]], name: str, compared: int) -> Difference:
    import numpy

    both = [(one, two) for one, two in pairs if name in one.measures and name in two.measures]
    second = {one.id: two for one, two in both}
    sums = sums_of((one for one, _ in both), lambda row: (*row.measures[name], *second[row.id].measures[name]))
    groups = len(sums)
    chance = numpy.random.default_rng(SEED)
    drawn = chance.multinomial(groups, numpy.full(groups, 1 / groups), size=ROUNDS) @ sums
    drawn_gaps = drawn[:, 2] / numpy.maximum(drawn[:, 3], 1e-12) - drawn[:, 0] / numpy.maximum(drawn[:, 1], 1e-12)
    whole = sums.sum(axis=0)
    of_first, of_other = (float(whole[at] / max(whole[at + 1], 1e-12)) for at in (0, 2))
    low, high = (float(end) for end in numpy.quantile(drawn_gaps, (0.025, 0.975)))
    outer = numpy.quantile(drawn_gaps, (0.025 / compared, 1 - 0.025 / compared))
    verdict = _verdict(name, groups, float(outer[0]), float(outer[1]))
    gap = of_other - of_first
    return Difference(name, first, other, len(both), groups, of_first, of_other, gap, low, high, verdict)


def _verdict(name: str, groups: int, low: float, high: float) -> str:
    if groups < FEWEST:
        return f"{UNSURE}: too few"
    if low <= 0 <= high:
        return UNSURE
    better = measure(name).more_is_better
    if better is None:
        return "more" if low > 0 else "less"
    return "better" if (low > 0) is better else "worse"
