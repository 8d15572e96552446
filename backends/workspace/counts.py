"""Rows of evidence, counted: how often each token followed, by scope and by how much of the context was shared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.workspace.evidence import Rows, Scope
from backends.workspace.lexer import IN, OUT3, SAME

SCOPES, BUCKETS = len(Scope), 8
"""Shared tokens are told apart as 0, 1, 2, 3, 4, 5-6, 7-9, 10-12."""
_BUCKET_OF = np.array([0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 7, 7, 7], np.uint8)

_TRUST = np.arange(len(_BUCKET_OF), dtype=np.float64) ** 2
"""What a row counts for by how much it shares."""

END = SAME
"""Every line-end token counts as this one: which indent follows is not asked for."""

UNSEEN = -1.0
"""For white space before a token that was never seen to follow."""

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Counts:
    """`tokens` (C,) that followed; `counts` (C, scopes, buckets): rows that share at least as much as the bucket says, and
    their `totals` (scopes, buckets); `spaced` (C,): share of rows with white space before the token, longer contexts counting
    more, or `UNSEEN`; `agrees` (C,): share of a token's rows that went on as the text after the cursor does."""

    tokens: NDArray[np.int32]
    counts: Floats
    totals: Floats
    spaced: Floats
    agrees: Floats


def count(rows: Rows, suffix_token: int) -> Counts:
    """`suffix_token` is the first token after the cursor, of its own line or of the next one."""
    followed = np.where((rows.token >= IN) & (rows.token <= OUT3), END, rows.token)
    tokens, which = _told_apart(followed)
    cell = (which * SCOPES + rows.scope) * BUCKETS + _BUCKET_OF[rows.length]
    shape = (len(tokens), SCOPES, BUCKETS)
    exact = np.bincount(cell, rows.weight, len(tokens) * SCOPES * BUCKETS).reshape(shape)
    counts = exact[:, :, ::-1].cumsum(2)[:, :, ::-1]
    trust = _TRUST[rows.length]
    weight = np.bincount(which, trust, len(tokens))
    known = np.maximum(weight, 1e-9)
    spaced = np.where(weight > 0, np.bincount(which, trust * rows.space, len(tokens)) / known, UNSEEN)
    agrees = np.bincount(which, trust * (rows.after == suffix_token), len(tokens)) / known
    return Counts(tokens, counts, counts.sum(0), spaced, agrees)


def _told_apart(tokens: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The different tokens, sorted, and the number among them of each."""
    order = tokens.argsort()
    ordered = tokens[order]
    begins = np.ones(len(tokens), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    which = np.empty(len(tokens), np.int64)
    which[order] = begins.cumsum() - 1
    return ordered[begins], which


_WIDE_FIRST = (Scope.SERIES, Scope.LINE, Scope.SHAPE, Scope.REPOSITORY, Scope.NEAR, Scope.FILE, Scope.FRESH)
_ORDER = tuple(int(scope) for scope in _WIDE_FIRST)


def mixed(counts: Counts) -> Floats:
    """Witten-Bell interpolation: longer contexts over shorter ones, and near scopes over wide ones within each length.
    The same evidence is counted once. Returns a probability per token; they sum to less than 1."""
    table = np.ascontiguousarray(counts.counts.transpose(1, 2, 0))
    totals: list[list[float]] = counts.totals.tolist()
    kinds: list[list[int]] = (table > 0).sum(2).tolist()
    chance = np.full(len(counts.tokens), 0.5 / (len(counts.tokens) + 10))
    for bucket in range(BUCKETS):
        for scope in _ORDER:
            total = totals[scope][bucket]
            if total == 0 or (bucket + 1 < BUCKETS and totals[scope][bucket + 1] == total):
                continue
            novel = kinds[scope][bucket]
            chance *= novel
            chance += table[scope, bucket]
            chance /= total + novel
    return chance
