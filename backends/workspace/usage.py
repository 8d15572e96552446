"""Where the words of a file are used around the cursor: how long ago, how often, how far ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.workspace.index import Ints
from backends.workspace.lexer import OUT3, SAME

NEVER = np.iinfo(np.int64).max
LONGEST = 40
"""Tokens of the line above that are kept."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The file around the cursor: where among `size` tokens before it each word was last used, and how often; how many
    tokens ahead it is used next; the tokens of the line above; a number for the family of its language. `words` are those
    of `last`, sorted, with their `places`."""

    last: Mapping[int, int]
    times: Mapping[int, int]
    size: int
    ahead: Mapping[int, int]
    above: tuple[int, ...]
    family: int
    words: Ints
    places: NDArray[np.int64]

    def ago(self, tokens: Ints) -> NDArray[np.int64]:
        """How many tokens ago each was last used, `NEVER` for those that were not."""
        if not len(self.words):
            return np.full(len(tokens), NEVER)
        at = np.minimum(np.searchsorted(self.words, tokens), len(self.words) - 1)
        return np.where(self.words[at] == tokens, self.size - self.places[at], NEVER)


def usage_of(before: Ints, ahead: Ints, family: int) -> Usage:
    """Of the tokens before the cursor's line and of those after it."""
    place_bits = max(len(before), 1).bit_length()
    ordered = np.sort((before.astype(np.int64) << place_bits) | np.arange(len(before)))
    tokens = ordered >> place_bits
    ends = np.flatnonzero(np.append(tokens[1:] != tokens[:-1], True)) if len(tokens) else np.empty(0, np.int64)
    words, places = tokens[ends].astype(np.int32), ordered[ends] & ((1 << place_bits) - 1)
    times = np.diff(ends, prepend=-1)
    coming = ahead.tolist()
    known = words.tolist()
    return Usage(
        dict(zip(known, places.tolist(), strict=True)),
        dict(zip(known, times.tolist(), strict=True)),
        len(before),
        dict(zip(reversed(coming), range(len(coming), 0, -1), strict=True)),
        _last_line(before[-LONGEST:].tolist()),
        family,
        words,
        places,
    )


def _last_line(tokens: Sequence[int]) -> tuple[int, ...]:
    """The tokens after the last line end."""
    for back in range(1, len(tokens) + 1):
        if SAME <= tokens[-back] <= OUT3:
            return tuple(tokens[len(tokens) - back + 1 :])
    return tuple(tokens)
