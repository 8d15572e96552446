"""The lines that stand near the cursor, as arrays: what each begins with, how deep it stands, which line it belongs to.

At the start of a line token by token is the wrong way: a search that follows five ways on from each token never comes to the
line that is wanted, though that very line stands in the file or in one nearby in a third of all cases. So whole lines are
compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from backends.workspace.index import Ints
from backends.workspace.lexer import FILE, FIRST_WORD, IN, OUT, OUT2, OUT3, SAME

Hashes = NDArray[np.uint64]
Bools = NDArray[np.bool_]

_STEPS = np.zeros(FIRST_WORD, np.int32)
_STEPS[[IN, OUT, OUT2, OUT3]] = (1, -1, -2, -3)

_ODD = tuple(np.uint64(number) for number in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xBF58476D1CE4E5B9))


@dataclass(frozen=True, slots=True)
class Lines:
    """Line i is `tokens[start[i]:stop[i]]`. `step` is the token before it (a line's end, or `FILE`), `depth` its indent in
    steps from its file's first line, `parent` the number of the line that it is indented under (-1: none), `new` whether a
    file begins with it; `text` a hash of its tokens."""

    start: Ints
    stop: Ints
    step: Ints
    depth: Ints
    first: Ints
    second: Ints
    parent: Ints
    new: Bools
    text: Hashes

    def __len__(self) -> int:
        return len(self.start)


def lines_of(tokens: Ints) -> Lines:
    """The lines of one or several files, each of which begins with `FILE`. An empty line is none."""
    ends = np.flatnonzero((tokens == FILE) | ((tokens >= SAME) & (tokens <= OUT3)))
    start, stop = ends + 1, np.append(ends[1:], len(tokens))
    kept = stop > start
    start, stop = start[kept], stop[kept]
    step = tokens[start - 1]
    new = step == FILE
    number = np.arange(len(start))
    file = np.maximum.accumulate(np.where(new, number, 0)) if len(start) else number
    depth = np.cumsum(_STEPS[step])
    depth -= depth[file]
    second = np.where(stop - start > 1, tokens[np.minimum(start + 1, len(tokens) - 1)], -1)
    return Lines(
        start.astype(np.int32),
        stop.astype(np.int32),
        step,
        depth.astype(np.int32),
        tokens[start],
        second.astype(np.int32),
        _parents(depth.astype(np.int64), file),
        new,
        _hashes(tokens, start, stop),
    )


def joined(parts: Sequence[Lines], shifts: Sequence[int]) -> Lines:
    """All together, where the tokens of each part begin at its shift."""
    first = list(accumulate((len(part) for part in parts), initial=0))
    return Lines(
        np.concatenate([part.start + np.int32(shift) for part, shift in zip(parts, shifts, strict=True)]),
        np.concatenate([part.stop + np.int32(shift) for part, shift in zip(parts, shifts, strict=True)]),
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.depth for part in parts]),
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.second for part in parts]),
        np.concatenate(
            [
                np.where(part.parent < 0, part.parent, part.parent + np.int32(n))
                for part, n in zip(parts, first, strict=False)
            ]
        ),
        np.concatenate([part.new for part in parts]),
        np.concatenate([part.text for part in parts]),
    )


def hash_of(tokens: Ints) -> int:
    """The hash of one line's tokens."""
    return int(_mixed(tokens, np.arange(len(tokens))).sum(dtype=np.uint64))


def hashes_in(tokens: Ints, lines: Lines) -> Hashes:
    """The hashes of the lines where their tokens are `tokens`: their shapes, for one."""
    return _hashes(tokens, lines.start.astype(np.int64), lines.stop.astype(np.int64))


def _hashes(tokens: Ints, start: NDArray[np.int64], stop: NDArray[np.int64]) -> Hashes:
    if not len(start):
        return np.empty(0, np.uint64)
    first = int(start[0])
    from_start = np.arange(first, len(tokens))
    from_start -= np.repeat(start, np.diff(start, append=len(tokens)))
    sums = np.zeros(len(from_start) + 1, np.uint64)
    np.cumsum(_mixed(tokens[first:], from_start), out=sums[1:])
    found: Hashes = sums[stop - first] - sums[start - first]
    return found


def _mixed(tokens: Ints, place: NDArray[np.int64]) -> Hashes:
    mixed: Hashes = tokens.astype(np.uint64)
    mixed += _ODD[2]
    mixed *= _ODD[0]
    mixed += place.astype(np.uint64) * _ODD[1]
    mixed ^= mixed >> np.uint64(29)
    mixed *= _ODD[2]
    mixed ^= mixed >> np.uint64(32)
    return mixed


def _parents(depth: NDArray[np.int64], file: NDArray[np.int64]) -> Ints:
    """For each line the last one before it in its file that is less deep. Lines that have not found theirs look where the
    line they look at looks, which doubles how far they have come: nothing in between is less deep."""
    found = np.arange(-1, len(depth) - 1)
    looking = np.arange(len(depth))
    while True:
        looking = looking[found[looking] >= file[looking]]
        looking = looking[depth[found[looking]] >= depth[looking]]
        if not len(looking):
            break
        found[looking] = found[found[looking]]
    return np.where(found < file, np.int32(-1), found).astype(np.int32)
