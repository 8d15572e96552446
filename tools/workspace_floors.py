"""What floors of confidence would do, on the repositories that the workspace model is trained on:

    python tools/workspace_floors.py HISTORIES --rows build/rows

after `tools/train_workspace.py`. Each repository is judged by tables of the other half, which have not seen it; lines are those
of `tools/workspace_past.py`, the first of each commit. The floors of `lsp_server/eagerness.py` follow by this rule, made
before the figures were seen: the lowest at which

    high     two of three suggestions shown in typing are right
    normal   four of five are, and at most 0.45 are wrong per line
    low      nine of ten offers at a place are right (it is higher: see docs/log.md)
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from backends.workspace.choose import Judges, unasked
from backends.workspace.library import Library, Place
from backends.workspace.sureness import Sureness
from backends.workspace.trees import read_trees
from backends.workspace.whole_lines import LineJudge
from editors.headless.past import AddedLine, points
from editors.headless.replay import PointResult, TypingResult, at_point, typed_out
from editors.headless.summary import Figure, summary
from tools.workspace_past import GUESSED, HALVES, file_name, other, written
from tools.workspace_rows import Now

FLOORS = (0.55, 0.6, 0.65, 0.7, 0.74, 0.76, 0.78, 0.8, 0.85, 0.9)
EVERY = 4
"""Of the lines drawn from a repository every so many are asked about."""

SHOWN = (
    *("automatic: places where something is shown", "automatic: shown and right"),
    "automatic: expected calibration error",
    *("typing: characters completed", "typing: shown and right", "typing: wrong per line (number)"),
)

Result = PointResult | TypingResult


class HeldOut:
    """The workspace model with tables of a half that has not seen what it is asked about."""

    knows_workspace = False

    def __init__(self, library: Library, judges: Judges) -> None:
        self._library, self._judges = library, judges

    def enter(self, index: object) -> None:
        pass

    def write(self, path: str, language: str, text: str) -> None:
        pass

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        """Nothing by hand: floors are for what nobody asked for."""
        cursor = self._library.at(Place(path, language, before, after)) if floor > 0.0 else None
        guess = await unasked(cursor, floor, self._judges, Now()) if cursor is not None else None
        return (guess.text, guess.chance) if guess is not None else ("", 0.0)


def judges_of(folder: Path) -> Judges:
    lines = (folder / "lines.npz").read_bytes()
    rough = np.load(folder / "lines.npz")["rough"].astype(np.float32)
    sure = tuple(Sureness(float(slope), float(shift)) for slope, shift in np.load(folder / "sureness.npy"))
    return Judges(None, LineJudge(rough, read_trees(lines)), sure)


def ask(histories: Path, folder: Path, half: str, name: str) -> list[tuple[float, Result]]:
    tables = folder / other(half)
    judges = judges_of(tables)
    judge = read_trees((tables / "judge.npz").read_bytes())
    found: list[tuple[float, Result]] = []
    lines = written(histories, folder / "trees" / file_name(name), name, HALVES[half][name], judge, GUESSED)
    for number, (library, line) in enumerate(lines):
        if number % EVERY == 0:
            found += asyncio.run(_at_every_floor(HeldOut(library, judges), line, number))
    return found


async def _at_every_floor(model: HeldOut, line: AddedLine, seed: int) -> list[tuple[float, Result]]:
    before, after = line.around()
    found: list[tuple[float, Result]] = []
    for floor in FLOORS:
        for point in points(line, random.Random(seed)):
            found.append((floor, await at_point(point, before, after, model, Now(), floor)))
        found.append((floor, await typed_out(line, before, after, model, Now(), floor)))
    return found


def rows_of(results: list[tuple[float, Result]]) -> Iterator[str]:
    by_floor: defaultdict[float, list[Result]] = defaultdict(list)
    for floor, result in results:
        by_floor[floor].append(result)
    yield "| floor | " + " | ".join(SHOWN) + " |"
    yield "| --- " * (len(SHOWN) + 1) + "|"
    for floor, some in sorted(by_floor.items()):
        figures = summary(some)
        yield f"| {floor:.2f} | " + " | ".join(_number(name, figures[name]) for name in SHOWN) + " |"


def _number(name: str, figure: Figure) -> str:
    value = figure[0] if isinstance(figure, list) else figure
    return f"{value:.2f}" if "number" in name else f"{value:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("histories", type=Path)
    parser.add_argument("--rows", type=Path, default=Path("build/rows"), help="as for tools/train_workspace.py")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--each", action="store_true", help="a table for each repository too")
    arguments = parser.parse_args()
    named = [(half, name) for half, names in HALVES.items() for name in names]
    everything: list[tuple[float, Result]] = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        answers = pool.map(partial(ask, arguments.histories, arguments.rows), *zip(*named, strict=True))
        for (_, name), results in zip(named, answers, strict=True):
            everything += results
            if arguments.each:
                print(f"\n{name}\n", *rows_of(results), sep="\n", flush=True)
    print(f"\n{len(named)} repositories\n", *rows_of(everything), sep="\n")


if __name__ == "__main__":
    main()
