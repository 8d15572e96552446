"""Other open files: the stretches of each that share most names with the cursor's surroundings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from context.around import Around, names_in
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

NAME = "open file"
LINES = 20
MOST_FILES = 10
MOST_STRETCHES = 24
LARGEST = 100_000


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """The best stretches over all files; a file used more recently counts a little more."""
    stretches: list[Found] = []
    others = [other for other in desk.open_files if other.uri != cursor.snapshot.uri and len(other.text) <= LARGEST]
    for position, other in enumerate(others[:MOST_FILES]):
        for first, text in _stretches(other.text):
            if score := likeness(text, around, position):
                stretches.append(Found(NAME, other.path, other.uri.rpartition("/")[2], first, text, score))
    stretches.sort(key=lambda stretch: -stretch.score)
    return stretches[:MOST_STRETCHES]


@lru_cache(maxsize=16)
def _stretches(text: str) -> tuple[tuple[int, str], ...]:
    """The text in stretches, each with the number of its first line; kept for the files that are open."""
    lines = text.splitlines(keepends=True)
    return tuple((first, "".join(lines[first : first + LINES])) for first in range(0, len(lines), LINES))


def likeness(text: str, around: Around, position: int) -> float:
    """How many of its names a stretch shares with the cursor's surroundings, those near it thrice; less for each file before
    its own."""
    there = names_in(text)
    shared = len(around.visible & there) + 3 * len(around.near_names & there)
    return shared / (len(there) + 10) / (1 + position / 10)
