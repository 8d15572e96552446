"""A summary as a terminal shows it: what failed, the measures that matter with what they mean, and all of them, a line each."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from editors.headless.runs.figures import Figure, Summary, Times
from editors.headless.runs.measures import measure, shown, where
from editors.headless.terminal import Ink, folded

NAME = 34  # columns for names


def headline(found: Summary, first: Sequence[str]) -> str:
    """The `first` measures, as far as there are any, each with what it means, and the times."""
    ink = Ink(sys.stdout)
    answered, told = found.rows - found.failed, [one for name in first for one in found.figures if one.measure == name]
    lines = [f"{answered} question{'' if answered == 1 else 's'}; in brackets the 95 % interval."]
    if found.failed:
        lines[0] = ink.bad(f"{found.failed} of {found.rows} questions failed; the figures are of the other {answered}.")
    for figure, words in zip(told, meanings([figure.measure for figure in told]), strict=True):
        lines += [_line(figure), _meaning(words)]
    for times in found.times:
        lines += [_times(times), _meaning("Half of them were within the first number, 95 of 100 within the second.")]
    return "\n".join(lines)


def meanings(names: Sequence[str]) -> list[str]:
    """What each measure is, in a sentence; what was said before is not said again."""
    told: list[str] = []
    whats = [measure(name).words.rstrip(".") for name in names]
    for number, (name, what) in enumerate(zip(names, whats, strict=True)):
        again = "The same" if what in whats[:number] else what
        told.append(", ".join(filter(None, (again, where(name)))) + ".")
    return told


def table(found: Summary) -> str:
    """All measures, a line each."""
    return "\n".join([*map(_line, found.figures), *map(_times, found.times)])


def _line(figure: Figure) -> str:
    interval = f"[{shown(figure.measure, figure.low)}, {shown(figure.measure, figure.high)}]"
    unit, value = measure(figure.measure).unit, shown(figure.measure, figure.value)
    rest = Ink(sys.stdout).dim(f"{interval:18} {figure.rows} row{'' if figure.rows == 1 else 's'}")
    return f"{figure.measure:{NAME}}{value:>9} {unit:1}  {rest}"


def _times(times: Times) -> str:
    return f"{times.name + ', p50 / p95':{NAME}}{times.p50:9.1f} / {times.p95:.1f} ms"


def _meaning(sentence: str) -> str:
    return Ink(sys.stdout).dim("    " + folded(sentence, sys.stdout, taken=4))


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
