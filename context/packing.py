"""Which lines of what was found are shown: those that bring most for their tokens, until the budget or the use ends.

Finds are cut into pieces of a few lines. A piece is worth the chances of the names in it that neither the windows nor a
chosen piece shows; the piece with most worth for its tokens is taken first. So nothing is shown twice, and what says
nothing new is left out of the middle of a find.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from context.around import names_in
from context.budget import Budget
from context.found import Found

LONGEST_LINE = 200
"""Characters of a line beyond which it is data, not code to read."""

LEAST = 0.00003
"""Worth for each token below which a piece is not shown: what helps nobody only costs time."""

UNLIKELY = 0.0004
"""The chance below which a name is not counted."""

LONGEST_PATH = 80
"""Characters of a path that are counted: what is shown is the part below the workspace."""

GAP = "..."
"""Stands for lines that are left out between two pieces of one file."""


@dataclass(slots=True)
class Piece:
    """Some lines of a find. `worth` is what it brought when it was judged last; `reason` says why it is not shown."""

    found: Found
    first: int
    text: str
    names: frozenset[str]
    tokens: int
    worth: float = 0.0
    reason: str = ""


@dataclass(slots=True)
class Packed:
    """The pieces of one file that are shown, in order of place."""

    place: str
    found: Found
    pieces: list[Piece] = field(default_factory=list)

    @property
    def worth(self) -> float:
        return sum(piece.worth for piece in self.pieces)

    @property
    def text(self) -> str:
        """The pieces with a mark where lines are left out."""
        parts: list[str] = []
        end = self.pieces[0].first
        for piece in self.pieces:
            if piece.first > end:
                indent = piece.text[: len(piece.text) - len(piece.text.lstrip())]
                parts.append(f"{indent}{GAP}\n")
            parts.append(piece.text)
            end = piece.first + piece.text.count("\n")
        return "".join(parts)


def pack(found: Sequence[Found], chances: Mapping[str, float], budget: Budget) -> tuple[list[Packed], list[Piece]]:
    """The files to show, the most worth last, and all pieces with what became of them."""
    pieces = _pieces(found, chances, budget)
    waiting: list[tuple[float, int]] = []
    for number, piece in enumerate(pieces):
        piece.worth = chances_of(piece, chances)
        if piece.worth / piece.tokens < LEAST:
            piece.reason = "hardly related"
        else:
            waiting.append((-piece.worth / piece.tokens, number))
    heapq.heapify(waiting)
    shown: dict[str, Packed] = {}
    covered: set[str] = set()
    room = budget.excerpt_tokens
    while waiting:
        was, number = heapq.heappop(waiting)
        piece = pieces[number]
        place = piece.found.shown_as
        cost = piece.tokens + (0 if place in shown else budget.count(place[-LONGEST_PATH:]) + 4)
        piece.worth = sum(map(chances.__getitem__, piece.names - covered))
        rate = piece.worth / cost
        if waiting and -rate > waiting[0][0] and rate < -was * 0.999:
            heapq.heappush(waiting, (-rate, number))
        elif rate < LEAST:
            piece.reason = "says nothing new"
        elif cost > room:
            piece.reason = "over the budget"
        else:
            room -= cost
            covered |= piece.names
            shown.setdefault(place, Packed(place, piece.found)).pieces.append(piece)
    for packed in shown.values():
        packed.pieces.sort(key=lambda piece: piece.first)
    return sorted(shown.values(), key=lambda packed: (packed.worth, packed.place)), pieces


def chances_of(piece: Piece, chances: Mapping[str, float]) -> float:
    """What the piece would be worth alone."""
    return sum(map(chances.__getitem__, piece.names))


def _pieces(found: Sequence[Found], chances: Mapping[str, float], budget: Budget) -> list[Piece]:
    """All finds in pieces; a line that two finds hold is in the first one's only."""
    pieces: list[Piece] = []
    known = {name for name, chance in chances.items() if chance >= UNLIKELY}
    taken: dict[str, set[int]] = {}
    for one in found:
        rows = taken.setdefault(one.shown_as, set())
        for row, text, names, height in _cut(one.text, one.lines):
            lines = range(one.first + row, one.first + row + height)
            if rows.isdisjoint(lines):
                rows.update(lines)
                useful = names & known
                if useful:
                    mark = len(text) - len(text.lstrip()) + len(GAP) + 1
                    pieces.append(Piece(one, lines.start, text, useful, budget.count(text) + budget.count(" " * mark)))
    return pieces


@lru_cache(maxsize=2_000)
def _cut(text: str, most: int) -> tuple[tuple[int, str, frozenset[str], int], ...]:
    """Pieces of at most `most` lines without blank ones: (row, text, names, lines). Kept, as finds come back line by line."""
    rows = text.split("\n")
    pieces: list[tuple[int, str, frozenset[str], int]] = []
    row = 0
    while row < len(rows):
        if not rows[row].strip():
            row += 1
            continue
        end = row + 1
        while end < len(rows) and end - row < most and rows[end].strip():
            end += 1
        if max(map(len, rows[row:end])) <= LONGEST_LINE:
            piece = "\n".join(rows[row:end]) + "\n"
            pieces.append((row, piece, names_in(piece), end - row))
        row = end
    return tuple(pieces)
