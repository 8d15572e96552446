"""The nested model: which token comes next, and how surely.

One `Model` is one moment: the file around the cursor, the files near it, the index of the repository. It answers for any
sequence of tokens that could stand before the cursor, so the decoder may ask it about its own guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backends.workspace.counts import END, Counts, count, mixed
from backends.workspace.evidence import NOTHING, Rows, Scope, Shelf, in_index, together
from backends.workspace.index import CONTEXT, Index, Ints
from backends.workspace.lexer import FIRST_WORD
from backends.workspace.vocabulary import Vocabulary

AT_MOST = 16
"""Candidates kept of those the evidence holds."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Tokens that may come next, most likely first. `spaced` in 0..1 is whether white space belongs before each."""

    tokens: tuple[int, ...]
    chance: tuple[float, ...]
    spaced: tuple[float, ...]


@dataclass(slots=True)
class Repository:
    index: Index
    hidden: NDArray[np.bool_]
    """By file number: True where the file is open (its text is known better) or must not be used."""


@dataclass(slots=True)
class Model:
    vocabulary: Vocabulary
    file: Shelf
    near: Shelf | None
    repository: Repository | None
    suffix_token: int
    _known: dict[tuple[int, ...], Candidates] = field(default_factory=dict)

    def next(self, context: Sequence[int], started: str = "") -> Candidates:
        """Candidates after `context`, most recent token last. With `started`, only tokens that begin with it."""
        key = tuple(context[-CONTEXT:])
        if not started and key in self._known:
            return self._known[key]
        rows = self.rows(key, started)
        found = self._judge(count(rows, self.suffix_token)) if len(rows.token) else Candidates((), (), ())
        if not started:
            self._known[key] = found
        return found

    def rows(self, context: Sequence[int], started: str = "") -> Rows:
        parts = [self.file.find(context)]
        if self.near is not None:
            parts.append(self.near.find(context))
        if self.repository is not None:
            parts.append(in_index(self.repository.index, context, self.repository.hidden))
        if started:
            parts = [_only(part, self._beginning(part.token, started)) for part in parts]
            parts.append(self._anywhere(started))
        return together(parts)

    def _judge(self, counts: Counts) -> Candidates:
        chance = mixed(counts)
        offered = (counts.tokens >= FIRST_WORD) | (counts.tokens == END)
        chance = np.where(offered, chance, 0.0)
        best = np.argsort(-chance, kind="stable")[:AT_MOST]
        best = best[chance[best] > 0]
        return Candidates(
            tuple(counts.tokens[best].tolist()), tuple(chance[best].tolist()), tuple(counts.spaced[best].tolist())
        )

    def _beginning(self, tokens: Ints, started: str) -> NDArray[np.bool_]:
        low, high = self.vocabulary.stored_range(started)
        new = self.vocabulary.new_beginning_with(started)
        fits: NDArray[np.bool_] = (tokens >= low) & (tokens < high)
        return fits | np.isin(tokens, new) if new else fits

    def _anywhere(self, started: str) -> Rows:
        """Words that begin so, whatever stands before them: those of the file, and the commonest of the repository."""
        fits = np.flatnonzero(self._beginning(self.file.tokens, started))
        tokens = self.file.tokens[fits]
        weight = np.ones(len(fits), np.float32)
        scope = self.file.scope[fits]
        if self.repository is not None:
            low, high = self.vocabulary.stored_range(started)
            starts = self.repository.index.starts
            often = np.diff(starts[low : high + 1])
            top = np.argsort(-often, kind="stable")[:8]
            tokens = np.concatenate((tokens, (low + top).astype(np.int32)))
            weight = np.concatenate((weight, np.log2(1 + often[top]).astype(np.float32)))
            scope = np.concatenate((scope, np.full(len(top), Scope.REPOSITORY, np.uint8)))
        if not len(tokens):
            return NOTHING
        zeros = np.zeros(len(tokens), np.uint8)
        nowhere = np.full(len(tokens), -1, np.int32)
        return Rows(tokens, zeros, scope, zeros, nowhere, weight, nowhere)


def _only(rows: Rows, keep: NDArray[np.bool_]) -> Rows:
    return Rows(
        rows.token[keep],
        rows.length[keep],
        rows.scope[keep],
        rows.space[keep],
        rows.after[keep],
        rows.weight[keep],
        rows.place[keep],
    )
