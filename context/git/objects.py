"""Commits and trees out of a repository's object store: loose objects and packs (gitformat-pack), as far as they are sound."""

from __future__ import annotations

import mmap
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from context.git.reading import small

LARGEST = 4_000_000
"""Bytes of an object that is read; a commit or a tree has far fewer."""

MOST = 32_000_000
"""Bytes read, unpacked or made in one reading. Names are not checked against contents, so that a tree may hold itself."""

OBJECT = 4_000
"""Bytes that an object counts for beside its own."""

DEEPEST = 60
"""Objects that one may be written as a difference of."""

MOST_PACKS = 60

LONGEST_NUMBER = 64
"""Bits."""

COMMIT, TREE = 1, 2
_KINDS = (b"", b"commit", b"tree", b"blob", b"tag")
_OFFSET, _REFERENCE = 6, 7


class Unsound(Exception):
    """The store does not hold what it says, or more than is read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a tree."""

    mode: bytes
    object: bytes


@dataclass(slots=True)
class _Pack:
    index: mmap.mmap
    data: mmap.mmap
    count: int


class Objects:
    """For one reading, which ends in `Unsound` when `MOST` is spent: packs stay mapped until `close`."""

    def __init__(self, git: Path, hash_length: int = 20) -> None:
        self._folder, self._length = git / "objects", hash_length
        self._left = MOST
        self._packs = list(self._opened())

    def commit(self, name: bytes) -> tuple[bytes, bytes]:
        """A commit's tree and its first parent, b"" where it has none. Raises `Unsound`."""
        lines = self._read(name, COMMIT).split(b"\n", 2)
        parent = lines[1] if lines[1:] and lines[1].startswith(b"parent ") else b""
        return self._named(b"tree ", lines[0]), self._named(b"parent ", parent) if parent else b""

    def tree(self, name: bytes) -> dict[bytes, Entry]:
        """A folder's entries by name. Raises `Unsound`."""
        data, at = self._read(name, TREE), 0
        entries: dict[bytes, Entry] = {}
        while at < len(data):
            end = data.find(b"\0", at)
            mode, space, path = data[at:end].partition(b" ")
            at = end + 1 + self._length
            if end < 0 or not space or at > len(data):
                raise Unsound
            entries[path] = Entry(mode, data[end + 1 : at])
        return entries

    def has(self, name: bytes) -> bool:
        """Raises `Unsound` where that can't be told."""
        try:
            return self._loose(name).is_file() or self._find(name) is not None
        except OSError as error:
            raise Unsound from error

    def spend(self, size: int) -> None:
        """Raises `Unsound` where more is read or kept than `MOST` bytes."""
        self._left -= size
        if self._left < 0:
            raise Unsound

    def close(self) -> None:
        for pack in self._packs:
            pack.index.close()
            pack.data.close()

    def _named(self, label: bytes, line: bytes) -> bytes:
        """The object that a line of a commit names."""
        try:
            name = bytes.fromhex(line.removeprefix(label).decode("ascii"))
        except ValueError as error:
            raise Unsound from error
        if not line.startswith(label) or len(name) != self._length:
            raise Unsound
        return name

    def _read(self, name: bytes, kind: int) -> bytes:
        self.spend(OBJECT)
        try:
            found, data = self._packed(name) if self._find(name) else self._unpacked(name)
        except (zlib.error, IndexError, ValueError, OSError) as error:
            raise Unsound from error
        if found != kind:
            raise Unsound
        return data

    def _loose(self, name: bytes) -> Path:
        return self._folder / name.hex()[:2] / name.hex()[2:]

    def _unpacked(self, name: bytes) -> tuple[int, bytes]:
        whole = self._inflated(small(self._loose(name), LARGEST), 0, LARGEST + 64)
        head, _, data = whole.partition(b"\0")
        return _KINDS.index(head.partition(b" ")[0]), data

    def _packed(self, name: bytes) -> tuple[int, bytes]:
        place = self._find(name)
        if place is None:
            raise Unsound
        pack, at = place
        deltas: list[bytes] = []
        while True:
            kind, size, start = _head(pack.data, at)
            if size > LARGEST or len(deltas) > DEEPEST:
                raise Unsound
            if kind == _OFFSET:
                back, start = _offset(pack.data, start)
                deltas.append(self._inflated(pack.data, start, size))
                at -= back
                if not back or at < 0:
                    raise Unsound
            elif kind == _REFERENCE:
                place = self._find(pack.data[start : start + self._length])
                deltas.append(self._inflated(pack.data, start + self._length, size))
                if place is None:
                    raise Unsound
                pack, at = place
            else:
                data = self._inflated(pack.data, start, size)
                for delta in reversed(deltas):
                    data = _patched(data, delta)
                    self.spend(len(data))
                return kind, data

    def _inflated(self, data: bytes | mmap.mmap, at: int, size: int) -> bytes:
        """What is packed there, never more than `size` bytes of it."""
        stream = zlib.decompressobj()
        out = bytearray()
        while len(out) < size and not stream.eof:
            piece = data[at : at + 16_384]
            if not piece:
                break
            at += len(piece)
            made = stream.decompress(piece, size - len(out))
            self.spend(len(piece) - len(stream.unused_data) + len(made))
            out += made
        return bytes(out)

    def _find(self, name: bytes) -> tuple[_Pack, int] | None:
        """The pack that holds an object, and where, by the pack's sorted index."""
        first = name[0]
        for pack in self._packs:
            low = _unsigned(pack.index, 8 + 4 * (first - 1)) if first else 0
            high = _unsigned(pack.index, 8 + 4 * first)
            if not low <= high <= pack.count:
                continue
            while low < high:
                middle = (low + high) // 2
                at = 1032 + self._length * middle
                there = pack.index[at : at + self._length]
                if there == name:
                    return pack, self._place(pack, middle)
                low, high = (middle + 1, high) if there < name else (low, middle)
        return None

    def _place(self, pack: _Pack, number: int) -> int:
        offsets = 1032 + (self._length + 4) * pack.count
        offset = _unsigned(pack.index, offsets + 4 * number)
        if offset & 0x80000000:
            offset = _unsigned(pack.index, offsets + 4 * pack.count + 8 * (offset & 0x7FFFFFFF), 8)
        return offset

    def _opened(self) -> Iterator[_Pack]:
        try:
            found = sorted((self._folder / "pack").glob("*.idx"), key=_written_at, reverse=True)
        except (OSError, ValueError):  # no path at all, by what a repository says of where it is
            return
        for path in found[:MOST_PACKS]:
            try:
                index = _mapped(path)
                if index[:8] != b"\xfftOc\0\0\0\2":
                    index.close()
                    continue
                yield _Pack(index, _mapped(path.with_suffix(".pack")), _unsigned(index, 8 + 4 * 255))
            except (OSError, ValueError, Unsound):
                continue


def _unsigned(data: mmap.mmap, at: int, size: int = 4) -> int:
    piece = data[at : at + size]
    if len(piece) < size:
        raise Unsound
    return int.from_bytes(piece)


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _mapped(path: Path) -> mmap.mmap:
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
    finally:
        os.close(handle)


def _head(data: mmap.mmap, at: int) -> tuple[int, int, int]:
    """Kind and size of an object in a pack, and where what follows begins."""
    byte = data[at]
    kind, size, shift = (byte >> 4) & 7, byte & 15, 4
    while byte & 128:
        at += 1
        byte = data[at]
        size |= (byte & 127) << shift
        shift += 7
        if shift > LONGEST_NUMBER:
            raise Unsound
    return kind, size, at + 1


def _offset(data: mmap.mmap, at: int) -> tuple[int, int]:
    byte = data[at]
    value = byte & 127
    while byte & 128:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 127)
        if value >> LONGEST_NUMBER:
            raise Unsound
    return value, at + 1


def _patched(base: bytes, delta: bytes) -> bytes:
    """What a difference makes of its base: copies of its parts, and new bytes."""
    _, at = _number(delta, 0)
    size, at = _number(delta, at)
    if size > LARGEST:
        raise Unsound
    out = bytearray()
    while at < len(delta):
        order = delta[at]
        at += 1
        if order & 128:
            start = length = 0
            for bit in range(4):
                if order & (1 << bit):
                    start |= delta[at] << (8 * bit)
                    at += 1
            for bit in range(3):
                if order & (16 << bit):
                    length |= delta[at] << (8 * bit)
                    at += 1
            out += base[start : start + (length or 0x10000)]
        elif order:
            out += delta[at : at + order]
            at += order
        if not order or len(out) > size:
            raise Unsound
    return bytes(out)


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return value, at
        if shift > LONGEST_NUMBER:
            raise Unsound
