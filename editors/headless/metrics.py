"""The measures of replay, as docs/benchmarks.md defines them, and how sure they are."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence


def exact(shown: str, truth: str) -> bool:
    """The rest of the line, to the letter; white space at its end does not count."""
    return shown.rstrip() == truth.rstrip()


def edit_similarity(shown: str, truth: str) -> float:
    """100 × (|a| + |b| − d) / (|a| + |b|), d the least number of inserted and deleted characters."""
    total = len(shown) + len(truth)
    if not total:
        return 100.0
    row = [0] * (len(truth) + 1)
    for char in shown:
        diagonal = 0
        for at, other in enumerate(truth, 1):
            above = row[at]
            row[at] = diagonal + 1 if char == other else max(above, row[at - 1])
            diagonal = above
    return 200.0 * row[-1] / total


def interval(
    groups: Mapping[str, Sequence[tuple[float, float]]], *, rounds: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """(value, low, high): sum of the first over sum of the second of all pairs, and its 95 % interval when whole groups
    (commits) are drawn anew."""
    sums = [(sum(top for top, _ in pairs), sum(bottom for _, bottom in pairs)) for pairs in groups.values()]
    ratio: Callable[[Sequence[tuple[float, float]]], float] = lambda drawn: (  # noqa: E731
        sum(top for top, _ in drawn) / max(sum(bottom for _, bottom in drawn), 1e-9)
    )
    chance = random.Random(seed)
    again = sorted(ratio(chance.choices(sums, k=len(sums))) for _ in range(rounds)) if sums else [0.0]
    return ratio(sums), again[int(0.025 * len(again))], again[min(int(0.975 * len(again)), len(again) - 1)]


def calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error: the mean gap between confidence and share right, over equal bins of confidence."""
    gap = 0.0
    for number in range(bins):
        inside = [
            (c, right) for c, right in pairs if number <= c * bins < number + 1 or (number == bins - 1 and c == 1)
        ]
        if inside:
            gap += abs(sum(c for c, _ in inside) - sum(right for _, right in inside))
    return gap / max(len(pairs), 1)
