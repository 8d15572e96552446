"""Lists that are gone through twice: after a line for `width` and one for `height` comes one for what follows these elsewhere.

`def __init__(self, width, height, depth)` above `self.width = width` and `self.height = height` says that `depth` is next. So
do the fields of a class for its constructor, the members of an enumeration for the cases of a switch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backends.workspace.evidence import NOTHING, SERIES, Rows
from backends.workspace.shelf import Shelf
from backends.workspace.vocabulary import Kind, Vocabulary

NAMES_ON = 4
"""Names from one member of a list to the next, at most: `int width, int height` has one, `width: Size, height: Size` two."""
TOKENS_ON = 14
"""Tokens from one member to the next, at most."""
PLACES = 64
"""Places where a name stands that are looked at, where there are very many; the last ones."""
LOOSE, LIKE, JUST_LIKE = 1, 2, 3
"""How much is shared: only the name just above; the two above, one as far from the other as the next name is; in tokens too."""

_NAME = int(Kind.NAME)


def series_rows(shelf: Shelf, line: Sequence[int], vocabulary: Vocabulary) -> Rows:
    """What may come next in a line that goes on like the ones above it, but for its names."""
    above = shelf.last_lines
    at = len(line)
    members: list[int] = []
    for tokens, _ in above:
        if at >= len(tokens) or vocabulary.kind(tokens[at]) is not Kind.NAME or not _alike(tokens, line, vocabulary):
            break
        members.append(tokens[at])
    if not members or members[0] in above[0][0][:at]:
        return NOTHING
    return following(shelf, members, above[0][1][at], vocabulary)


def following(shelf: Shelf, members: Sequence[int], space: int, vocabulary: Vocabulary) -> Rows:
    """What stands after the first of `members` (nearest above first) where that stands elsewhere, `space` before it."""
    last, before = members[0], members[1] if len(members) > 1 else -1
    places = shelf.places_after(last)[-PLACES:]
    ahead, far = _names(shelf, places[:, None] + np.arange(TOKENS_ON), vocabulary)
    back, ago = _names(shelf, places[:, None] - 2 - np.arange(TOKENS_ON), vocabulary)
    like = (back == before) & (ahead >= 0) & (before != last)
    loose = np.zeros(like.shape, np.bool_)
    loose[:, 0] = (ahead[:, 0] >= 0) & ~like.any(1)
    length = np.where(like, np.where(far == ago, JUST_LIKE, LIKE), LOOSE)
    kept = (like | loose) & ~np.isin(ahead, members)
    found = ahead[kept].astype(np.int32)
    return Rows(
        found,
        length[kept].astype(np.uint8),
        np.full(len(found), SERIES, np.uint8),
        np.full(len(found), space, np.uint8),
        np.full(len(found), -1, np.int32),
        np.ones(len(found), np.float32),
    )


def _names(shelf: Shelf, at: NDArray[np.int64], vocabulary: Vocabulary) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first `NAMES_ON` names along each row of places, -1 where there are none, and how far along each stands. A name
    right before another one is a type, `String name`, and no member."""
    last = len(shelf.tokens) - 1
    tokens, then = shelf.tokens[np.clip(at, 0, last)], shelf.tokens[np.clip(at + 1, 0, last)]
    named = (vocabulary.kinds(tokens) == _NAME) & (vocabulary.kinds(then) != _NAME)
    number = np.cumsum(named, axis=1)
    found = np.full((len(at), NAMES_ON), -1, np.int64)
    far = np.zeros((len(at), NAMES_ON), np.int64)
    row, column = np.nonzero(named & (number <= NAMES_ON))
    which = number[row, column] - 1
    found[row, which], far[row, which] = tokens[row, column], column
    return found, far


def _alike(tokens: Sequence[int], line: Sequence[int], vocabulary: Vocabulary) -> bool:
    """Whether a line begins like another, but for names."""
    return all(
        one == other or vocabulary.kind(one) is vocabulary.kind(other) is Kind.NAME
        for one, other in zip(tokens, line, strict=False)
    )
