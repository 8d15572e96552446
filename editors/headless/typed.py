"""`infill bench context --typing`: how much of the prompt stays an unchanged beginning from key to key, and what a key costs.

Blocks of code that commits added are typed letter by letter, Enter included, where they were written; everything else is the
tree before the commit. A provider's prompt cache, and a host's, reads again only what comes after the first difference,
so the prompt is laid out as the model gets it: Codestral's has the suffix first, then other files, then the prefix.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

from backends.templates import TEMPLATES
from context.budget import Budget
from context.desk import Desk
from context.gather import gather
from context.snapshot import Cursor
from editors.headless.context import Workspace
from editors.headless.history import History
from editors.headless.holes import BLOCK, Hole, holes

_KEYS = re.compile(r"\n[ \t]*|.", re.S)
"""What one key writes: Enter brings the indentation with it, as editors do."""

GOAL = 0.9


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a session. `kept` is the share of the prompt that is the beginning of the one before; `seconds` are of CPU."""

    path: str
    language: str
    enter: bool
    kept: float
    characters: int
    seconds: float


def sessions(
    repository: Path, *, files: int, seed: int, commits: int, tokens: int, start: str, template: str
) -> Iterator[Key]:
    """Every key of one session in each of `files` files."""
    history = History(repository)
    try:
        drawn: dict[str, Hole] = {}
        for hole in holes(history, count=4 * files, seed=seed, commits=commits, start=start):
            if hole.kind == BLOCK and len(drawn) < files:
                drawn.setdefault(hole.path, hole)
        with Workspace(history) as workspace:
            for hole in drawn.values():
                workspace.enter(hole.commit)
                yield from typed(workspace.cursor(hole), hole.truth, workspace.desk(hole), Budget(tokens), template)
    finally:
        history.close()


def typed(cursor: Cursor, text: str, desk: Desk, budget: Budget, template: str) -> Iterator[Key]:
    """The keys of one session: `text` written at the cursor. Nothing is measured at the place where it begins."""
    snapshot, offset = cursor.snapshot, cursor.offset
    others = desk.open_files[1:]
    before = ""
    for number, key in enumerate(["", *_KEYS.findall(text), "\n"]):
        whole = snapshot.text[:offset] + key + snapshot.text[offset:]
        snapshot, offset = replace(snapshot, text=whole, version=snapshot.version + 1), offset + len(key)
        desk = replace(desk, open_files=(snapshot, *others))
        began = process_time()
        desk.edits.see(snapshot)
        context = asyncio.run(gather(Cursor(snapshot, offset), desk, budget, float("inf")))
        seconds = process_time() - began
        prompt = TEMPLATES[template].prompt(context)
        if number:
            kept = _alike(before, prompt) / max(len(prompt), 1)
            path = desk.gate.relative(snapshot.path)
            yield Key(path, snapshot.language, "\n" in key, kept, len(prompt), seconds)
        before = prompt


def summary(keys: Sequence[Key]) -> list[dict[str, object]]:
    """A row for each file, and for all: shares kept within lines and at their ends, and processor time."""
    rows = [_row(path, [key for key in keys if key.path == path]) for path in dict.fromkeys(key.path for key in keys)]
    return [*rows, _row("all", list(keys))] if rows else []


def _row(name: str, keys: list[Key]) -> dict[str, object]:
    enters = [key for key in keys if key.enter]
    inside = [key for key in keys if not key.enter]
    times = sorted(1000 * key.seconds for key in keys)
    characters = sum(key.characters for key in keys)
    return {
        "file": name,
        "keys": len(keys),
        "characters": characters / max(len(keys), 1),
        "kept": sum(key.kept * key.characters for key in keys) / max(characters, 1),
        "within lines": _mean(inside),
        "at line ends": _mean(enters),
        "keys at the goal": sum(key.kept >= GOAL for key in keys) / max(len(keys), 1),
        "cpu ms p50": times[len(times) // 2],
        "cpu ms p99": times[min(len(times) - 1, int(len(times) * 0.99))],
        "cpu ms at line ends": sorted(1000 * key.seconds for key in enters)[len(enters) // 2] if enters else 0.0,
    }


def _mean(keys: Sequence[Key]) -> float:
    return sum(key.kept for key in keys) / max(len(keys), 1)


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low
