"""The nested model: which token comes next, and how surely.

One `Model` is one moment: the file around the cursor, the files near it, the index of the repository. It answers for any
sequence of tokens that could stand before the cursor, so the decoder may ask it about its own guesses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backends.workspace.counts import END, Counts, Floats, count, mixed
from backends.workspace.evidence import REPOSITORY, Bytes, Rows, Scope, in_index, places_in, together
from backends.workspace.features import State, features
from backends.workspace.index import CONTEXT, Index, Ints
from backends.workspace.lexer import FIRST_WORD
from backends.workspace.pool import Pool, pool_of
from backends.workspace.series import series_rows
from backends.workspace.shape import last_line, last_names, shape_of
from backends.workspace.shelf import Shelf
from backends.workspace.trees import Trees
from backends.workspace.usage import NEVER, Usage
from backends.workspace.vocabulary import Vocabulary

LIKELY, RECENT = 12, 8
"""Candidates judged: so many of the likeliest by evidence, and so many of the words used last."""


TAKEN = -1
_FILE = int(Scope.FILE)


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
    _pool: Pool | None = None
    _recent: Rows | None = None
    _known: dict[State, Candidates] = field(default_factory=dict)
    _rows: dict[tuple[tuple[int, ...], tuple[int, ...], int], Rows] = field(default_factory=dict)

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
        counts = count(rows, self.suffix_token if state.then == END else state.then)
        chance = mixed(counts)
        layout = counts.tokens[:FIRST_WORD].tolist()  # They are sorted: what cannot be offered comes first.
        never = [at for at, token in enumerate(layout) if token < FIRST_WORD and token != END]
        unlikely = -chance
        unlikely[never] = 1.0
        order = _first(unlikely, LIKELY + RECENT)[: len(chance) - len(never)]
        likely, ago = order[:LIKELY], self.usage.ago(counts.tokens)
        ago[never] = NEVER
        ago[likely] = NEVER
        recent = _first(ago, RECENT)
        recent = recent[ago[recent] < NEVER]
        unused = order[LIKELY:]
        if len(recent):
            ago[recent] = TAKEN
            unused = unused[ago[unused] != TAKEN]
        chosen = np.concatenate((likely, recent, unused))[: LIKELY + RECENT]
        if state.then != END:  # Whether the guess may be over is asked everywhere.
            then = np.searchsorted(counts.tokens, state.then)
            if then < len(counts.tokens) and counts.tokens[then] == state.then and then not in chosen:
                chosen[-1] = then
        return counts, chance, chosen

    def rows(self, state: State) -> Rows:
        context, words = state.context, self.vocabulary
        near = context[-CONTEXT:]
        key = near, state.line, state.then
        found = self._rows.get(key)
        if found is None:
            parts = [
                self.shelf.find(near),
                self.shelf.find_shape(shape_of(context, words), last_names(context, words)),
                self.shelf.find_line(shape_of(context, words, in_lines=True), last_names(last_line(context), words)),
                series_rows(self.shelf, state.line, words),
                self._recent_rows(),
            ]
            if self.repository is not None:
                parts.append(in_index(self.repository.index, near, self.repository.hidden))
            if state.then != END:
                parts.append(_nowhere(np.array([state.then], np.int32), _FILE))
            found = together(parts)
            if self.without:
                found = _only(found, ~np.isin(found.scope, self.without))
            self._rows[key] = found
        if state.started:
            return self._beginning(found, state.started)
        return found

    def _recent_rows(self) -> Rows:
        if self._recent is None:
            self._recent = _nowhere(self.recent, _FILE)
        return self._recent

    @property
    def pool(self) -> Pool:
        """The lines nearby."""
        if self._pool is None:
            self._pool = pool_of(self.shelf)
        return self._pool

    def origins(self, state: State, token: int) -> dict[str, float]:
        """The files in which `token` was seen to follow, weighted by how much of the context they share."""
        context = state.context[-CONTEXT:]
        found: dict[str, float] = {}
        shelf = self.shelf
        near, lengths = shelf.places(context)
        same = np.flatnonzero(shelf.tokens[near] == token)
        for place, length in zip(near[same].tolist(), lengths[same].tolist(), strict=True):
            path = shelf.file_at(place)
            found[path] = found.get(path, 0.0) + length**2
        if self.repository is None:
            return found
        index = self.repository.index
        far = places_in(index, context, self.repository.hidden)
        if far is not None:
            same = np.flatnonzero(index.tokens[far.place] == token)
            files = np.searchsorted(index.first_of, far.place[same], side="right") - 1
            for file, length in zip(files.tolist(), far.length[same].tolist(), strict=True):
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

    def _beginning(self, rows: Rows, started: str) -> Rows:
        """The rows whose token begins so, and words that do, whatever stands before them: those of the file, and the
        commonest of the repository."""
        low, high = self.vocabulary.stored_range(started)
        new = self.vocabulary.new_beginning_with(started)
        tokens, scope, weight = self.shelf.words(lambda tokens: _among(tokens, low, high, new))
        if self.repository is not None:
            starts = self.repository.index.starts
            often = np.diff(starts[low : high + 1])
            top = np.argsort(-often, kind="stable")[:8]
            tokens = np.concatenate((tokens, (low + top).astype(np.int32)))
            weight = np.concatenate((weight, np.log2(1 + often[top]).astype(np.float32)))
            scope = np.concatenate((scope, np.full(len(top), REPOSITORY, np.uint8)))
        return together((_only(rows, _among(rows.token, low, high, new)), _nowhere(tokens, scope, weight)))


def _among(tokens: Ints, low: int, high: int, others: list[int]) -> NDArray[np.bool_]:
    """Whether each is in the range or one of the others."""
    fits: NDArray[np.bool_] = (tokens >= low) & (tokens < high)
    return fits | np.isin(tokens, others) if others else fits


def _first(values: NDArray[np.float64] | NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Where the least values stand, least first, equal ones in their order."""
    if len(values) <= 2 * most:
        return np.argsort(values, kind="stable")[:most]
    least = np.flatnonzero(values <= np.partition(values, most - 1)[most - 1])
    return least[np.argsort(values[least], kind="stable")[:most]]


def _nowhere(tokens: Ints, scope: Bytes | int, weight: NDArray[np.float32] | None = None) -> Rows:
    """Rows that share nothing with the context."""
    zeros = np.zeros(len(tokens), np.uint8)
    scopes = np.full(len(tokens), scope, np.uint8) if isinstance(scope, int) else scope
    weights = np.ones(len(tokens), np.float32) if weight is None else weight
    return Rows(tokens, zeros, scopes, zeros, np.full(len(tokens), -1, np.int32), weights)


def _only(rows: Rows, keep: NDArray[np.bool_]) -> Rows:
    return Rows(
        rows.token[keep],
        rows.length[keep],
        rows.scope[keep],
        rows.space[keep],
        rows.after[keep],
        rows.weight[keep],
    )
