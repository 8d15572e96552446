"""The nested model: which token comes next, and how surely.

One `Model` is one moment: the file around the cursor, the files near it, the index of the repository. It answers for any
sequence of tokens that could stand before the cursor, so the decoder may ask it about its own guesses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backends.workspace.counts import END, Counts, Floats, count, mixed
from backends.workspace.evidence import Bytes, Rows, Scope, Shelf, in_index, together
from backends.workspace.features import State, features
from backends.workspace.index import CONTEXT, Index, Ints
from backends.workspace.lexer import FIRST_WORD
from backends.workspace.near import NOTHING_NEAR, Near
from backends.workspace.pool import Pool, pool_of
from backends.workspace.shape import last_names, shape_of
from backends.workspace.trees import Trees
from backends.workspace.usage import NEVER, Usage
from backends.workspace.vocabulary import Vocabulary

LIKELY, RECENT = 12, 8
"""Candidates judged: so many of the likeliest by evidence, and so many of the words used last."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Tokens that may come next, most likely first. `spaced` in 0..1 is whether white space belongs before each."""

    tokens: tuple[int, ...]
    chance: tuple[float, ...]
    spaced: tuple[float, ...]


NONE = Candidates((), (), ())


@dataclass(slots=True)
class Repository:
    index: Index
    hidden: NDArray[np.bool_]
    """By file number: True where the file is open (its text is known better) or must not be used."""


@dataclass(slots=True)
class Model:
    """`usage` and `recent` (tokens, nearest last) are of the file before the cursor's line."""

    vocabulary: Vocabulary
    shelf: Shelf
    repository: Repository | None
    suffix_token: int
    usage: Usage
    recent: Ints
    judge: Trees | None
    without: tuple[Scope, ...] = ()
    near: Near = NOTHING_NEAR
    _pool: Pool | None = None
    _known: dict[State, Candidates] = field(default_factory=dict)
    _rows: dict[tuple[int, ...], Rows] = field(default_factory=dict)

    def next(self, state: State) -> Candidates:
        """Candidates for the token after `state`."""
        found = self._known.get(state)
        if found is None:
            found = self._known[state] = self._judged(state)
        return found

    def weighed(self, state: State) -> tuple[Counts, Floats, NDArray[np.int64]] | None:
        """Counts, their mixture, and which rows of them are candidates; None without any evidence."""
        rows = self.rows(state)
        if not len(rows.token):
            return None
        counts = count(rows, self.suffix_token)
        chance = mixed(counts)
        offered = (counts.tokens >= FIRST_WORD) | (counts.tokens == END)
        order = _first(np.where(offered, -chance, 1.0), LIKELY + RECENT)[: np.count_nonzero(offered)]
        likely, ago = order[:LIKELY], self.usage.ago(counts.tokens)
        ago[~offered] = NEVER
        ago[likely] = NEVER
        recent = _first(ago, RECENT)
        recent = recent[ago[recent] < NEVER]
        unused = order[LIKELY:]
        return counts, chance, np.concatenate((likely, recent, unused[~np.isin(unused, recent)]))[: LIKELY + RECENT]

    def rows(self, state: State) -> Rows:
        context = state.context
        key = context[-CONTEXT:]
        found = self._rows.get(key)
        if found is None:
            names = last_names(context, self.vocabulary)
            shape = shape_of(context, self.vocabulary)
            parts = [self.shelf.find(key), self.shelf.find_shape(shape, names), _nowhere(self.recent, Scope.FILE)]
            if self.repository is not None:
                parts.append(in_index(self.repository.index, key, self.repository.hidden))
            found = together(parts)
            if self.without:
                found = _only(found, ~np.isin(found.scope, self.without))
            self._rows[key] = found
        if state.started:
            kept = _only(found, self._beginning(found.token, state.started))
            return together((kept, self._anywhere(state.started)))
        return found

    @property
    def pool(self) -> Pool:
        """The lines nearby."""
        if self._pool is None:
            self._pool = pool_of(self.shelf, self.near.lines)
        return self._pool

    def origins(self, state: State, token: int) -> dict[str, float]:
        """The files in which `token` was seen to follow, weighted by how much of the context they share."""
        context = state.context[-CONTEXT:]
        found: dict[str, float] = {}
        rows = self.shelf.find(context)
        same = np.flatnonzero(rows.token == token)
        for place, length in zip(rows.place[same].tolist(), rows.length[same].tolist(), strict=True):
            path = self.shelf.file_at(place)
            found[path] = found.get(path, 0.0) + length**2
        if self.repository is not None:
            index = self.repository.index
            rows = in_index(index, context, self.repository.hidden)
            same = np.flatnonzero(rows.token == token)
            files = np.searchsorted(index.first_of, rows.place[same], side="right") - 1
            for file, length in zip(files.tolist(), rows.length[same].tolist(), strict=True):
                path = index.paths[file]
                found[path] = found.get(path, 0.0) + length**2
        return found

    def _judged(self, state: State) -> Candidates:
        weighed = self.weighed(state)
        if weighed is None:
            return NONE
        counts, mixture, chosen = weighed
        if self.judge is None:
            chance = mixture[chosen]
        else:
            rows = features(counts, mixture, chosen, state, self.usage, self.vocabulary, self.suffix_token)
            chance = self.judge.chance(rows)
            chance /= max(1.0, float(chance.sum()))
        order = np.argsort(-chance, kind="stable")
        best = chosen[order]
        return Candidates(
            tuple(counts.tokens[best].tolist()), tuple(chance[order].tolist()), tuple(counts.spaced[best].tolist())
        )

    def _beginning(self, tokens: Ints, started: str) -> NDArray[np.bool_]:
        low, high = self.vocabulary.stored_range(started)
        new = self.vocabulary.new_beginning_with(started)
        fits: NDArray[np.bool_] = (tokens >= low) & (tokens < high)
        return fits | np.isin(tokens, new) if new else fits

    def _anywhere(self, started: str) -> Rows:
        """Words that begin so, whatever stands before them: those of the file, and the commonest of the repository."""
        fits = np.flatnonzero(self._beginning(self.shelf.tokens, started))
        tokens, scope = self.shelf.tokens[fits], self.shelf.scope[fits]
        weight = np.ones(len(tokens), np.float32)
        if self.repository is not None:
            low, high = self.vocabulary.stored_range(started)
            starts = self.repository.index.starts
            often = np.diff(starts[low : high + 1])
            top = np.argsort(-often, kind="stable")[:8]
            tokens = np.concatenate((tokens, (low + top).astype(np.int32)))
            weight = np.concatenate((weight, np.log2(1 + often[top]).astype(np.float32)))
            scope = np.concatenate((scope, np.full(len(top), Scope.REPOSITORY, np.uint8)))
        return _nowhere(tokens, scope, weight)


def _first(values: NDArray[np.float64] | NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Where the least values stand, least first, equal ones in their order."""
    if len(values) <= 2 * most:
        return np.argsort(values, kind="stable")[:most]
    least = np.flatnonzero(values <= np.partition(values, most - 1)[most - 1])
    return least[np.argsort(values[least], kind="stable")[:most]]


def _nowhere(tokens: Ints, scope: Bytes | int, weight: NDArray[np.float32] | None = None) -> Rows:
    """Rows that share nothing with the context."""
    zeros = np.zeros(len(tokens), np.uint8)
    none = np.full(len(tokens), -1, np.int32)
    scopes = np.full(len(tokens), scope, np.uint8) if isinstance(scope, int) else scope
    return Rows(
        tokens, zeros, scopes, zeros, none, np.ones(len(tokens), np.float32) if weight is None else weight, none
    )


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
