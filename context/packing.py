"""Which lines of what was found are shown: those that bring most for their length, until the budget or the use ends.

A piece is worth the chances of the names in it that neither the windows nor a chosen piece shows; the piece with most worth
for its length is taken first. So nothing is shown twice, and what says nothing new is left out of the middle of a find. All
that surrounds a piece counts as its length: the path above the first piece of a file, and the mark where lines are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from context.budget import Budget
from context.found import Found
from context.pieces import Piece, pieces_of
from context.reading import Floats

LEAST = 0.00001
"""Worth for each character below which a piece is not shown: what helps nobody only costs time."""

UNLIKELY = 0.0004
"""The chance below which a name is not counted."""

STEPS = 2**30
"""Chances are counted in whole parts of this many: their sums are then exact, and which of two pieces is better does not hang on
the order in which a set gives its names, which is another one in each process."""

MISFITS = 40
"""Pieces that do not fit any more after which no smaller one is looked for."""

GAP = "...\n"
"""Stands for lines that are left out between two pieces of one file."""

JUDGED = -1e9
"""Stands for the worth of a piece that is shown or left out already."""

HEADER = 12
"""Characters of a prompt around the path of each file, whatever the form."""

BLANK = 1
"""Characters between two pieces of one file with nothing but blank lines between them, at most."""


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
        end = shown = self.pieces[0].first
        for piece in self.pieces:
            if piece.first > end:
                parts.append(GAP)
            elif parts and piece.first > shown:
                parts.append("\n")
            parts.append(piece.text)
            end, shown = piece.end, piece.first + piece.text.count("\n")
        return "".join(parts)


def pack(
    found: Sequence[Found],
    chances: Mapping[str, float],
    budget: Budget,
    name: Callable[[Found], str],
) -> tuple[list[Packed], list[Piece]]:
    """The files to show, the most worth last, and all pieces with what became of them. `name` is what stands above a file."""
    likely = {name: round(chance * STEPS) / STEPS for name, chance in chances.items() if chance >= UNLIKELY}
    pieces = pieces_of(found, likely.keys())
    choice = Choice(pieces, likely, name)
    shown: dict[str, Packed] = {}
    room, misfits = budget.excerpt_chars, 0
    while misfits < MISFITS and (number := choice.best()) is not None:
        piece, cost = pieces[number], choice.cost(number)
        if cost > room:
            choice.leave_out(number, "over the budget")
            misfits += 1
        else:
            room -= cost
            choice.show(number)
            shown.setdefault(piece.place, Packed(piece.place, piece.found)).pieces.append(piece)
    choice.end()
    for packed in shown.values():
        packed.pieces.sort(key=lambda piece: piece.first)
    return sorted(shown.values(), key=lambda packed: (packed.worth, packed.place)), pieces


class Choice:
    """What each piece is worth and what it costs, kept right while pieces are shown. The arrays have an entry for each piece."""

    def __init__(self, pieces: Sequence[Piece], likely: Mapping[str, float], name: Callable[[Found], str]) -> None:
        numbers = {name: number for number, name in enumerate(likely)}
        self._pieces = pieces
        self._chances = list(likely.values())
        self._names = [list(map(numbers.__getitem__, piece.names)) for piece in pieces]
        held = np.array(list(chain.from_iterable(self._names)), dtype=np.intp)
        holders = np.repeat(np.arange(len(pieces)), list(map(len, self._names)))
        # The pieces that hold the first name, then those that hold the second, and so on.
        self._holders = holders[np.argsort(held, kind="stable")]
        self._borders = np.concatenate(([0], np.cumsum(np.bincount(held, minlength=len(likely))))).tolist()
        self._covered: set[int] = set()
        of_place: dict[str, list[int]] = {}
        self._beginning: dict[tuple[str, int], int] = {}
        self._ending: dict[tuple[str, int], int] = {}
        for number, piece in enumerate(pieces):
            of_place.setdefault(piece.place, []).append(number)
            self._beginning[piece.place, piece.first] = number
            self._ending[piece.place, piece.end] = number
        self._of_place = {place: np.array(some) for place, some in of_place.items()}
        self._headers = {place: len(name(pieces[some[0]].found)) + HEADER for place, some in of_place.items()}
        self._lengths = np.array([len(piece.text) for piece in pieces])
        self._costs = self._lengths + [self._headers[piece.place] for piece in pieces]
        self._worth: Floats = np.bincount(holders, np.array(self._chances)[held], len(pieces)).astype(np.float64)
        for number in np.flatnonzero(self._worth < LEAST * self._lengths).tolist():
            self.leave_out(number, "hardly related")

    def best(self) -> int | None:
        """The piece that brings most for its length; None where none brings enough."""
        if not len(self._pieces):
            return None
        rates = self._worth / self._costs
        number = int(rates.argmax())
        return number if rates[number] >= LEAST else None

    def cost(self, number: int) -> int:
        """Its length, with the path or the mark that stands before it."""
        return int(self._costs[number])

    def leave_out(self, number: int, reason: str) -> None:
        self._judge(number)
        self._pieces[number].reason = reason

    def show(self, number: int) -> None:
        """What the piece says is worth nothing in others from now on, and others of its file need no path."""
        piece = self._pieces[number]
        self._judge(number)
        for name in self._names[number]:
            if name not in self._covered:
                self._covered.add(name)
                self._worth[self._holders[self._borders[name] : self._borders[name + 1]]] -= self._chances[name]
        header = self._headers.pop(piece.place, None)
        if header is not None:
            self._costs[self._of_place[piece.place]] += len(GAP) - header
        for beside in (self._beginning.get((piece.place, piece.end)), self._ending.get((piece.place, piece.first))):
            if beside is not None:
                self._costs[beside] = self._lengths[beside] + BLANK

    def end(self) -> None:
        """Says why the pieces that were never the best are left out."""
        rates = (self._worth / self._costs).tolist()
        for number, (piece, worth) in enumerate(zip(self._pieces, self._worth.tolist(), strict=True)):
            if worth > JUDGED / 2:
                piece.worth = max(0.0, worth)
                piece.reason = "over the budget" if rates[number] >= LEAST else "says nothing new"

    def _judge(self, number: int) -> None:
        self._pieces[number].worth = max(0.0, float(self._worth[number]))
        self._worth[number] = JUDGED
