"""Finds cut into pieces, each shown or left out as a whole: a statement, as far as its lines tell by themselves.

Lines that are chosen by ones bring more names than pairs do, and pairs are what reads as code where a bracket stays open. A
place has a thousand pieces and shows a hundred, so pieces are numbers in arrays until somebody looks at one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from context.found import Found
from context.reading import Ints, read

LONGEST_LINE = 200
"""Characters of a line beyond which it is data, not code to read."""

GOES_ON = ("(", "[", "{", ",")
"""What ends a line whose statement goes on in the next one, or whose block does."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines [first, end) of a find; blank ones that follow belong to it and are not in its text.

    `worth` is what it brought when it was judged last; `reason` says why it is not shown.
    """

    found: Found
    place: str
    first: int
    end: int
    text: str
    worth: float
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The statements of a text: rows [first, last) without the blank ones that follow, [first, end) with them, and their
    lengths in characters. `holders` and `held` together are each pair of a statement and a name of the reading in it, once.
    """

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]
    ends: tuple[int, ...]
    lengths: tuple[int, ...]
    holders: Ints
    held: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """`finds` has for each piece where it stands, with its number among the statements of this find; `firsts` and `ends`
    are rows of the file. `holders` and `held` are each pair of a piece and a name that it holds, in order of the pieces."""

    finds: list[tuple[Found, str, int]]
    firsts: list[int]
    ends: list[int]
    lengths: Ints
    holders: Ints
    held: Ints

    def __len__(self) -> int:
        return len(self.finds)

    def piece(self, number: int, worth: float, reason: str) -> Piece:
        found, place, statement = self.finds[number]
        statements = cut(found.text, found.lines, found.told)
        rows = found.text.split("\n")[statements.firsts[statement] : statements.lasts[statement]]
        text = "\n".join(rows) + "\n"
        return Piece(found, place, self.firsts[number], self.ends[number], text, worth, reason)


def pieces_of(found: Sequence[Found], numbers: Mapping[str, int]) -> Pieces:
    """The pieces that hold any of the numbered names; a line that two finds hold is in the first one's only."""
    stretches = {(one.shown_as, one.first, one.text): one for one in reversed(found)}
    finds = [(stretches[key], key[0]) for key in dict.fromkeys((one.shown_as, one.first, one.text) for one in found)]
    cuts = [cut(one.text, one.lines, one.told) for one, _ in finds]
    known = [
        np.array([numbers.get(name, -1) for name in read(one.text, one.told).names], dtype=np.intp) for one, _ in finds
    ]
    starts = np.cumsum([0, *(len(statements.firsts) for statements in cuts)])
    holders = _joined([statements.holders + start for statements, start in zip(cuts, starts, strict=False)])
    held = _joined([names[statements.held] for statements, names in zip(cuts, known, strict=True)])
    holders, held = holders[held >= 0], held[held >= 0]
    useful = (np.bincount(holders, minlength=starts[-1]) > 0).tolist()
    kept: list[int] = []
    pieces: list[tuple[Found, str, int]] = []
    firsts: list[int] = []
    ends: list[int] = []
    taken: dict[str, set[int]] = {}
    for (one, place), statements, start in zip(finds, cuts, starts.tolist(), strict=False):
        rows = taken.setdefault(place, set())
        for number, (first, end) in enumerate(zip(statements.firsts, statements.ends, strict=True)):
            if useful[start + number]:
                lines = range(one.first + first, one.first + end)
                if rows.isdisjoint(lines):
                    rows.update(lines)
                    kept.append(start + number)
                    pieces.append((one, place, number))
                    firsts.append(lines.start)
                    ends.append(lines.stop)
    lengths = np.array([length for statements in cuts for length in statements.lengths], dtype=np.intp)[kept]
    renumbered = np.full(starts[-1], -1)
    renumbered[kept] = np.arange(len(kept))
    holders = renumbered[holders]
    return Pieces(pieces, firsts, ends, lengths, holders[holders >= 0], held[holders >= 0])


@lru_cache(maxsize=2_000)
def cut(text: str, most: int, told: bool) -> Cut:
    """Statements of at most `most` lines without blank ones. Kept, as finds come back from line to line."""
    rows = text.removesuffix("\n").split("\n")
    reading = read(text, told)
    statement_of = np.full(reading.height, -1)
    statements: list[tuple[int, int, int, int]] = []
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
        last = row
        while row < len(rows) and not rows[row].strip():
            row += 1
        lengths = [len(line) for line in rows[first:last]]
        if max(lengths) <= LONGEST_LINE:
            statement_of[first:last] = len(statements)
            statements.append((first, last, row, sum(lengths) + last - first))
    pairs = statement_of[reading.rows] * len(reading.names) + reading.named
    holders, held = np.divmod(np.unique(pairs[pairs >= 0]), max(len(reading.names), 1))
    firsts, lasts, ends, sizes = zip(*statements, strict=True) if statements else ((), (), (), ())
    return Cut(firsts, lasts, ends, sizes, holders, held)


def _joined(arrays: Sequence[Ints]) -> Ints:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.intp)
