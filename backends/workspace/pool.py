"""Which whole lines are worth comparing at the start of a line: those that stood where something like this stood before.

Every line near the cursor gets a rough score from how alike its surroundings are to the cursor's; the best of them are handed
on to be judged closely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.workspace.evidence import Scope
from backends.workspace.index import CONTEXT, Ints
from backends.workspace.lexer import FILE, FIRST_WORD, HOLE, IN, OUT, OUT2, OUT3
from backends.workspace.lines import Hashes, Lines, joined, lines_of
from backends.workspace.shelf import Shelf

Floats = NDArray[np.float32]

PLACES, COMPARED = 240, 48
"""Places that are looked at closely, and different lines among them that are compared."""
LOOKED_BACK = 40
"""Tokens before a line that are held against those before the cursor."""
LONGEST = 40
"""Tokens of a line that is offered."""
ELSEWHERE = 5_000
"""Lines to a line that stands in another file."""
LEAST_CHANCE = 1e-4

ROUGH: tuple[str, ...] = (
    *("same", "same_log", "shape", "shape_log", "above1", "above2", "above", "second1", "below1", "below", "depth"),
    *("step", "fresh", "own", "distance", "first", "parent1", "parent2", "parent", "place"),
)
"""What is known of one place: how many tokens before it are the same as before the cursor, and how many are of the same shape;
whether the line above begins with the same token, the same two, or is the same; likewise the line above that, the line below,
the line it is indented under; and whether it stands at the same place under that."""

_LOG = np.log2(1 + np.arange(LOOKED_BACK + 1))
_STEP_OF: Mapping[int, int] = {IN: 1, OUT: -1, OUT2: -2, OUT3: -3}


@dataclass(frozen=True, slots=True)
class Pool:
    """The lines of `shelf`: of the files near the cursor, then from `after` on those after the cursor, and from `before` on
    those before it in its own file."""

    shelf: Shelf
    lines: Lines
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Here:
    """The cursor among the lines: the numbers of the line above, of the one above that, of the one it is indented under, and
    of the one below (-1: none); `place` is how many lines it is below its parent."""

    above: int
    second: int
    parent: int
    below: int
    depth: int
    step: int
    place: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Lines to compare, likeliest first by the rough score: `line` is where each stands best, `rough` what is known of its
    places at their best (k, len(ROUGH)), `score` the rough score, `rank` how many have a higher one, `text` the hash of its
    tokens, which are those of `tokens` from `begins` on. `made` (k, 2) says of lines that stand nowhere what they were made
    of (`made_lines.py`). `all_rough` and `scores` are those of every line nearby."""

    line: NDArray[np.int64]
    rough: Floats
    score: NDArray[np.float64]
    rank: NDArray[np.int64]
    text: Hashes
    tokens: Ints
    begins: NDArray[np.int64]
    made: Floats
    all_rough: Floats
    scores: NDArray[np.float64]


def pool_of(shelf: Shelf) -> Pool:
    near, tokens = shelf.near.lines, shelf.tokens[CONTEXT:-2]
    after, before = lines_of(tokens[shelf.after : shelf.before]), lines_of(tokens[shelf.before :])
    lines = joined((near, after, before), (0, shelf.after, shelf.before))
    return Pool(shelf, lines, len(near), len(near) + len(after))


def here(pool: Pool, context: Sequence[int]) -> Here:
    lines, size = pool.lines, len(pool.lines)
    step = context[-1] if context and context[-1] < FIRST_WORD else FILE
    below = pool.after if pool.after < pool.before else -1
    if pool.before == size:
        return Here(-1, -1, -1, below, 0, step, LONGEST)
    above = size - 1
    depth = int(lines.depth[above]) + _STEP_OF.get(step, 0)
    parent = above
    while parent >= 0 and lines.depth[parent] >= depth:
        parent = int(lines.parent[parent])
    second = above - 1 if above > pool.before else -1
    return Here(above, second, parent, below, depth, step, min(size - parent, LONGEST) if parent >= 0 else LONGEST)


def chosen(
    pool: Pool, at: Here, context: Sequence[int], shape: Sequence[int], first: Mapping[int, float], weights: Floats
) -> Chosen:
    """`context` and `shape` are what stands before the cursor, `first` the chances of the line's first token, `weights` those
    of `ROUGH`."""
    rough = rough_of(pool, at, context, shape, first)
    score: NDArray[np.float64] = (rough @ weights).astype(np.float64)
    offered = pool.lines.stop - pool.lines.start <= LONGEST
    score[~offered] = -np.inf
    size = min(PLACES, len(score))
    places = np.argpartition(-score, size - 1)[:size] if size else np.empty(0, np.int64)
    places = places[np.argsort(-score[places], kind="stable")]
    places = places[np.isfinite(score[places])]
    _, firsts, which = np.unique(pool.lines.text[places], return_index=True, return_inverse=True)
    if not len(places):
        return _none(rough, score)
    alike = np.argsort(which, kind="stable")
    best = np.maximum.reduceat(rough[places[alike]], np.searchsorted(which[alike], np.arange(len(firsts))))
    order = np.argsort(firsts)[:COMPARED]
    taken = places[firsts[order]]
    tokens, begins = tokens_of(pool, taken)
    whole = ~np.logical_or.reduceat(tokens == HOLE, begins)
    if not whole.any():
        return _none(rough, score)
    taken = taken[whole]
    return Chosen(
        taken,
        best[order][whole],
        score[taken],
        np.arange(len(taken)),
        pool.lines.text[taken],
        *tokens_of(pool, taken),
        np.zeros((len(taken), 2), np.float32),
        rough,
        score,
    )


def _none(rough: Floats, score: NDArray[np.float64]) -> Chosen:
    no, number = np.empty(0, np.int64), np.empty(0, np.float64)
    empty = np.empty((0, len(ROUGH)), np.float32)
    return Chosen(no, empty, number, no, no.astype(np.uint64), no.astype(np.int32), no, empty[:, :2], rough, score)


def tokens_of(pool: Pool, lines: NDArray[np.int64]) -> tuple[Ints, NDArray[np.int64]]:
    """The tokens of the lines one after the other, and where among them each line begins."""
    start, size = pool.lines.start[lines], pool.lines.stop[lines] - pool.lines.start[lines]
    begins = np.cumsum(size) - size
    return pool.shelf.tokens[np.arange(int(size.sum())) + np.repeat(start - begins + CONTEXT, size)], begins


def rough_of(pool: Pool, at: Here, context: Sequence[int], shape: Sequence[int], first: Mapping[int, float]) -> Floats:
    """(lines, len(ROUGH))"""
    lines, size = pool.lines, len(pool.lines)
    out = np.empty((len(ROUGH), size), np.float32)
    start = lines.start + np.int32(CONTEXT)
    ended = np.flatnonzero(lines.step == context[-1])
    same = _shared(pool.shelf.tokens, start, ended, context)
    alike = _shared(pool.shelf.shape, start, ended, shape)
    above = np.zeros(size, np.bool_)
    out[0], out[2] = np.minimum(same, 20), np.minimum(alike, 20)
    out[1], out[3] = _LOG[same], _LOG[alike]
    out[4:10], out[13], out[16:] = 0, 0, 0
    if at.above >= 0:
        above[1:] = (lines.first[:-1] == lines.first[at.above]) & ~lines.new[1:]
        out[4] = above
        out[5, 1:] = above[1:] & (lines.second[:-1] == lines.second[at.above])
        out[6, 1:] = above[1:] & (lines.text[:-1] == lines.text[at.above])
    if at.second >= 0:
        out[7, 2:] = above[2:] & (lines.first[:-2] == lines.first[at.second]) & ~lines.new[1:-1]
    if at.below >= 0:
        follows = (lines.first[1:] == lines.first[at.below]) & ~lines.new[1:]
        out[8, :-1] = follows
        out[9, :-1] = follows & (lines.text[1:] == lines.text[at.below])
    out[10] = lines.depth == at.depth
    out[11] = lines.step == at.step
    scope = pool.shelf.scope[start]
    out[12] = scope == Scope.FRESH
    out[13, pool.after :] = 1
    out[14] = np.log2(1 + ELSEWHERE)
    out[14, pool.after : pool.before] = np.log2(2 + np.arange(pool.before - pool.after))
    out[14, pool.before :] = np.log2(1 + np.arange(size - pool.before, 0, -1))
    near, which = pool.shelf.near.beginnings
    out[15, : pool.after] = _log_chances(near, first)[which]
    own, which = np.unique(lines.first[pool.after :], return_inverse=True)
    out[15, pool.after :] = _log_chances(own, first)[which]
    if at.parent >= 0:
        parent = lines.parent
        under = (parent >= 0) & (lines.first[parent] == lines.first[at.parent])
        out[16] = under
        out[17] = under & (lines.second[parent] == lines.second[at.parent])
        out[18] = under & (lines.text[parent] == lines.text[at.parent])
        out[19] = under & (np.arange(size) - parent == at.place)
    return out.T


def _log_chances(tokens: Ints, first: Mapping[int, float]) -> Floats:
    """Of each token to be the first of the line; `tokens` are sorted."""
    chances = np.full(len(tokens), LEAST_CHANCE, np.float32)
    for token, chance in first.items():
        at = int(np.searchsorted(tokens, token))
        if at < len(tokens) and tokens[at] == token:
            chances[at] = max(chance, LEAST_CHANCE)
    return np.log(chances)


def _shared(tokens: Ints, start: Ints, ended: NDArray[np.int64], wanted: Sequence[int]) -> Ints:
    """How many tokens before each place are those at the end of `wanted`; `ended` are the places for which the last one is.
    `tokens` begins with `CONTEXT` that match nothing."""
    found = np.zeros(len(start), np.int32)
    found[ended] = 1
    alive, place = ended, start[ended]
    for back in range(2, min(LOOKED_BACK, len(wanted)) + 1):
        going = np.flatnonzero((tokens[place - back] == wanted[-back]) & (place >= back))
        alive, place = alive[going], place[going]
        if not len(alive):
            break
        found[alive] = back
    return found
