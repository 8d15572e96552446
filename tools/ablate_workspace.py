"""What each part of the workspace model is worth: the same cursors, asked of the model without it, and of the baselines.

    python tools/ablate_workspace.py OUT REPOSITORY REPOSITORY … --lines 60

OUT/PART.jsonl has a line for each cursor, as `infill bench replay --direct --json` prints them; `tools/pool_replays.py` makes a
table of them. One index for each commit serves all parts, and only the whole model and the baselines type: so a part costs
seconds instead of minutes. Parts are left out without training anew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import Mapping
from pathlib import Path

from backends.workspace.backend import WorkspaceInfiller
from context.clock import MonotonicClock
from context.privacy import Gate
from editors.headless.baselines import LongestCopy, Nothing, WordCompletion
from editors.headless.history import History
from editors.headless.past import AddedLine, Past, points
from editors.headless.replay import Answerer, Backend, as_row, at_point, drawn, typed_out
from lsp_server.eagerness import DIALS, Eagerness

WITHOUT: Mapping[str, tuple[str, ...]] = {
    "full": (),
    "without fresh": ("fresh",),
    "without near": ("near",),
    "without repository": ("repository",),
    "without shape": ("shape",),
    "without shape of lines": ("line",),
    "without series": ("series",),
    "file only": ("near", "repository"),
    "without file": ("fresh", "file"),
    "without judge": ("judge", "lines"),
    "without lines": ("lines",),
    "without offers": ("offers",),
}

TYPED = (1, 3, 4, 5, 6)
"""Characters after which word completion speaks: the fewer, the more it writes and the more of it is wrong."""


def answerers() -> dict[str, Answerer]:
    found: dict[str, Answerer] = {"nothing": Nothing(), "copy": LongestCopy()}
    found |= {f"word from {typed}": WordCompletion(typed) for typed in TYPED}
    for name, without in WITHOUT.items():
        infiller = WorkspaceInfiller([], Gate(), None, MonotonicClock(), without=frozenset(without))
        found[name] = Backend(infiller, Gate())
    return found


async def ask(repository: Path, out: Path, lines: int, commits: int, seed: int) -> None:
    history = History(repository)
    past, chance, floor = Past(history), random.Random(seed), DIALS[Eagerness.NORMAL].floor
    parts = answerers()
    for commit, added in drawn(history, lines, commits, seed):
        index = past.index(commit.parent)
        for part in parts.values():
            part.enter(index)
        previous: AddedLine | None = None
        for line in added:
            texts = list(line.so_far(previous))
            previous = line
            before, after = line.around()
            cursors = points(line, chance)
            for name, part in parts.items():
                for text in texts:
                    part.write(line.path, line.language, text)
                with (out / f"{name.replace(' ', '-')}.jsonl").open("a") as file:
                    for point in cursors:
                        found = await at_point(point, before, after, part, MonotonicClock(), floor)
                        file.write(json.dumps(as_row(found)) + "\n")
                    if name == "full" or not part.knows_workspace:
                        typed = await typed_out(line, before, after, part, MonotonicClock(), floor)
                        file.write(json.dumps(as_row(typed)) + "\n")
    history.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("repositories", type=Path, nargs="+")
    parser.add_argument("--lines", type=int, default=60, help="of each repository")
    parser.add_argument("--commits", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for repository in arguments.repositories:
        asyncio.run(ask(repository, arguments.out, arguments.lines, arguments.commits, arguments.seed))


if __name__ == "__main__":
    main()
