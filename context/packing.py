"""Which lines of what was found are shown: those that bring most for their length, until the budget or the use ends.

A piece is worth the chances of the names in it that neither the windows nor a chosen piece shows; the piece with most worth
for its length is taken first. So nothing is shown twice, and what says nothing new is left out of the middle of a find. All
that surrounds a piece counts as its length: the path above the first piece of a file, and the mark where lines are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

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

FATES = ("", "hardly related", "over the budget", "says nothing new")
"""Why a piece is not shown; "" where it is."""

SHOWN, HARDLY_RELATED, OVER_THE_BUDGET, NOTHING_NEW = range(len(FATES))

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
) -> tuple[list[Packed], Choice]:
    """The files to show, the most worth last, and what became of all pieces. `name` is what stands above a file."""
    choice = Choice(found, chances, name)
    shown: dict[str, Packed] = {}
    room, misfits = budget.excerpt_chars, 0
    while misfits < MISFITS and (number := choice.best()) is not None:
        cost = choice.cost(number)
        if cost > room:
            choice.leave_out(number)
            misfits += 1
        else:
            room -= cost
            piece = choice.show(number)
            shown.setdefault(piece.place, Packed(piece.place, piece.found)).pieces.append(piece)
    choice.end()
    for packed in shown.values():
        packed.pieces.sort(key=lambda piece: piece.first)
    return sorted(shown.values(), key=lambda packed: (packed.worth, packed.place)), choice


class Choice:
    """What each piece is worth and what it costs, kept right while pieces are shown. The arrays have an entry for each piece."""

    def __init__(self, found: Sequence[Found], chances: Mapping[str, float], name: Callable[[Found], str]) -> None:
        likely = {name: round(chance * STEPS) / STEPS for name, chance in chances.items() if chance >= UNLIKELY}
        self._chances = list(likely.values())
        self._pieces = pieces = pieces_of(found, {name: number for number, name in enumerate(likely)})
        self._begins = np.searchsorted(pieces.holders, np.arange(len(pieces) + 1)).tolist()
        # The pieces that hold the first name, then those that hold the second, and so on.
        self._holders = pieces.holders[np.argsort(pieces.held, kind="stable")]
        self._borders = np.concatenate(([0], np.cumsum(np.bincount(pieces.held, minlength=len(likely))))).tolist()
        self._covered: set[int] = set()
        first_of = {place: one for one, place, _ in reversed(pieces.finds)}
        self._places = {place: number for number, place in enumerate(first_of)}
        self._headers = [len(name(one)) + HEADER for one in first_of.values()]
        places = [self._places[place] for _, place, _ in pieces.finds]
        self._beginning = dict(zip(zip(places, pieces.firsts, strict=True), range(len(pieces)), strict=True))
        self._ending = dict(zip(zip(places, pieces.ends, strict=True), range(len(pieces)), strict=True))
        self._place_of = np.array(places, dtype=np.intp)
        self._costs = pieces.lengths + np.array(self._headers, dtype=np.intp)[self._place_of]
        self._worth: Floats = np.bincount(pieces.holders, np.array(self._chances)[pieces.held], len(pieces)).astype(
            np.float64
        )
        self._brought = self._worth.copy()
        hardly = self._worth < LEAST * pieces.lengths
        self._fates = np.where(hardly, HARDLY_RELATED, SHOWN)
        self._worth[hardly] = JUDGED

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

    def leave_out(self, number: int) -> None:
        """It does not fit any more."""
        self._fates[number] = OVER_THE_BUDGET
        self._judge(number)

    def show(self, number: int) -> Piece:
        """What the piece says is worth nothing in others from now on, and others of its file need no path."""
        self._judge(number)
        for name in self._pieces.held[self._begins[number] : self._begins[number + 1]].tolist():
            if name not in self._covered:
                self._covered.add(name)
                self._worth[self._holders[self._borders[name] : self._borders[name + 1]]] -= self._chances[name]
        piece = self._pieces.piece(number, float(self._brought[number]), "")
        place = self._places[piece.place]
        if self._headers[place]:
            self._costs[self._place_of == place] += len(GAP) - self._headers[place]
            self._headers[place] = 0
        for beside in (self._beginning.get((place, piece.end)), self._ending.get((place, piece.first))):
            if beside is not None:
                self._costs[beside] = self._pieces.lengths[beside] + BLANK
        return piece

    def end(self) -> None:
        """Says why the pieces that were never the best are left out."""
        left = self._worth > JUDGED / 2
        self._brought[left] = np.maximum(self._worth[left], 0)
        self._fates[left] = np.where(self._worth[left] / self._costs[left] >= LEAST, OVER_THE_BUDGET, NOTHING_NEW)

    def pieces(self) -> list[Piece]:
        """All pieces with what became of them, for whoever wants to know."""
        judged = zip(self._brought.tolist(), self._fates.tolist(), strict=True)
        return [self._pieces.piece(number, worth, FATES[fate]) for number, (worth, fate) in enumerate(judged)]

    def _judge(self, number: int) -> None:
        self._brought[number] = max(0.0, float(self._worth[number]))
        self._worth[number] = JUDGED
