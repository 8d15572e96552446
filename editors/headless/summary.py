"""The figures of a replay, with 95 % intervals from resampling whole commits. Percentages unless the name says otherwise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from editors.headless.metrics import calibration_error, interval
from editors.headless.replay import PointResult, TypingResult

R = TypeVar("R", PointResult, TypingResult)
Figure = list[float] | float | int


def summary(results: Sequence[PointResult | TypingResult]) -> dict[str, Figure]:
    points = [one for one in results if isinstance(one, PointResult)]
    typed = [one for one in results if isinstance(one, TypingResult)]
    found: dict[str, Figure] = {
        "lines": len(typed),
        "commits": len({one.commit for one in typed}),
    }
    for kind in ("start", "mid", "part"):
        here = [one for one in points if one.kind == kind]
        found[f"exact, {kind}"] = _share(here, lambda one: one.exact)
        found[f"edit similarity, {kind}"] = _ratio(here, lambda one: one.similarity, lambda one: 1.0)
    for name, test in (("source", False), ("tests", True)):
        some = [one for one in points if one.test is test and one.kind == "mid"]
        if some:
            found[f"exact, mid, {name}"] = _share(some, lambda one: one.exact)
    shown = [one for one in points if one.shown_length]
    found["automatic: places where something is shown"] = _share(points, lambda one: one.shown_length > 0)
    found["automatic: shown and right"] = _share(shown, lambda one: one.shown_right)
    found["automatic: characters of an offer"] = _ratio(shown, lambda one: one.shown_length, lambda one: 1.0, 1.0)
    found["automatic: expected calibration error"] = 100 * calibration_error(
        [(one.shown_confidence, one.shown_right) for one in shown]
    )
    found["typing: characters completed"] = _ratio(typed, lambda one: one.completed, lambda one: one.length, 100.0)
    found["typing: shown and right"] = _ratio(typed, lambda one: one.accepted, lambda one: one.shown, 100.0)
    found["typing: wrong per line (number)"] = _ratio(typed, lambda one: one.shown - one.accepted, lambda one: 1.0, 1.0)
    found["typing: shown per line (number)"] = _ratio(typed, lambda one: one.shown, lambda one: 1.0, 1.0)
    for name, milliseconds in (("by hand", [one.milliseconds for one in points]),):
        ordered = sorted(milliseconds)
        found[f"{name}: milliseconds, p50"] = ordered[len(ordered) // 2]
        found[f"{name}: milliseconds, p99"] = ordered[int(0.99 * (len(ordered) - 1))]
    return found


def _share(results: Sequence[PointResult], holds: Callable[[PointResult], bool]) -> Figure:
    return _ratio(results, lambda one: float(holds(one)), lambda one: 1.0, 100.0)


def _ratio(results: Iterable[R], top: Callable[[R], float], bottom: Callable[[R], float], scale: float = 1.0) -> Figure:
    groups: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in results:
        groups[one.commit].append((scale * top(one), bottom(one)))
    return list(interval(groups))
