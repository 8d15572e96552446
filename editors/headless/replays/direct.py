"""The replay without a server: a backend, or a baseline, is asked at its own seam. It is quicker, and knows confidences.

For work on the workspace model: what each of its parts is worth, and how well it knows when it is right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from editors.headless.exits import Exit, Stop
from editors.headless.scratch import Scratch
from editors.headless.terminal import Ink

if TYPE_CHECKING:
    from editors.headless.replay import Answerer, PointResult, TypingResult


def _workspace(without: frozenset[str], store: Path) -> Answerer:
    from backends.workspace.backend import WorkspaceInfiller
    from context.clock import MonotonicClock
    from context.privacy import Gate
    from editors.headless.replay import Backend

    return Backend(WorkspaceInfiller([], Gate(), store, MonotonicClock(), without=without), Gate())


def _nothing() -> Answerer:
    from editors.headless.baselines import Nothing

    return Nothing()


def _word(typed: int) -> Answerer:
    from editors.headless.baselines import WordCompletion

    return WordCompletion(typed)


def _copy() -> Answerer:
    from editors.headless.baselines import LongestCopy

    return LongestCopy()


BASELINES = ("nothing", "word", "copy")
ANSWERERS = ("workspace", *BASELINES)
SCOPES = ("fresh", "file", "near", "repository", "shape", "judge", "offers", "lines")


def run(arguments: argparse.Namespace) -> int:
    from editors.headless.history import NoHistory
    from lsp_server.eagerness import DIALS, Eagerness

    if arguments.backend not in ANSWERERS:
        raise Stop(Exit.USAGE, f"--direct knows {', '.join(ANSWERERS)}. Leave it out for {arguments.backend}.")
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


def _answerer(arguments: argparse.Namespace, store: Path) -> Answerer:
    match arguments.backend:
        case "word":
            return _word(arguments.typed)
        case "copy":
            return _copy()
        case "nothing":
            return _nothing()
    return _workspace(frozenset(arguments.without), store)


async def _replay(arguments: argparse.Namespace) -> list[PointResult | TypingResult]:
    from context.clock import MonotonicClock
    from editors.headless.replay import TypingResult, as_row, replay
    from editors.headless.runs.progress import Progress

    results: list[PointResult | TypingResult] = []
    with Scratch("direct") as store, Progress("lines", arguments.lines) as progress:
        async for result in replay(
            arguments.repository,
            _answerer(arguments, Path(store)),
            MonotonicClock(),
            lines=arguments.lines,
            commits=arguments.commits,
            seed=arguments.seed,
            floor=arguments.floor,
            start=arguments.start,
        ):
            results.append(result)
            if arguments.json:
                print(json.dumps(as_row(result)))
            if isinstance(result, TypingResult):
                progress.step()
    return results


def _settings(arguments: argparse.Namespace) -> dict[str, object]:
    kept = ("backend", "lines", "commits", "start", "floor", "seed", "typed")
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
