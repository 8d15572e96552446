"""Finds cut into pieces, each shown or left out as a whole: a statement, as far as its lines tell by themselves.

Lines that are chosen by ones bring more names than pairs do, and pairs are what reads as code where a bracket stays open.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from context.found import Found
from context.reading import read

LONGEST_LINE = 200
"""Characters of a line beyond which it is data, not code to read."""

GOES_ON = ("(", "[", "{", ",")
"""What ends a line whose statement goes on in the next one, or whose block does."""


@dataclass(slots=True)
class Piece:
    """Lines [first, end) of a find; blank ones that follow belong to it and are not in its text.

    `worth` is what it brought when it was judged last; `reason` says why it is not shown.
    """

    found: Found
    place: str
    first: int
    end: int
    text: str
    names: frozenset[str]
    worth: float = 0.0
    reason: str = ""


def pieces_of(found: Sequence[Found], known: Set[str]) -> list[Piece]:
    """The pieces that hold any of the known names; a line that two finds hold is in the first one's only."""
    pieces: list[Piece] = []
    done: set[tuple[str, int, str]] = set()
    taken: dict[str, set[int]] = {}
    names_known = frozenset(known)
    for one in found:
        place = one.shown_as
        stretch = (place, one.first, one.text)
        if stretch in done:
            continue
        done.add(stretch)
        rows = taken.setdefault(place, set())
        for first, end, text, names in _cut(one.text, one.lines, one.told):
            useful = names & names_known
            if useful:
                lines = range(one.first + first, one.first + end)
                if rows.isdisjoint(lines):
                    rows.update(lines)
                    pieces.append(Piece(one, place, lines.start, lines.stop, text, useful))
    return pieces


@lru_cache(maxsize=2_000)
def _cut(text: str, most: int, told: bool) -> tuple[tuple[int, int, str, frozenset[str]], ...]:
    """Statements of at most `most` lines without blank ones: (first, end, text, names). Kept, as finds come back each line."""
    reading = read(text, told)
    names: list[list[str]] = [[] for _ in range(reading.height)]
    for row, number in zip(reading.rows.tolist(), reading.named.tolist(), strict=True):
        names[row].append(reading.names[number])
    rows = text.removesuffix("\n").split("\n")
    pieces: list[tuple[int, int, str, frozenset[str]]] = []
    row = 0
    while row < len(rows):
        if not rows[row].strip():
            row += 1
            continue
        first = row
        while row < len(rows) and row - first < most and rows[row].strip():
            row += 1
            if not rows[row - 1].rstrip().endswith(GOES_ON):
                break
        end = row
        while row < len(rows) and not rows[row].strip():
            row += 1
        lines = rows[first:end]
        if max(map(len, lines)) <= LONGEST_LINE:
            held = frozenset(chain.from_iterable(names[first:end]))
            pieces.append((first, row, "\n".join(lines) + "\n", held))
    return tuple(pieces)
