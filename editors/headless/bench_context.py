"""`infill bench context`: the command and its table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from editors.headless.command import Command
from editors.headless.counts import whole
from editors.headless.exits import Exit, Stop
from editors.headless.terminal import Ink

EXAMPLES = """\
  infill bench context .                          200 lines and 200 blocks of the newest 1,000 commits
  infill bench context ../app --commits 3000      the same from further back
  infill bench context . --tokens 750 --json      with half the room, as one JSON object
  infill bench context . --typing                 how much of the prompt stays the same from key to key, and its cost
"""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("repository", type=Path, help="a git repository, or its git directory")
    parser.add_argument(
        "--lines", type=whole(), default=200, metavar="N", help="lines, and as many blocks (default 200)"
    )
    parser.add_argument(
        "--commits", type=whole(), default=1000, metavar="N", help="newest commits to draw from (default 1000)"
    )
    parser.add_argument("--start", default="HEAD", metavar="REV", help="the commit to look back from (default HEAD)")
    parser.add_argument(
        "--tokens", type=whole(), default=1500, metavar="N", help="what excerpts may take (default 1500)"
    )
    parser.add_argument(
        "--typing", action="store_true", help="type blocks letter by letter instead, one in each of some files"
    )
    parser.add_argument(
        "--files", type=whole(), default=5, metavar="N", help="files typed in, with --typing (default 5)"
    )
    parser.add_argument(
        "--template", default="codestral", metavar="NAME", help="the prompt's form, with --typing (default codestral)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _run(arguments: argparse.Namespace) -> int:
    """Measures every method and prints a row for each kind of hole and method; or types, and prints a row for each file."""
    if arguments.typing:
        return _typing(arguments)
    from editors.headless.context import METHODS, run, summary
    from editors.headless.history import NoHistory
    from editors.headless.runs.progress import Progress

    results = []
    try:
        with Progress("answers", 2 * arguments.lines * len(METHODS)) as progress:
            for result in run(
                arguments.repository,
                count=arguments.lines,
                seed=arguments.seed,
                commits=arguments.commits,
                tokens=arguments.tokens,
                start=arguments.start,
                methods=tuple(METHODS),
            ):
                results.append(result)
                progress.step()
    except NoHistory as error:
        raise Stop(Exit.USAGE, f"{error} Name a repository with history.") from error
    if not results:
        raise Stop(Exit.NOTHING, "No commit added a line of code in a language with a grammar.")
    rows = summary(results)
    if arguments.json:
        kept = ("lines", "commits", "start", "seed", "tokens")
        print(json.dumps({"rows": rows, "settings": {name: getattr(arguments, name) for name in kept}}))
    else:
        print(table(rows))
    return Exit.DONE


PROMPT = 4096
"""Tokens of the whole prompt while typing: the default of the setting `context_tokens`."""


def _typing(arguments: argparse.Namespace) -> int:
    from backends.templates import TEMPLATES
    from editors.headless.history import NoHistory
    from editors.headless.typed import sessions, summary

    if arguments.template not in TEMPLATES:
        raise Stop(Exit.USAGE, f"There is no form of that name; there are {', '.join(TEMPLATES)}.")
    try:
        rows = summary(
            list(
                sessions(
                    arguments.repository,
                    files=arguments.files,
                    seed=arguments.seed,
                    commits=arguments.commits,
                    tokens=PROMPT,
                    start=arguments.start,
                    template=arguments.template,
                )
            )
        )
    except NoHistory as error:
        raise Stop(Exit.USAGE, f"{error} Name a repository with history.") from error
    if not rows:
        raise Stop(Exit.NOTHING, "No commit added a block of code in a language with a grammar.")
    print(json.dumps({"rows": rows}) if arguments.json else typing_table(rows))
    return Exit.DONE


def typing_table(rows: list[dict[str, object]]) -> str:
    """Shares of the prompt that stay an unchanged beginning, in percent, and CPU milliseconds of a key."""
    heads = ("keys", "prompt", "kept %", "in lines", "at ends", "keys >=90", "ms p50", "p99", "at ends")
    lines = [f"{'':44}" + "".join(f"{head:>10}" for head in heads)]
    for row in rows:
        shares = ("kept", "within lines", "at line ends", "keys at the goal")
        costs = ("cpu ms p50", "cpu ms p99", "cpu ms at line ends")
        values = [
            *(f"{row['keys']:10}", f"{float(str(row['characters'])):10.0f}"),
            *(f"{100 * float(str(row[name])):10.1f}" for name in shares),
            *(f"{float(str(row[name])):10.1f}" for name in costs),
        ]
        name = str(row["file"])
        lines.append(f"{name if len(name) < 43 else '…' + name[-41:]:44}" + "".join(values))
    return "\n".join(lines)


def table(rows: list[dict[str, object]]) -> str:
    """Recall in percent with its 95 % interval; tokens and CPU milliseconds for one hole."""
    ink = Ink(sys.stdout)
    lines = [f"{'':34}{'recall %':>9}  {'95 %':13}{'all %':>6}{'tokens':>8}{'ms p50':>8}{'p99':>7}"]
    kind = ""
    for row in rows:
        if row["kind"] != kind:
            kind = str(row["kind"])
            about = f"{kind}s: {row['holes']} holes, {row['needed']} of {row['names']} names needed and not visible"
            lines.append(ink.bold(about))
        low, high = (100 * float(end) for end in row["interval"])  # type: ignore[attr-defined]
        recall, every = 100 * float(str(row["recall"])), 100 * float(str(row["all found"]))
        interval = ink.dim(f"[{low:4.1f}, {high:4.1f}]")
        costs = f"{row['tokens']:8.0f}{row['cpu ms p50']:8.1f}{row['cpu ms p99']:7.1f}"
        lines.append(f"  {row['method']:32}{recall:9.1f}  {interval} {every:6.1f}{costs}")
    return "\n".join(lines)


COMMAND = Command(EXAMPLES, _arguments, _run)
