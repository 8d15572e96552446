"""Where a demonstration types: a file of a project, and a passage of it that is taken out and written again.

The passage is one that resembles the rest of its file, as most of what people type does; the demo says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from context.snapshot import Snapshot
from editors.headless.exits import Stop
from editors.headless.place import line_spans, open_snapshot

LONGEST, SHORTEST = 600, 240  # characters to type
WIDEST = 90  # characters in a line; a wider one would be cropped on many terminals
NO_CODE = ("markdown", "json", "jsonc", "yaml", "toml", "html", "css")
MOST_FILES = 30  # of a folder, the newest first
FILE_BYTES = range(1_500, 120_000)


@dataclass(frozen=True, slots=True)
class Passage:
    """The text from `start` to `end` of the snapshot, whole lines; `likeness` in 0..1 of its word sequences occur elsewhere.

    `fits`: whether it is long enough to show something, and whether it is narrow enough for most terminals.
    """

    snapshot: Snapshot
    start: int
    end: int
    likeness: float
    fits: tuple[bool, bool]

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.snapshot.path.name if self.snapshot.path else self.snapshot.uri

    @property
    def text(self) -> str:
        return self.snapshot.text[self.start : self.end]


def choose(path: Path) -> Passage | None:
    """The most telling passage of a file, or of a folder's; None where there is none. Raises `Stop` for a file that cannot be
    read."""
    found = (passage for file in files_of(path) for passage in _passages(file, alone=not path.is_dir()))
    return max(found, key=lambda passage: (passage.fits, passage.likeness), default=None)


def files_of(path: Path) -> list[Path]:
    """The file itself, or the newest files of program text in a folder, as far as a model may see them. Documents and data
    only where there is no code: a changelog resembles itself more than any code does."""
    from context.grammars import language_of
    from context.privacy import Gate
    from context.walker import walk

    if not path.is_dir():
        return [path]
    found = [file for file in walk(path, Gate([path])) if file.size in FILE_BYTES and language_of(file.path)]
    code = [file for file in found if language_of(file.path) not in NO_CODE]
    newest = sorted(code or found, key=lambda file: file.mtime_ns, reverse=True)
    return [file.path for file in newest[:MOST_FILES]]


def _passages(file: Path, *, alone: bool) -> Iterator[Passage]:
    try:
        snapshot = open_snapshot(file)
    except Stop:
        if alone:
            raise
        return
    text, lines = snapshot.text, line_spans(snapshot.text)
    everywhere = Counter(_sequences(text))
    blank = [start == end or text[start:end].isspace() for start, end in lines]
    for first in range(len(lines) // 4, len(lines)):
        if blank[first] or (first and not blank[first - 1]):
            continue
        last = _last(lines, blank, first)
        start, end = lines[first][0], lines[last][1]
        widest = max(stop - begin for begin, stop in lines[first : last + 1])
        if start < end <= start + LONGEST:
            fits = (end - start >= SHORTEST, widest <= WIDEST)
            own = Counter(_sequences(text[start:end]))
            elsewhere = sum(count for words, count in own.items() if everywhere[words] > count)
            yield Passage(snapshot, start, end, elsewhere / max(1, own.total()), fits)


def _last(lines: list[tuple[int, int]], blank: list[bool], first: int) -> int:
    """The last line of as many whole paragraphs as fit."""
    best = first
    for line in range(first, len(lines)):
        if lines[line][1] - lines[first][0] > LONGEST:
            break
        if not blank[line] and (line + 1 == len(lines) or blank[line + 1]):
            best = line
    return best


def _sequences(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+|[^\w\s]", text)
    return list(zip(words, words[1:], words[2:], strict=False))
