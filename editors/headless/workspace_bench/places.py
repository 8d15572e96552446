"""Where the bench asks: in drawn files, at the start of a line, between two words of one, and within a word."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from backends.workspace.backend import index_file
from backends.workspace.index import load
from backends.workspace.learnable import language_to_learn
from context.walker import read

KINDS = ("start of a line", "between words", "within a word")
LONG_ENOUGH, LINES = 8, 20
"""Characters of a line, and such lines of a file, that are worth asking about."""
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Place:
    """The rest of a line is to be written: `before` and `after` are the file around it, `line` is the whole line."""

    kind: str
    before: str
    line: str
    column: int
    after: str

    @property
    def prefix(self) -> str:
        return self.before + self.line[: self.column]


@dataclass(frozen=True, slots=True)
class File:
    path: str
    language: str
    text: str
    places: tuple[Place, ...]


def draw(folder: Path, store: Path, files: int, seed: int) -> list[File]:
    """Files of the index, and a place of each kind in each."""
    chance = random.Random(seed)
    paths = load(index_file(store, [folder])).paths
    found: list[File] = []
    for path in chance.sample(paths, len(paths)):
        text = read(folder / path)
        lines = (text or "").split("\n")
        worth = [number for number, line in enumerate(lines) if len(line.strip()) > LONG_ENOUGH]
        if text is None or len(worth) < LINES:
            continue
        places = tuple(_place(kind, lines, chance.choice(worth), chance) for kind in KINDS)
        found.append(File(path, language_to_learn(folder / path) or "", text, places))
        if len(found) == files:
            break
    return found


def _place(kind: str, lines: list[str], number: int, chance: random.Random) -> Place:
    line = lines[number].rstrip("\r")
    indent = len(line) - len(line.lstrip())
    words = [match.start() for match in _WORD.finditer(line) if match.start() > indent] or [indent]
    column = indent if kind == KINDS[0] else chance.choice(words) + (2 if kind == KINDS[2] else 0)
    before = "".join(f"{above}\n" for above in lines[:number])
    after = "".join(f"\n{below}" for below in lines[number + 1 :])
    return Place(kind, before, line, column, after)
