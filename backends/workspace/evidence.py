"""What followed the same tokens before: in the file, in lines just typed, in files nearby, in the repository.

Each place that shares at least its last token with the cursor is one row: the token that followed, how many tokens
before it are shared, in which scope it lies. All estimates and features are counts over these rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from backends.workspace.index import ALL_UP_TO, CONTEXT, Index, Ints
from backends.workspace.lexer import FILE

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

PER_STEP = 64
"""Places taken of those that share exactly k tokens, where there are very many."""
NEAREST = 384
"""Places taken of a scanned scope, where there are very many."""

_BACK = np.arange(1, CONTEXT + 1, dtype=np.int32)


class Scope(IntEnum):
    FRESH = 0  # lines typed or changed in this session
    FILE = 1  # the file itself, before and after the cursor
    NEAR = 2  # open files, the same folder, imported modules, the tested module
    REPOSITORY = 3
    SHAPE = 4  # the file and those near it, with names replaced by how many names ago they stood


@dataclass(slots=True)
class Rows:
    """`token` followed, `length` tokens before it are shared, `after` is the token that came next; `weight` is more than
    one where a row stands for several."""

    token: Ints
    length: Bytes
    scope: Bytes
    space: Bytes
    after: Ints
    weight: Floats
    place: Ints


class Shelf:
    """Tokens of one scope in the order of their text, searched by reading them all: for up to some hundred thousand
    tokens that is faster than keeping them sorted. `scope` may differ by token; `shape` is what `shape.shaped` makes;
    `files` says at which token each file begins, `after` and `before` where the parts of the own file do that stand after
    and before the cursor."""

    def __init__(
        self,
        tokens: Ints,
        space: Bytes,
        scope: Bytes,
        shape: Ints,
        files: Sequence[tuple[int, str]],
        after: int,
        before: int,
    ) -> None:
        self.files = tuple(files)
        self.after, self.before = after, before
        pad = np.full(CONTEXT, FILE, np.int32)
        zeros = np.zeros(CONTEXT, np.uint8)
        self.tokens = np.concatenate((pad, tokens, pad[:2]))
        self.space = np.concatenate((zeros, space, zeros[:2]))
        self.scope = np.concatenate((zeros, scope, zeros[:2]))
        self.shape = np.concatenate((pad, shape, pad[:2]))

    def file_at(self, place: int) -> str:
        """The file that holds a place."""
        return next((path for first, path in reversed(self.files) if first <= place), "")

    def find(self, context: Sequence[int]) -> Rows:
        """What followed the end of `context`."""
        places, length = _search(self.tokens, context)
        return Rows(
            self.tokens[places],
            length,
            self.scope[places],
            self.space[places],
            self.tokens[places + 1],
            np.ones(len(places), np.float32),
            places - CONTEXT,
        )

    def find_shape(self, shape: Sequence[int], names: Sequence[int]) -> Rows:
        """What followed a context of the same shape, with the names put in that stand there now (nearest first)."""
        places, length = _search(self.shape, shape)
        followed = self.shape[places]
        known = followed >= -len(names)
        places, length, followed = places[known], length[known], followed[known]
        stands = np.array([*names, 0], np.int32)
        token = np.where(followed < 0, stands[np.where(followed < 0, -followed - 1, 0)], followed)
        return Rows(
            token.astype(np.int32),
            length,
            np.full(len(places), Scope.SHAPE, np.uint8),
            self.space[places],
            self.tokens[places + 1],
            np.ones(len(places), np.float32),
            places - CONTEXT,
        )


def _search(tokens: Ints, context: Sequence[int]) -> tuple[Ints, Bytes]:
    """Places that share the last token of `context`, and how many tokens each shares. Of very many, those that share two
    and the last ones. `tokens` is padded on both sides."""
    wanted = np.array(context[: -CONTEXT - 1 : -1], np.int32)
    places = np.flatnonzero(tokens[CONTEXT - 1 : -2] == wanted[0]).astype(np.int32) + np.int32(CONTEXT)
    if len(places) > NEAREST and len(wanted) > 1:
        longer = places[tokens[places - 2] == wanted[1]]
        if len(longer) > NEAREST and len(wanted) > 2:
            third = tokens[longer - 3] == wanted[2]
            longer = np.concatenate((longer[third][-NEAREST:], longer[~third][-PER_STEP:]))
        rest = places[-PER_STEP * 2 :]
        places = np.concatenate((longer[-NEAREST:], rest[tokens[rest - 2] != wanted[1]]))
    differs = tokens[places[:, None] - _BACK[: len(wanted)]] != wanted
    length = np.where(differs.any(1), differs.argmax(1), len(wanted)).astype(np.uint8)
    return places, length


def in_index(index: Index, context: Sequence[int], hidden: NDArray[np.bool_]) -> Rows:
    """Rows of the repository, without the files that are `hidden` because they are known better from elsewhere."""
    ranges = index.ranges(context)
    places: list[Ints] = []
    lengths: list[Bytes] = []
    weights: list[Floats] = []
    for depth, (low, high) in enumerate(ranges, 1):
        if depth == len(ranges):
            taken = index.places(low, high)
            if high - low <= ALL_UP_TO:
                wanted = np.array(context[: -CONTEXT - 1 : -1], np.int32)
                back = taken[:, None] - _BACK[: len(wanted)]
                shared = (index.tokens[np.maximum(back, 0)] != wanted) | (back < 0)
                length = np.where(shared.any(1), shared.argmax(1), len(wanted)).astype(np.uint8)
            else:
                length = np.full(len(taken), depth, np.uint8)
            size = high - low
        else:
            inner_low, inner_high = ranges[depth]
            size = inner_low - low + high - inner_high
            step = max(size // PER_STEP, 1)
            taken = np.concatenate((index.order[low:inner_low:step], index.order[inner_high:high:step]))
            length = np.full(len(taken), depth, np.uint8)
        places.append(taken)
        lengths.append(length)
        weights.append(np.full(len(taken), size / max(len(taken), 1), np.float32))
    if not places:
        return NOTHING
    place = np.concatenate(places)
    file = np.searchsorted(index.first_of, place, side="right") - 1
    seen = ~hidden[file]
    place = place[seen]
    return Rows(
        index.tokens[place],
        np.concatenate(lengths)[seen],
        np.full(len(place), Scope.REPOSITORY, np.uint8),
        index.space[place],
        index.tokens[np.minimum(place + 1, len(index.tokens) - 1)],
        np.concatenate(weights)[seen],
        place,
    )


def together(parts: Sequence[Rows]) -> Rows:
    return Rows(
        np.concatenate([p.token for p in parts]),
        np.concatenate([p.length for p in parts]),
        np.concatenate([p.scope for p in parts]),
        np.concatenate([p.space for p in parts]),
        np.concatenate([p.after for p in parts]),
        np.concatenate([p.weight for p in parts]),
        np.concatenate([p.place for p in parts]),
    )


_NO_INTS, _NO_BYTES = np.empty(0, np.int32), np.empty(0, np.uint8)
NOTHING = Rows(_NO_INTS, _NO_BYTES, _NO_BYTES, _NO_BYTES, _NO_INTS, np.empty(0, np.float32), _NO_INTS)
