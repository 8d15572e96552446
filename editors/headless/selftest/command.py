"""`infill bench selftest`: the command, its table and its goals."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from editors.headless.command import Command
from editors.headless.exits import Exit, Stop
from editors.headless.runs import options
from editors.headless.runs.figures import Summary, by, summary
from editors.headless.runs.measures import measure
from editors.headless.runs.rows import Row
from editors.headless.terminal import Ink

if TYPE_CHECKING:
    from editors.headless.selftest.recovery import Project

EXAMPLES = """\
  infill bench selftest                              no model, key or network is needed
  infill bench selftest --damage fence "chat talk"   these damages only
  infill bench selftest --json --out selftest.jsonl
"""
GOALS: Mapping[str, tuple[float, bool]] = {
    # measure: what it must be, and whether that is the least or the most
    "first line": (0.97, True),
    "whole insertion": (0.93, True),
    "prompt over budget": (0.0, False),
    "requests per key": (0.4, False),
}
AIMS: Mapping[str, float] = {"requests per key": 0.25}
"""What is wished for beyond what must be."""
LEGEND = """\
% of answers, damaged on purpose as models damage them, that came through with the true first line,
and whole; "unchanged": without Infill's rules. "all that damage" leaves out what cannot be mended."""


def _goals() -> Iterator[str]:
    """Each goal in words. What is a share is in percent, as in the table."""
    for name, (goal, least) in GOALS.items():
        amount = f"{goal:g}" if name == "requests per key" else f"{100 * goal:g} %"
        aim = f" (wished for: {AIMS[name]:g})" if name in AIMS else ""
        yield f"  {name}, at {'least' if least else 'most'} {amount}{aim}"


def _arguments(parser: argparse.ArgumentParser) -> None:
    from editors.headless.selftest.damages import DAMAGES

    parser.add_argument("--damage", nargs="+", choices=tuple(DAMAGES), metavar="NAME", help="only these damages")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the places where typing begins")
    options.add_flags(parser)


def _run(arguments: argparse.Namespace) -> int:
    from importlib.metadata import version

    from editors.headless.nursery import Silent
    from editors.headless.runs.about import OWN, commit_of
    from editors.headless.runs.progress import Progress
    from editors.headless.selftest.damages import DAMAGES
    from editors.headless.selftest.recovery import BUDGETS, Project

    damages = arguments.damage or list(DAMAGES)
    plan = {"damages": damages, "seed": arguments.seed, "infill": f"{version('infill-ls')} {commit_of(OWN)}".strip()}
    with options.open_journal(arguments, "selftest", plan) as journal:
        parts = [*damages, *(f"{tokens} tokens" for tokens in BUDGETS), "pace"]
        missing = [name for name in parts if not journal.has(name)]
        try:
            with Project() as project, Progress("parts", len(parts), done=len(parts) - len(missing)) as progress:
                for name in missing:
                    rows = list(_rows(name, project, arguments.seed))
                    journal.add(name, rows)
                    progress.step()
                    for row in rows if arguments.json else ():
                        print(json.dumps(row.as_json()), flush=True)
        except Silent as error:
            raise Stop(Exit.NOTHING, f"{error} What is done is kept; the same command goes on.") from error
        if not arguments.json:
            print(f"{table(journal.rows)}\n\n{LEGEND}\n")
        code = options.conclude(arguments, journal, ("first line", "whole insertion"), quiet=not arguments.json)
        missed = _missed(journal.rows)
        for words in missed:
            print(words, file=sys.stderr)
        if not arguments.json:
            print("\n".join(["Some goals are missed:" if missed else "All goals are met:", *_goals()]))
        return Exit.NOTHING if missed and code == Exit.DONE else code


def _rows(part: str, project: Project, seed: int) -> Iterator[Row]:
    """One part of the selftest: a damage, a size of prompts, or the pace."""
    from editors.headless.selftest.pace import paced
    from editors.headless.selftest.recovery import prompts, recovered

    if part == "pace":
        return paced(project, seed)
    number, _, unit = part.partition(" ")
    return prompts(project, int(number)) if unit == "tokens" else recovered(project, part)


def table(rows: Sequence[Row]) -> str:
    """A line for each damage: recovered with the rules, and without them; then what all damages come to."""
    ink = Ink(sys.stdout)
    lines = [ink.dim(f"{'':20}{'first line':>12}{'unchanged':>12}{'whole':>12}{'unchanged':>12}")]
    every = by(rows, "damage")
    for damage, found in [*every.items(), (ink.bold(f"{'all that damage':20}"), damaged(rows))]:
        cells = (_percent(found, name) for name in _COLUMNS)
        lines.append(f"{damage:20}" + "".join(f"{cell:>12}" for cell in cells))
    rest = summary(rows)
    others = [one for one in rest.figures if one.measure.startswith(("identifier", "prompt", "requests"))]
    for one in others:
        share = measure(one.measure).unit == "%"
        lines.append(f"{one.measure:34}" + (f"{100 * one.value:9.1f} %" if share else f"{one.value:9.3f}"))
    return "\n".join(lines)


_COLUMNS = ("first line", "first line, unchanged", "whole insertion", "whole insertion, unchanged")


def damaged(rows: Sequence[Row]) -> Summary:
    """Of the answers that were damaged and can be mended."""
    from editors.headless.selftest.damages import UNDAMAGED

    return summary([row for row in rows if row.facets.get("damage", "none") not in UNDAMAGED])


def _missed(rows: Sequence[Row]) -> list[str]:
    """The goals that are not met, in words."""
    found = damaged(rows).figures
    figures = [figure for figure in found if figure.measure in ("first line", "whole insertion")]
    figures += [
        figure for figure in summary(rows).figures if figure.measure.startswith(("prompt over", "requests per"))
    ]
    told = []
    for figure in figures:
        goal, least = GOALS[figure.measure.partition(",")[0]]
        if figure.value < goal if least else figure.value > goal:
            kind = "least" if least else "most"
            told.append(f"missed: {figure.measure} is {figure.value:.3f}, and the goal is {goal:g} at {kind}")
    return told


def _percent(found: Summary, name: str) -> str:
    value = found.value(name)
    return "-" if value is None else f"{100 * value:.1f}"


COMMAND = Command(EXAMPLES, _arguments, _run)
