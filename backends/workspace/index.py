"""All tokens of a repository, sorted by what stands before them, in one file that is mapped and never parsed.

`order` is a suffix array turned round: it lists every place in `tokens` sorted by the up to twelve tokens before it,
nearest first. All places that share their last k tokens with the cursor are then one range, and the ranges for growing
k are nested: the counts of every n-gram order come from one descent.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import tempfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backends.workspace.vocabulary import Words
from context.private_folder import make_private

Ints = NDArray[np.int32]

CONTEXT = 12
"""Tokens before a place that are told apart."""
ALL_UP_TO = 256
"""A range of at most so many places is taken whole; a longer one is sampled evenly."""

AT_ONCE = 400_000
"""Places sorted at once while an index is built."""

_MAGIC = b"INFILLWS"
_VERSION = 3
_HEAD = struct.Struct("<8sIII")


def view(array: NDArray[np.generic]) -> memoryview:
    """The array's own memory: reading one item of it costs a third of reading one item of the array."""
    return np.ascontiguousarray(array).data


class Unusable(Exception):
    """The file is not an index of this version, or it is damaged: build it again."""


class Index:
    """A built index. `first_of` is where each file's tokens begin; `paths` are relative to their roots, with `stamps`
    (size, modification time in ns) of what was read."""

    def __init__(
        self,
        words: Words,
        tokens: Ints,
        space: NDArray[np.uint8],
        order: Ints,
        starts: Ints,
        first_of: Ints,
        paths: Sequence[str],
        stamps: Sequence[tuple[int, int]],
    ) -> None:
        self.words, self.tokens, self.space, self.order, self.starts = words, tokens, space, order, starts
        self.first_of, self.paths, self.stamps = first_of, list(paths), list(stamps)
        self.number_of = {path: number for number, path in enumerate(self.paths)}
        self._token_at = view(tokens)
        self._place_at = view(order)

    def span(self, number: int) -> tuple[int, int]:
        """First and one past the last place of a file's tokens."""
        return int(self.first_of[number]), int(self.first_of[number + 1])

    def ranges(self, context: Sequence[int]) -> list[tuple[int, int]]:
        """For k = 1, 2, …: the range of `order` whose places follow the last k tokens of `context`. Ends where nothing
        follows, and after the first range that is short enough to be taken whole."""
        last = context[-1] if context else -1
        if not 0 <= last < len(self.starts) - 1:
            return []
        low, high = int(self.starts[last]), int(self.starts[last + 1])
        found: list[tuple[int, int]] = []
        depth = 1
        while low < high:
            found.append((low, high))
            depth += 1
            if high - low <= ALL_UP_TO or depth > min(CONTEXT, len(context)):
                break
            wanted = context[-depth]

            def token_before(place: int, back: int = depth) -> int:
                return int(self._token_at[place - back]) if place >= back else -1

            low = bisect_left(self._place_at, wanted, low, high, key=token_before)
            high = bisect_right(self._place_at, wanted, low, high, key=token_before)
        return found

    def places(self, low: int, high: int) -> Ints:
        """The places of a range, evenly sampled where it is long."""
        if high - low <= ALL_UP_TO:
            return self.order[low:high]
        return self.order[low : high : -(-(high - low) // ALL_UP_TO)]


def sorted_by_context(tokens: Ints) -> tuple[Ints, Ints]:
    """(`order`, `starts`) by doubling: places ranked by their last token, then 2, 4, 8, 16. Each step sorts within the groups
    of the first token, some hundred thousand places at a time, so that a long index needs little memory."""
    size = len(tokens)
    before = np.zeros(size, np.int32)
    before[1:] = tokens[:-1]
    starts = np.zeros(int(before.max(initial=0)) + 2, np.int32)
    starts[1:] = np.cumsum(np.bincount(before, minlength=len(starts) - 1))
    slices = _slices(starts)
    order = np.empty(size, np.int32)
    for (low, high), (first, last) in slices:
        places = np.flatnonzero((before >= first) & (before < last)).astype(np.int32)
        order[low:high] = places[np.argsort(before[places], kind="stable")]
    rank, depth = before, 1
    del before  # else it would be held, next to four arrays as large, for as long as is sorted
    while depth < CONTEXT:
        for (low, high), _ in slices:
            places = order[low:high]
            order[low:high] = places[np.argsort(_key(rank, places, depth), kind="stable")]
        finer = np.empty(size, np.int32)
        count = 0
        for (low, high), _ in slices:
            places = order[low:high]
            key = _key(rank, places, depth)
            differs = np.ones(len(places), np.int32)
            differs[1:] = key[1:] != key[:-1]
            finer[places] = np.cumsum(differs, dtype=np.int32) + count
            count += int(differs.sum())
        rank, depth = finer, 2 * depth
    return order, starts


def _key(rank: Ints, places: Ints, depth: int) -> NDArray[np.int64]:
    """Ranks of the places and of those `depth` before them (0 where the text does not reach so far), in one number each."""
    key = rank[places].astype(np.int64)
    key <<= 32
    back = places - depth
    key |= np.where(back >= 0, rank[np.maximum(back, 0)], 0)
    return key


def _slices(starts: Ints) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """((low, high) in the order, (first, last) token) of groups of whole tokens, of some hundred thousand places each."""
    found, first = [], 0
    for token in range(1, len(starts)):
        if starts[token] - starts[first] >= AT_ONCE or token == len(starts) - 1:
            found.append(((int(starts[first]), int(starts[token])), (first, token)))
            first = token
    return found


def build(
    words: Sequence[bytes],
    tokens: Ints,
    space: NDArray[np.uint8],
    first_of: Ints,
    paths: Sequence[str],
    stamps: Sequence[tuple[int, int]],
) -> Index:
    """`words` sorted; ids in `tokens` are `FIRST_WORD` plus the rank."""
    order, starts = sorted_by_context(tokens)
    offsets = np.zeros(len(words) + 1, np.int32)
    if words:
        offsets[1:] = np.cumsum([len(word) for word in words])
    held = Words(memoryview(b"".join(words)), view(offsets))
    return Index(held, tokens, space, order, starts, first_of, paths, stamps)


def save(index: Index, path: Path) -> None:
    """Writes beside `path` and renames, so that a reader sees the old file or the new one. Readable by the owner only."""
    blob = bytes(index.words._blob)
    offsets = np.asarray(index.words._offsets, np.int32)
    parts: list[bytes | memoryview] = [
        json.dumps({"paths": index.paths, "stamps": index.stamps}).encode(),
        blob,
        *(view(a).cast("B") for a in (offsets, index.tokens, index.space, index.order, index.starts, index.first_of)),
    ]
    table = struct.pack(f"<{len(parts)}Q", *(len(part) for part in parts))
    check = zlib.crc32(table)
    for part in parts:
        check = zlib.crc32(part, check)
    make_private(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".building-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_HEAD.pack(_MAGIC, _VERSION, len(parts), check))
            file.write(table)
            for part in parts:
                file.write(b"\0" * (-file.tell() % 8))
                file.write(part)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def load(path: Path) -> Index:
    """Maps the file. Raises `Unusable` where it is missing, of another version or damaged."""
    try:
        with path.open("rb") as file:
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        magic, version, count, check = _HEAD.unpack_from(mapped)
        if magic != _MAGIC or version != _VERSION:
            raise Unusable("another version")
        table = mapped[_HEAD.size : _HEAD.size + 8 * count]
        at = _HEAD.size + 8 * count
        found = zlib.crc32(table)
        parts: list[memoryview] = []
        for length in struct.unpack(f"<{count}Q", table):
            at += -at % 8
            part = mapped[at : at + length]
            found = zlib.crc32(part, found)
            parts.append(part)
            at += length
        if found != check:
            raise Unusable("damaged")
        about = json.loads(bytes(parts[0]))
        tokens, order, starts, first_of = (np.frombuffer(parts[n], np.int32) for n in (3, 5, 6, 7))
        return Index(
            Words(parts[1], parts[2].cast("i")),
            tokens,
            np.frombuffer(parts[4], np.uint8),
            order,
            starts,
            first_of,
            about["paths"],
            [(size, mtime) for size, mtime in about["stamps"]],
        )
    except Unusable:
        raise
    except (OSError, ValueError, KeyError, IndexError, struct.error, TypeError) as error:
        raise Unusable(type(error).__name__) from error
