"""Which lines of what was found are shown: those that bring most for their length, until the budget or the use ends.

Finds are cut into pieces of a few lines. A piece is worth the chances of the names in it that neither the windows nor a
chosen piece shows; the piece with most worth for its length is taken first. So nothing is shown twice, and what says
nothing new is left out of the middle of a find. All that surrounds a piece counts as its length: the path above the first
piece of a file, and the mark where lines are left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from context.around import names_in
from context.budget import Budget
from context.found import Found

LONGEST_LINE = 200
"""Characters of a line beyond which it is data, not code to read."""

LEAST = 0.00001
"""Worth for each character below which a piece is not shown: what helps nobody only costs time."""

UNLIKELY = 0.0004
"""The chance below which a name is not counted."""

MISFITS = 40
"""Pieces that do not fit any more after which no smaller one is looked for."""

GAP = "...\n"
"""Stands for lines that are left out between two pieces of one file."""

HEADER = 12
"""Characters of a prompt around the path of each file, whatever the form."""


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


@dataclass(slots=True)
class Packed:
    """The pieces of one file that are shown, in order of place."""

    place: str
    found: Found
    pieces: list[Piece] = field(default_factory=list)
    _borders: set[int] = field(default_factory=set)

    @property
    def worth(self) -> float:
        return sum(piece.worth for piece in self.pieces)

    @property
    def text(self) -> str:
        """The pieces with a mark where lines are left out."""
        parts: list[str] = []
        end = shown = self.pieces[0].first
        for piece in self.pieces:
            if piece.first > end:
                parts.append(GAP)
            elif parts and piece.first > shown:
                parts.append("\n")
            parts.append(piece.text)
            end, shown = piece.end, piece.first + piece.text.count("\n")
        return "".join(parts)

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        self._borders.add(piece.first)
        self._borders.add(piece.end)

    def touches(self, piece: Piece) -> bool:
        """Whether no line lies between the piece and one that is shown."""
        return piece.first in self._borders or piece.end in self._borders


def pack(
    found: Sequence[Found],
    chances: Mapping[str, float],
    budget: Budget,
    name: Callable[[Found], str],
) -> tuple[list[Packed], list[Piece]]:
    """The files to show, the most worth last, and all pieces with what became of them. `name` is what stands above a file."""
    pieces = _pieces(found, chances)
    waiting: list[tuple[float, int]] = []
    by_place: dict[str, list[int]] = {}
    for number, piece in enumerate(pieces):
        piece.worth = sum(map(chances.__getitem__, piece.names))
        rate = piece.worth / len(piece.text)
        if rate < LEAST:
            piece.reason = "hardly related"
        else:
            waiting.append((-rate, number))
            by_place.setdefault(piece.place, []).append(number)
    heapq.heapify(waiting)
    shown: dict[str, Packed] = {}
    covered: set[str] = set()
    judged: set[int] = set()
    room = budget.excerpt_chars
    misfits = 0
    while waiting and misfits < MISFITS:
        was, number = heapq.heappop(waiting)
        if number in judged:
            continue
        piece = pieces[number]
        place = piece.place
        packed = shown.get(place)
        cost = len(piece.text)
        if packed is None:
            cost += len(name(piece.found)) + HEADER
        else:
            cost += 1 if packed.touches(piece) else len(GAP)
        piece.worth = sum(map(chances.__getitem__, piece.names - covered))
        rate = piece.worth / cost
        if waiting and -rate > waiting[0][0] and rate < -was * 0.999:
            heapq.heappush(waiting, (-rate, number))
            continue
        judged.add(number)
        if rate < LEAST:
            piece.reason = "says nothing new"
        elif cost > room:
            piece.reason = "over the budget"
            misfits += 1
        else:
            room -= cost
            covered |= piece.names
            if packed is None:
                packed = shown[place] = Packed(place, piece.found)
                # The others of this file need no path any more: what they were judged at is too little.
                for other in by_place[place]:
                    if other not in judged:
                        heapq.heappush(waiting, (-pieces[other].worth / len(pieces[other].text), other))
            packed.add(piece)
    for _, number in waiting:
        if number not in judged:
            pieces[number].reason = "over the budget"
    for packed in shown.values():
        packed.pieces.sort(key=lambda piece: piece.first)
    return sorted(shown.values(), key=lambda packed: (packed.worth, packed.place)), pieces


def _pieces(found: Sequence[Found], chances: Mapping[str, float]) -> list[Piece]:
    """All finds in pieces; a line that two finds hold is in the first one's only."""
    pieces: list[Piece] = []
    known = {name for name, chance in chances.items() if chance >= UNLIKELY}
    taken: dict[str, set[int]] = {}
    for one in found:
        place = one.shown_as
        rows = taken.setdefault(place, set())
        for first, end, text, names in _cut(one.text, one.lines):
            useful = names & known
            if useful:
                lines = range(one.first + first, one.first + end)
                if rows.isdisjoint(lines):
                    rows.update(lines)
                    pieces.append(Piece(one, place, lines.start, lines.stop, text, useful))
    return pieces


@lru_cache(maxsize=2_000)
def _cut(text: str, most: int) -> tuple[tuple[int, int, str, frozenset[str]], ...]:
    """Pieces of at most `most` lines without blank ones: (first, end, text, names). Kept, as finds come back line by line."""
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
        lines = rows[first:row]
        while row < len(rows) and not rows[row].strip():
            row += 1
        if max(map(len, lines)) <= LONGEST_LINE:
            piece = "\n".join(lines) + "\n"
            pieces.append((first, row, piece, names_in(piece)))
    return tuple(pieces)
