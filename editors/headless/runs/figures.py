"""Figures from rows: each with its 95 % interval, from drawing whole groups (commits, problems) anew.

The draws are seeded, so the same rows give the same figures. What failed is counted, and is in no average.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from editors.headless.runs.measures import MEASURES
from editors.headless.runs.rows import Row

if TYPE_CHECKING:
    import numpy

ROUNDS = 2000
SEED = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """`rows` are the questions that have this measure; `total` is the sum of what was counted."""

    measure: str
    value: float
    low: float
    high: float
    rows: int
    total: float


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds over all rows together."""

    name: str
    p50: float
    p95: float
    number: int


@dataclass(frozen=True, slots=True)
class Summary:
    rows: int
    groups: int
    failed: int
    figures: Sequence[Figure]
    times: Sequence[Times]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def value(self, measure: str) -> float | None:
        return next((figure.value for figure in self.figures if figure.measure == measure), None)


def summary(rows: Iterable[Row]) -> Summary:
    rows = sorted(rows, key=lambda row: row.id)  # in whatever order they were done, draws and sums are the same
    good = [row for row in rows if not row.failed]
    order = list(MEASURES)
    named = {name for row in good for name in row.measures}
    names = sorted(named, key=lambda name: (order.index(name if name in order else name.partition(",")[0]), name))
    kinds = list(dict.fromkeys(name for row in good for name in row.times))
    return Summary(
        rows=len(rows),
        groups=len({row.group for row in rows}),
        failed=len(rows) - len(good),
        figures=[figure(good, name) for name in names],
        times=[found for kind in kinds if (found := _times(good, kind)) is not None],
    )


def by(rows: Iterable[Row], facet: str) -> Mapping[str, Summary]:
    """A summary for each value of a facet, in the values' order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if facet in row.facets:
            groups.setdefault(row.facets[facet], []).append(row)
    return {value: summary(groups[value]) for value in sorted(groups)}


def facets(rows: Iterable[Row]) -> list[str]:
    """The facets that tell rows apart."""
    seen: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.facets.items():
            seen.setdefault(name, set()).add(value)
    return [name for name, values in seen.items() if len(values) > 1]


def figure(rows: Sequence[Row], name: str) -> Figure:
    """Of the rows that have the measure; some must."""
    import numpy

    having = [row for row in rows if name in row.measures]
    sums = sums_of(having, lambda row: row.measures[name])
    whole = sums.sum(axis=0)
    drawn = draws(len(sums)) @ sums
    ratios = drawn[:, 0] / numpy.maximum(drawn[:, 1], 1e-12)
    low, high = numpy.quantile(ratios, (0.025, 0.975))
    value = whole[0] / max(whole[1], 1e-12)
    return Figure(name, float(value), float(low), float(high), len(having), float(whole[0]))


def sums_of(rows: Iterable[Row], pair: Callable[[Row], Sequence[float]]) -> numpy.ndarray[Any, Any]:
    """The pairs of each group added up, one row a group."""
    import numpy

    groups: dict[str, list[float]] = {}
    for row in rows:
        numbers = pair(row)
        before = groups.get(row.group, [0.0] * len(numbers))
        groups[row.group] = [old + new for old, new in zip(before, numbers, strict=True)]
    return numpy.array(list(groups.values()), dtype=float)


def draws(groups: int) -> numpy.ndarray[Any, Any]:
    """How often each group is drawn in each round, as many as there are with replacement: ROUNDS × groups."""
    import numpy

    chance = numpy.random.default_rng(SEED)
    return chance.multinomial(groups, numpy.full(groups, 1 / groups), size=ROUNDS)


def _times(rows: Iterable[Row], name: str) -> Times | None:
    ordered = sorted(one for row in rows for one in row.times.get(name, ()))
    if not ordered:
        return None
    return Times(name, ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))], len(ordered))
