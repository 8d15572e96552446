"""Code without its names: a name that stood a few names ago becomes "the third name back".

`self.width = width` and `self.height = height` have the same shape, so after `self.depth =` the shape foretells `depth`
though these words were never seen together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backends.workspace.index import Ints
from backends.workspace.lexer import FIRST_WORD
from backends.workspace.vocabulary import Kind, Vocabulary

BACK = 8
"""Names looked back at."""

_NAME = int(Kind.NAME)

NEW = -1 - BACK
"""Stands for a name that none of the last `BACK` names is. -1 is the last name again, -2 the one before, and so on."""


def shaped(tokens: Ints, vocabulary: Vocabulary) -> Ints:
    """`tokens` with every name replaced by how many names ago it stood."""
    shape = tokens.copy()
    at = np.flatnonzero(vocabulary.kinds(tokens) == _NAME)
    names = tokens[at]
    back = np.full(len(names), NEW, np.int32)
    for distance in range(BACK, 0, -1):
        again = np.flatnonzero(names[distance:] == names[:-distance]) + distance
        back[again] = -distance
    shape[at] = back
    return shape


def last_names(context: Sequence[int], vocabulary: Vocabulary) -> list[int]:
    """The names of a context, nearest first, at most `BACK`."""
    found: list[int] = []
    for token in reversed(context):
        if token >= FIRST_WORD and vocabulary.kind(token) == _NAME:
            found.append(token)
            if len(found) == BACK:
                break
    return found


def shape_of(context: Sequence[int], vocabulary: Vocabulary) -> list[int]:
    """The shape of a short context."""
    names: list[int] = []
    shape: list[int] = []
    for token in context:
        if token >= FIRST_WORD and vocabulary.kind(token) == _NAME:
            recent = names[: -BACK - 1 : -1]
            shape.append(-1 - recent.index(token) if token in recent else NEW)
            names.append(token)
        else:
            shape.append(token)
    return shape
