"""`infill bench compare`: backends, models or settings on the same questions, and a verdict only where the difference is real."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop
from editors.headless.parser import Parser
from editors.headless.terminal import Ink, folded

if TYPE_CHECKING:
    from editors.headless.runs.journal import Run
    from editors.headless.runs.paired import Difference

EXAMPLES = """\
  infill bench compare one.jsonl other.jsonl --report compared.html
  infill bench compare --replay . backend=workspace backend=workspace,eagerness=high
  infill bench compare --replay . --lines 100 backend=workspace backend=mistral,model=codestral-latest
  infill bench compare --fim single-line.jsonl.gz --limit 200 backend=mistral backend=host
"""
PASSED_ON: Mapping[str, tuple[str, ...]] = {
    "replay": ("lines", "commits", "start", "seed", "mode"),
    "fim": ("language", "limit", "seed", "yes"),
}


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a file of a run, or NAME=VALUE,… settings to be run")
    parser.add_argument("--replay", type=Path, metavar="REPO", help="run the settings on a repository's own history")
    parser.add_argument("--fim", type=Path, metavar="FILE", help="run the settings on a public set")
    for name in ("lines", "commits", "seed", "limit"):
        parser.add_argument(
            f"--{name}", type=int if name == "seed" else whole(), metavar="N", help="as of the bench that is run"
        )
    parser.add_argument("--start", metavar="REV", help="as of `infill bench replay`")
    parser.add_argument("--mode", choices=("point", "typing", "both"), help="as of `infill bench replay`")
    parser.add_argument("--language", metavar="NAME", help="as of `infill bench fim`")
    parser.add_argument("--yes", action="store_true", help="as of `infill bench fim`")
    parser.add_argument("--all", action="store_true", help="show all measures, not only those that matter most")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write an HTML report with plots as well")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _run(arguments: argparse.Namespace) -> int:
    from editors.headless.runs.libraries import require_libraries
    from editors.headless.runs.paired import NothingShared, differences
    from editors.headless.runs.report import names_of, write

    if len(arguments.runs) < 2:
        raise Stop(Exit.USAGE, "Two runs at least are compared.")
    if arguments.report is not None:
        require_libraries()
    for said in filter(_is_wish, arguments.runs):
        _wanted(arguments, said)  # whatever makes no sense is said before the first is run
    runs = [_one(arguments, said) for said in arguments.runs]
    benches = {str(run.about.get("bench")) for run in runs}
    if len(benches) > 1:
        raise Stop(Exit.USAGE, f"Runs of different benches are not compared: {', '.join(sorted(benches))}.")
    names = names_of([run.about for run in runs])
    try:
        found = [
            difference
            for (one, first), (two, other) in combinations(zip(names, runs, strict=True), 2)
            for difference in differences((one, first.rows), (two, other.rows))
        ]
    except NothingShared as error:
        raise Stop(
            Exit.USAGE, f"{error} Runs are of the same questions where repository, lines and seed are."
        ) from None
    if arguments.json:
        print(json.dumps({"differences": [one.as_json() for one in found], "runs": [dict(run.about) for run in runs]}))
    else:
        every = tuple(dict.fromkeys(one.measure for one in found))
        print(table(found, every if arguments.all else _first(benches.pop()) or every))
    if arguments.report is not None:
        write(arguments.report, [(run.about, run.rows) for run in runs], found)
    return Exit.DONE


def _one(arguments: argparse.Namespace, said: str) -> Run:
    from editors.headless.runs.journal import Unfit, read

    if _is_wish(said):
        return _made(arguments, said)
    try:
        run = read(Path(said))
    except Unfit as error:
        raise Stop(Exit.USAGE, str(error)) from None
    if run.finished is None:
        print(f"{said} is not finished: what both have is compared.", file=sys.stderr)
    return run


def _is_wish(said: str) -> bool:
    return "=" in said and not Path(said).exists()


def _made(arguments: argparse.Namespace, said: str) -> Run:
    """Runs the bench with these settings, unless that was done already: nothing is paid twice."""
    from editors.headless.runs.journal import read

    command, given = _wanted(arguments, said)
    if not given.out.exists() or read(given.out).finished is None:
        print(f"{said}:", file=sys.stderr)
        with redirect_stdout(sys.stderr):  # what the command prints here is one answer, the comparison
            code = command.run(given)
        if code != Exit.DONE:
            raise Stop(Exit(code), f"{said} did not come to its end; the same command goes on with it.")
    return read(given.out)


def _wanted(arguments: argparse.Namespace, said: str) -> tuple[Command, argparse.Namespace]:
    """The bench with these settings, and its arguments. Raises `Stop` for what makes none."""
    from editors.headless.replays.direct import BASELINES
    from editors.headless.runs.options import own_file

    if (arguments.replay is None) is (arguments.fim is None):
        raise Stop(Exit.USAGE, f"To run {said}, name either --replay REPO or --fim FILE.")
    bench, target = ("replay", arguments.replay) if arguments.replay else ("fim", arguments.fim)
    command, plan_of = _bench(bench)
    parser = Parser(prog=f"infill bench {bench}")
    command.arguments(parser)
    words = [str(target), *_flags(said)]
    for name in PASSED_ON[bench]:
        value = getattr(arguments, name)
        if value not in (None, False):
            words.append(f"--{name}" if value is True else f"--{name}={value}")
    given = parser.parse_args(words)
    if given.backend in BASELINES:
        alone = f"`infill bench replay {target} --backend {given.backend}`"
        raise Stop(Exit.USAGE, f"The baseline {given.backend} runs without a server and by itself: {alone}.")
    given.out = own_file(bench, plan_of(given))
    return command, given


def _bench(name: str) -> tuple[Command, Callable[[argparse.Namespace], dict[str, Any]]]:
    if name == "replay":
        from editors.headless import replaying

        return replaying.COMMAND, replaying.plan_of
    from editors.headless.fim import command

    return command.COMMAND, command.plan_of


def _first(bench: str) -> tuple[str, ...]:
    """The measures that matter most; () where a bench has no such."""
    from editors.headless import replaying
    from editors.headless.fim import command

    return {"replay": replaying.COLUMNS, "fim": command.COLUMNS}.get(bench, ())


def _flags(said: str) -> list[str]:
    """`backend=host,eagerness=high` as flags of a bench."""
    flags = []
    for pair in said.split(","):
        name, _, value = pair.partition("=")
        name = name.strip().replace("_", "-")
        flags.append(f"--{name}={value}" if name in ("backend", "base-url", "model") else f"--set={name}={value}")
    return flags


def table(found: Sequence[Difference], names: Sequence[str]) -> str:
    """A line for each of the named measures and for each with a verdict: both values, the difference with its interval, and the
    verdict; then what the measures mean."""
    from editors.headless.runs.measures import shown
    from editors.headless.runs.table import meanings

    ink = Ink(sys.stdout)
    wanted = [name for name in names if any(one.measure == name for one in found)]
    wanted += [one.measure for one in found if one.is_real and one.measure not in wanted]
    lines: list[str] = []
    for pair in dict.fromkeys(one.pair for one in found):
        lines += [ink.bold(pair), ink.dim(f"{'':30}{'first':>9}{'other':>9}{'less':>9}   95 %")]
        by_name = {one.measure: one for one in found if one.pair == pair}
        for one in (by_name[name] for name in wanted if name in by_name):
            first, other, gap, low, high = (
                shown(one.measure, value) for value in (one.of_first, one.of_other, one.difference, one.low, one.high)
            )
            verdict = ink.bold(one.verdict) if one.verdict in ("better", "worse") else ink.dim(one.verdict)
            lines.append(f"{one.measure:30}{first:>9}{other:>9}{gap:>9}   {f'[{low}, {high}]':20} {verdict}")
    measured = len({one.measure for one in found})
    legend = [f"{name}: {words}" for name, words in zip(wanted, meanings(wanted), strict=True)]
    legend.append(
        f"A verdict: the interval, made wider for the {measured} measures that are compared, has no zero in it."
    )
    if more := measured - len(wanted):
        legend.append(f"{more} more measures show no difference; --all has them.")
    return "\n".join([*lines, "", *(ink.dim(folded(line, sys.stdout, indent=4)) for line in legend)])


COMMAND = Command(EXAMPLES, _arguments, _run)
