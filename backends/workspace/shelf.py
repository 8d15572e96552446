"""The text near the cursor as tokens in the order they stand: the files near it, then its own file.

It is searched by reading it all, which for up to some hundred thousand tokens is faster than keeping them sorted. What was
found is kept: the files near the cursor stay the same from line to line, and the same words are asked for again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backends.workspace.evidence import LINE, PER_STEP, SHAPE, Bytes, Rows, Scope, shared
from backends.workspace.index import CONTEXT, Ints
from backends.workspace.lexer import HOLE, OUT3
from backends.workspace.lines import Hashes, Lines, hash_of, hashes_in, lines_of
from backends.workspace.shape import shaped
from backends.workspace.vocabulary import Vocabulary

NEAREST = 384
"""Places taken of the shelf, where there are very many."""
ABOVE, LONGEST_ABOVE = 3, 40
"""Lines above the cursor's that are held against each other, and their tokens."""

Places = NDArray[np.int64]


class Searched:
    """Tokens, or their shapes, padded with `FILE`: `CONTEXT` in front and two at the end. A place is the number of a token
    that follows something, counted from `shift`; the first token follows a `FILE` where nothing stands before it, `first`."""

    def __init__(self, padded: Ints, first: bool, shift: int) -> None:
        self.padded, self.shift = padded, shift
        self._begin = CONTEXT if first else CONTEXT + 1
        self._after: dict[int, Places] = {}
        self._after_two: dict[tuple[int, int], Places] = {}

    def after(self, last: int) -> Places:
        found = self._after.get(last)
        if found is None:
            found = self._after[last] = np.flatnonzero(self.padded[self._begin - 1 : -2] == last)
            found += self._begin + self.shift
        return found

    def after_two(self, last: int, before: int) -> Places:
        found = self._after_two.get((last, before))
        if found is None:
            places = self.after(last)
            found = self._after_two[last, before] = places[self.at(places, 2) == before]
        return found

    def at(self, places: Places, back: int) -> Ints:
        """What stands so many before each place."""
        return self.padded[places - (self.shift + back)]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some tokens of one file, the first of which is `FILE`."""

    tokens: Ints
    space: Bytes
    scope: Bytes


class Stretch:
    """Pieces of files one after the other, after `shift` other tokens; `end` is the scope of what comes after."""

    def __init__(self, pieces: Sequence[Piece], vocabulary: Vocabulary, *, shift: int, end: Scope) -> None:
        front, back = np.zeros(CONTEXT, np.uint8), np.zeros(2, np.uint8)
        tokens = np.concatenate((front, *(piece.tokens for piece in pieces), back), dtype=np.int32)
        self.space = np.concatenate((front, *(piece.space for piece in pieces), back))
        self.scope = np.concatenate((front, *(piece.scope for piece in pieces), back + np.uint8(end)))
        first = not shift and bool(pieces)
        shape, of_line = shaped(tokens, vocabulary)
        self.tokens = Searched(tokens, first, shift)
        self.shape, self.of_line = Searched(shape, first, shift), Searched(of_line, first, shift)

    def __len__(self) -> int:
        return len(self.space) - CONTEXT - 2

    @cached_property
    def lines(self) -> Lines:
        return lines_of(self.tokens.padded[CONTEXT:-2])

    @cached_property
    def beginnings(self) -> tuple[Ints, NDArray[np.int64]]:
        """The tokens that lines begin with, sorted, and the number among them for each line."""
        return np.unique(self.lines.first, return_inverse=True)

    @cached_property
    def texts(self) -> Hashes:
        """The hashes of the lines, sorted."""
        return np.sort(self.lines.text)

    @cached_property
    def shapes(self) -> Hashes:
        """The hashes of the lines' shapes, sorted."""
        return np.sort(hashes_in(self.of_line.padded[CONTEXT:-2], self.lines))


class Shelf:
    """The files `near` the cursor, then in `own` the file after the cursor and the file before it, each of the two beginning
    with `FILE`. `files` says at which token each begins, `after` and `before` where the two parts of the own file do.
    `tokens`, `shape`, `space` and `scope` are of all together, padded."""

    def __init__(self, near: Stretch, own: Stretch, files: Sequence[tuple[int, str]], before: int) -> None:
        self.near, self._own = near, own
        self.files = tuple(files)
        self.after, self.before = len(near), before
        self.tokens = np.concatenate((near.tokens.padded[:-2], own.tokens.padded[CONTEXT:]))
        self.shape = np.concatenate((near.shape.padded[:-2], own.shape.padded[CONTEXT:]))
        self._of_line = np.concatenate((near.of_line.padded[:-2], own.of_line.padded[CONTEXT:]))
        self.space = np.concatenate((near.space[:-2], own.space[CONTEXT:]))
        self.scope = np.concatenate((near.scope[:-2], own.scope[CONTEXT:]))

    @cached_property
    def last_lines(self) -> list[tuple[list[int], list[int]]]:
        """The lines just above the cursor's, nearest first, with the white space before each token."""
        first = max(len(self.tokens) - 2 - ABOVE * LONGEST_ABOVE, self.before + CONTEXT)
        tokens, space = self.tokens[first:-2], self.space[first:-2]
        ends = np.flatnonzero((tokens <= OUT3) & (tokens != HOLE))[-ABOVE:].tolist()
        spans = [(end + 1, stop) for end, stop in pairwise((*ends, len(tokens)))]
        return [(tokens[low:high].tolist(), space[low:high].tolist()) for low, high in reversed(spans)]

    def places_after(self, token: int) -> Places:
        """The places just after a token, the own file's last."""
        return np.concatenate((self.near.tokens.after(token), self._own.tokens.after(token)))

    def places_of(self, wanted: Sequence[int]) -> tuple[Places, int]:
        """Where the first tokens of `wanted` stand, as many of them as stand anywhere together, and how many these are."""
        found = self.places_after(wanted[0]) - 1
        seen = 1 if len(found) else 0
        for number, token in enumerate(wanted[1 : len(self.tokens)], 1):
            longer = found[self.tokens[np.minimum(found + number, len(self.tokens) - 1)] == token]
            if not len(longer):
                break
            found, seen = longer, number + 1
        return found[-NEAREST:], seen

    def file_at(self, place: int) -> str:
        """The file that holds a place."""
        return next((path for first, path in reversed(self.files) if first <= place - CONTEXT), "")

    def lines_like(self, line: Sequence[int], shape: Sequence[int]) -> tuple[int, int, int]:
        """How many lines of the files near the cursor are this one, and how many there and in its own file have its shape."""
        text, form = np.uint64(hash_of(np.array(line, np.int32))), np.uint64(hash_of(np.array(shape, np.int32)))
        return (
            _often(self.near.texts, text),
            _often(self.near.shapes, form),
            _often(self._own.shapes, form),
        )

    def places(self, context: Sequence[int]) -> tuple[Places, Bytes]:
        """What follows the end of `context`, and how many tokens before each place are shared."""
        wanted = np.array(context[: -CONTEXT - 1 : -1], np.int32)
        places = self._search(self.near.tokens, self._own.tokens, wanted)
        return places, shared(self.tokens, places, wanted)

    def find(self, context: Sequence[int]) -> Rows:
        """What followed the end of `context`."""
        places, length = self.places(context)
        return Rows(
            self.tokens[places],
            length,
            self.scope[places],
            self.space[places],
            self.tokens[places + 1],
            np.ones(len(places), np.float32),
        )

    def find_shape(self, shape: Sequence[int], names: Sequence[int]) -> Rows:
        """What followed a context of the same shape, with the names put in that stand there now (nearest first)."""
        wanted = np.array(shape[: -CONTEXT - 1 : -1], np.int32)
        places = self._search(self.near.shape, self._own.shape, wanted)
        return self._with_names(self.shape, places, wanted, names, SHAPE)

    def find_line(self, shape: Sequence[int], names: Sequence[int]) -> Rows:
        """The same for shapes of lines, with the names of the cursor's line."""
        wanted = np.array(shape[: -CONTEXT - 1 : -1], np.int32)
        places = self._search(self.near.of_line, self._own.of_line, wanted)
        return self._with_names(self._of_line, places, wanted, names, LINE)

    def _with_names(self, shape: Ints, places: Places, wanted: Ints, names: Sequence[int], scope: int) -> Rows:
        followed = shape[places]
        known = followed >= -len(names)
        places, followed = places[known], followed[known]
        stands = np.array([0, *names], np.int32)
        return Rows(
            np.where(followed < 0, stands[np.maximum(-followed, 0)], followed),
            shared(shape, places, wanted),
            np.full(len(places), scope, np.uint8),
            self.space[places],
            self.tokens[places + 1],
            np.ones(len(places), np.float32),
        )

    def words(self, fits: Callable[[Ints], NDArray[np.bool_]]) -> tuple[Ints, Bytes, NDArray[np.float32]]:
        """The tokens that fit, each with a scope and how often it stands there."""
        found = []
        for stretch in (self.near, self._own):
            places = np.flatnonzero(fits(stretch.tokens.padded))
            found.append(stretch.tokens.padded[places].astype(np.int64) * len(Scope) + stretch.scope[places])
        kinds, often = np.unique(np.concatenate(found), return_counts=True)
        tokens, scope = np.divmod(kinds, len(Scope))
        return tokens.astype(np.int32), scope.astype(np.uint8), often.astype(np.float32)

    def _search(self, near: Searched, own: Searched, wanted: Ints) -> Places:
        """Places that share the last token wanted. Of very many, those that share two and the last ones."""
        last = int(wanted[0])
        found = near.after(last), own.after(last)
        if len(found[0]) + len(found[1]) <= NEAREST or len(wanted) == 1:
            return np.concatenate(found)
        before = int(wanted[1])
        longer = near.after_two(last, before), own.after_two(last, before)
        if len(longer[0]) + len(longer[1]) > NEAREST and len(wanted) > 2:
            third = near.at(longer[0], 3) == wanted[2], own.at(longer[1], 3) == wanted[2]
            others = _last(longer[0][~third[0]], longer[1][~third[1]], PER_STEP)
            most = NEAREST - len(others[0]) - len(others[1])
            longer = _last(longer[0][third[0]], longer[1][third[1]], most)
        else:
            longer = _last(*longer, NEAREST)
            others = _NO_PLACES, _NO_PLACES
        rest = _last(*found, 2 * PER_STEP)
        differs = near.at(rest[0], 2) != before, own.at(rest[1], 2) != before
        return np.concatenate((*longer, *others, rest[0][differs[0]], rest[1][differs[1]]))


def _often(hashes: Hashes, one: np.uint64) -> int:
    return int(np.searchsorted(hashes, one, side="right") - np.searchsorted(hashes, one))


def _last(near: Places, own: Places, most: int) -> tuple[Places, Places]:
    """The last of both together."""
    own = own[max(len(own) - most, 0) :]
    return near[max(len(near) + len(own) - most, 0) :], own


_NO_PLACES = np.empty(0, np.int64)
