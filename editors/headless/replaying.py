"""`infill bench replay`: how good completion would have been on a repository's own history."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from editors.headless.command import Command
from editors.headless.exits import Exit, Stop
from editors.headless.terminal import Ink

if TYPE_CHECKING:
    from editors.headless.replay import Answerer, PointResult, TypingResult

EXAMPLES = """\
  infill bench replay .                          300 added lines of the newest commits, replayed
  infill bench replay . --backend word           the same, by plain word completion
  infill bench replay ../app --lines 100 --json  one line of JSON for each question, and the summary last
"""


def _workspace(without: frozenset[str]) -> Answerer:
    from backends.workspace.backend import WorkspaceInfiller
    from context.clock import MonotonicClock
    from context.privacy import Gate
    from editors.headless.replay import Backend

    return Backend(WorkspaceInfiller([], Gate(), None, MonotonicClock(), without=without), Gate())


def _nothing(without: frozenset[str]) -> Answerer:
    from editors.headless.baselines import Nothing

    return Nothing()


def _word(without: frozenset[str]) -> Answerer:
    from editors.headless.baselines import WordCompletion

    return WordCompletion()


def _copy(without: frozenset[str]) -> Answerer:
    from editors.headless.baselines import LongestCopy

    return LongestCopy()


ANSWERERS: Mapping[str, Callable[[frozenset[str]], Answerer]] = {
    "workspace": _workspace,
    "nothing": _nothing,
    "word": _word,
    "copy": _copy,
}
SCOPES = ("fresh", "file", "near", "repository", "shape", "judge", "offers")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("repository", type=Path, help="a git repository, or its git directory")
    parser.add_argument("--backend", choices=tuple(ANSWERERS), default="workspace", help="who answers")
    parser.add_argument("--lines", type=int, default=300, metavar="N", help="lines drawn (default 300)")
    parser.add_argument(
        "--commits", type=int, default=400, metavar="N", help="newest commits to draw from (default 400)"
    )
    parser.add_argument("--start", default="HEAD", metavar="REV", help="the commit to look back from (default HEAD)")
    parser.add_argument(
        "--floor", type=float, metavar="0..1", help="confidence for automatic offers (default: eagerness normal)"
    )
    parser.add_argument(
        "--without", nargs="*", choices=SCOPES, default=(), help="what the workspace model must do without"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--json", action="store_true", help="print JSON Lines")


def _run(arguments: argparse.Namespace) -> int:
    from editors.headless.history import NoHistory
    from lsp_server.eagerness import DIALS, Eagerness

    if arguments.floor is None:
        arguments.floor = DIALS[Eagerness.NORMAL].floor
    try:
        results = asyncio.run(_replay(arguments))
    except NoHistory as error:
        raise Stop(Exit.USAGE, f"{error} `infill bench` asks about the commits of a git repository.") from error
    if not results:
        raise Stop(Exit.NOTHING, "No commit added a line of code that is worth asking about.")
    summary = _summary(results)
    if arguments.json:
        print(json.dumps({"summary": summary, "settings": _settings(arguments)}))
    else:
        print(_table(summary))
    return Exit.DONE


async def _replay(arguments: argparse.Namespace) -> list[PointResult | TypingResult]:
    from context.clock import MonotonicClock
    from editors.headless.replay import as_row, replay

    answerer = ANSWERERS[arguments.backend](frozenset(arguments.without))
    results: list[PointResult | TypingResult] = []
    lines = 0
    async for result in replay(
        arguments.repository,
        answerer,
        MonotonicClock(),
        lines=arguments.lines,
        commits=arguments.commits,
        seed=arguments.seed,
        floor=arguments.floor,
        start=arguments.start,
    ):
        results.append(result)
        row = as_row(result)
        if arguments.json:
            print(json.dumps(row))
        if row["mode"] == "typing" and sys.stderr.isatty():
            lines += 1
            print(f"\r{lines}/{arguments.lines} lines", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    return results


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    kept = ("backend", "lines", "commits", "start", "floor", "seed")
    return {name: getattr(arguments, name) for name in kept} | {"without": sorted(arguments.without)}


def _summary(results: list[PointResult | TypingResult]) -> Mapping[str, object]:
    from editors.headless.summary import summary

    return summary(results)


def _table(found: Mapping[str, object]) -> str:
    ink = Ink(sys.stdout)
    lines = []
    for name, value in found.items():
        if isinstance(value, list):
            middle, low, high = value
            lines.append(f"{name:44} {middle:7.2f}  {ink.dim(f'[{low:.2f}, {high:.2f}]')}")
        else:
            lines.append(f"{name:44} {value:7}" if isinstance(value, int) else f"{name:44} {value:7.2f}")
    return "\n".join(lines)


COMMAND = Command(EXAMPLES, _arguments, _run)
