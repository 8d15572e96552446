"""A summary as a terminal shows it: one line a measure, with its interval, and what failed first."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from editors.headless.runs.figures import Summary
from editors.headless.runs.measures import measure, shown
from editors.headless.terminal import Ink

NAME = 34  # columns for names


def table(found: Summary, title: str = "") -> str:
    ink = Ink(sys.stdout)
    lines = [ink.bold(title)] if title else []
    answered = found.rows - found.failed
    if found.failed:
        lines.append(
            ink.bad(f"{found.failed} of {found.rows} questions failed; the figures are of the other {answered}.")
        )
    for figure in found.figures:
        interval = f"[{shown(figure.measure, figure.low)}, {shown(figure.measure, figure.high)}]"
        unit = measure(figure.measure).unit
        value = shown(figure.measure, figure.value)
        lines.append(f"{figure.measure:{NAME}}{value:>9} {unit:1}  {ink.dim(f'{interval:18} {figure.rows} rows')}")
    for times in found.times:
        lines.append(f"{times.name + ', p50 / p95':{NAME}}{times.p50:9.1f} / {times.p95:.1f} ms")
    return "\n".join(lines)


def beside(found: Mapping[str, Summary], measures: tuple[str, ...]) -> str:
    """A row for each value of a facet, a column for each measure that any of them has."""
    names = [name for name in measures if any(one.value(name) is not None for one in found.values())]
    widest = max([12, *map(len, found)])
    head = "".join(f"{name:>{max(8, len(name) + 2)}}" for name in names)
    lines = [Ink(sys.stdout).dim(f"{'':{widest}}{'rows':>7}{head}")]
    for value, one in found.items():
        cells = "".join(f"{_cell(one, name):>{max(8, len(name) + 2)}}" for name in names)
        lines.append(f"{value:{widest}}{one.rows - one.failed:7}{cells}")
    return "\n".join(lines)


def _cell(found: Summary, name: str) -> str:
    value = found.value(name)
    return "-" if value is None else shown(name, value)
