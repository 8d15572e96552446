"""What followed the same tokens before: in the file, in lines just typed, in files nearby, in the repository.

Each place that shares at least its last token with the cursor is one row: the token that followed, how many tokens
before it are shared, in which scope it lies. All estimates and features are counts over these rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backends.workspace.index import ALL_UP_TO, CONTEXT, Index, Ints

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

PER_STEP = 64
"""Places taken of those that share exactly k tokens, where there are very many."""

_BACK = np.arange(1, CONTEXT + 1)


class Scope(IntEnum):
    FRESH = 0  # lines typed or changed in this session
    FILE = 1  # the file itself, before and after the cursor
    NEAR = 2  # open files, the same folder, imported modules, the tested module
    REPOSITORY = 3
    SHAPE = 4  # the file and those near it, with names replaced by how many names ago they stood
    LINE = 5  # the same, within each line alone
    SERIES = 6  # what elsewhere follows the names of the lines above


REPOSITORY, SHAPE, LINE, SERIES = (int(scope) for scope in (Scope.REPOSITORY, Scope.SHAPE, Scope.LINE, Scope.SERIES))
"""As plain numbers: looking a member up costs as much as an array operation on some hundred rows."""


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


def shared(tokens: Ints, places: NDArray[np.int64], wanted: Ints) -> Bytes:
    """How many of the tokens before each place are those `wanted`, nearest first. `tokens` is padded in front."""
    differs = np.ones((len(places), len(wanted) + 1), np.bool_)
    np.not_equal(tokens[places[:, None] - _BACK[: len(wanted)]], wanted, out=differs[:, :-1])
    length: Bytes = differs.argmax(1).astype(np.uint8)
    return length


@dataclass(slots=True)
class Places:
    """Where in the index something follows, how many tokens before each are shared, and for how many places each stands."""

    place: Ints
    length: Bytes
    weight: Floats


def places_in(index: Index, context: Sequence[int], hidden: NDArray[np.bool_]) -> Places | None:
    """What follows the end of `context`, but in files that are `hidden` because they are known better from elsewhere."""
    ranges = index.ranges(context)
    if not ranges:
        return None
    taken: list[Ints] = []
    places: list[int] = []
    for (low, high), (inner_low, inner_high) in pairwise(ranges):
        places.append(inner_low - low + high - inner_high)
        step = max(places[-1] // PER_STEP, 1)
        taken.append(np.concatenate((index.order[low:inner_low:step], index.order[inner_high:high:step])))
    low, high = ranges[-1]
    places.append(high - low)
    taken.append(index.places(low, high))
    sizes = [len(one) for one in taken]
    place = np.concatenate(taken)
    length = np.repeat(np.arange(1, len(sizes) + 1, dtype=np.uint8), sizes)
    if high - low <= ALL_UP_TO:
        length[len(length) - sizes[-1] :] = _shared_in(index.tokens, taken[-1], context)
    weight = np.array([many / max(size, 1) for many, size in zip(places, sizes, strict=True)], np.float32)
    seen = ~hidden[np.searchsorted(index.first_of, place, side="right") - 1]
    return Places(place[seen], length[seen], np.repeat(weight, sizes)[seen])


def _shared_in(tokens: Ints, places: Ints, context: Sequence[int]) -> NDArray[np.int64]:
    wanted = np.array(context[: -CONTEXT - 1 : -1], np.int32)
    back = places[:, None] - _BACK[: len(wanted)]
    differs = np.ones((len(places), len(wanted) + 1), np.bool_)
    np.not_equal(tokens[np.maximum(back, 0)], wanted, out=differs[:, :-1])
    differs[:, :-1] |= back < 0
    length: NDArray[np.int64] = differs.argmax(1)
    return length


def in_index(index: Index, context: Sequence[int], hidden: NDArray[np.bool_]) -> Rows:
    """Rows of the repository, without the files that are `hidden`."""
    found = places_in(index, context, hidden)
    if found is None:
        return NOTHING
    place = found.place.astype(np.intp)
    return Rows(
        index.tokens[place],
        found.length,
        np.full(len(place), REPOSITORY, np.uint8),
        index.space[place],
        index.tokens[np.minimum(place + 1, len(index.tokens) - 1)],
        found.weight,
    )


def together(parts: Sequence[Rows]) -> Rows:
    return Rows(
        np.concatenate([p.token for p in parts]),
        np.concatenate([p.length for p in parts]),
        np.concatenate([p.scope for p in parts]),
        np.concatenate([p.space for p in parts]),
        np.concatenate([p.after for p in parts]),
        np.concatenate([p.weight for p in parts]),
    )


_NO_INTS, _NO_BYTES = np.empty(0, np.int32), np.empty(0, np.uint8)
NOTHING = Rows(_NO_INTS, _NO_BYTES, _NO_BYTES, _NO_BYTES, _NO_INTS, np.empty(0, np.float32))
