"""Code without its names: a name that stood a few names ago becomes "the third name back".

`self.width = width` and `self.height = height` have the same shape, so after `self.depth =` the shape foretells `depth`
though these words were never seen together. Names are counted back over the lines, so that it is also seen how lines hang
together, or within their line alone, so that a line's shape is the same whatever stands above it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backends.workspace.index import Ints
from backends.workspace.lexer import FIRST_WORD, HOLE, OUT3
from backends.workspace.vocabulary import Kind, Vocabulary

BACK = 8
"""Names looked back at."""

_NAME = int(Kind.NAME)

NEW = -1 - BACK
"""Stands for a name that none of the last `BACK` names is. -1 is the last name again, -2 the one before, and so on."""


def shaped(tokens: Ints, vocabulary: Vocabulary) -> tuple[Ints, Ints]:
    """`tokens` with every name replaced by how many names ago it stood, and by how many ago in its line."""
    shape, of_line = tokens.copy(), tokens.copy()
    at = np.flatnonzero(vocabulary.kinds(tokens) == _NAME)
    names, line = tokens[at], np.cumsum((tokens <= OUT3) & (tokens != HOLE))[at]
    back, back_in_line = np.full(len(names), NEW, np.int32), np.full(len(names), NEW, np.int32)
    for distance in range(BACK, 0, -1):
        again = np.flatnonzero(names[distance:] == names[:-distance]) + distance
        back[again] = -distance
        back_in_line[again[line[again] == line[again - distance]]] = -distance
    shape[at], of_line[at] = back, back_in_line
    return shape, of_line


def last_line(context: Sequence[int]) -> Sequence[int]:
    """What stands after the last line end."""
    for back in range(1, len(context) + 1):
        if _ends(context[-back]):
            return context[len(context) - back + 1 :]
    return context


def last_names(context: Sequence[int], vocabulary: Vocabulary) -> list[int]:
    """The names of a context, nearest first, at most `BACK`."""
    found: list[int] = []
    for token in reversed(context):
        if token >= FIRST_WORD and vocabulary.kind(token) == _NAME:
            found.append(token)
            if len(found) == BACK:
                break
    return found


def shape_of(context: Sequence[int], vocabulary: Vocabulary, *, in_lines: bool = False) -> list[int]:
    """The shape of a short context; `in_lines`: of each of its lines alone."""
    names: list[int] = []
    shape: list[int] = []
    for token in context:
        if in_lines and _ends(token):
            names.clear()
        if token >= FIRST_WORD and vocabulary.kind(token) == _NAME:
            recent = names[: -BACK - 1 : -1]
            shape.append(-1 - recent.index(token) if token in recent else NEW)
            names.append(token)
        else:
            shape.append(token)
    return shape


def _ends(token: int) -> bool:
    """Whether it stands for a line's end."""
    return token <= OUT3 and token != HOLE
