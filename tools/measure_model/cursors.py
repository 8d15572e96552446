"""Cursors inside words of real code, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from context.grammars import language_of
from context.privacy import Gate
from context.walker import read, walk

LANGUAGES = ("python", "go", "javascript", "typescript", "rust", "java", "c", "cpp", "ruby")
SHORTEST = 3000
"""Characters of a file that is worth a cursor."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """`above` is the text before the line, `typed` and `rest` are the two halves of the line, `below` follows it."""

    project: str
    above: str
    typed: str
    rest: str
    below: str

    @property
    def before(self) -> str:
        return self.above + self.typed


def drawn(projects: Sequence[Path], count: int, above: int, seed: int) -> list[Cursor]:
    """`count` of each project, no two in one line: the cursor has a letter, digit or underscore on both sides."""
    chance = random.Random(seed)
    found: list[Cursor] = []
    for project in projects:
        gate = Gate((project,))
        paths = [file.path for file in walk(project, gate) if language_of(str(file.path)) in LANGUAGES]
        texts = [text for path in sorted(paths) if (text := read(path)) is not None and len(text) >= SHORTEST]
        seen: set[tuple[str, str]] = set()
        while len(seen) < count:
            text = chance.choice(texts)
            start = text.find("\n", chance.randrange(len(text) // 4, len(text) - 200)) + 1
            line = text[start : text.find("\n", start)]
            inside = [at for at in range(1, len(line)) if _is_word(line[at - 1]) and _is_word(line[at])]
            if not inside or not line.isascii() or len(line) > 120 or (text, line) in seen:
                continue
            seen.add((text, line))
            at = chance.choice(inside)
            end = start + len(line)
            begin = text.find("\n", max(0, start - above)) + 1 if start > above else 0
            found.append(Cursor(project.name, text[begin:start], line[:at], line[at:], text[end : end + above // 3]))
    return found


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
