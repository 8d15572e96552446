"""Git's index: what it knows of each file of the work tree (gitformat-index, versions 2 to 4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_FIXED = struct.Struct(">IIIIIIIIII")
LARGEST = 300_000_000

LONGEST = 4_096
"""Bytes of a path."""

MOST = 64_000_000
"""Bytes of all paths: version 4 says each as a difference of the one before, so that a small file could hold far more."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Size, time of change and object of a file as git last saw it. The time may be in whole seconds."""

    size: int
    mtime_ns: int
    object: bytes


def staged(data: bytes, hash_length: int = 20) -> dict[str, Staged]:
    """Path below the work tree → what git knows. Raises ValueError where the data is no index, or only a part of a split one."""
    try:
        return _read(data, hash_length)
    except (struct.error, IndexError) as error:
        raise ValueError("not an index") from error


def _read(data: bytes, hash_length: int) -> dict[str, Staged]:
    signature, version, count = struct.unpack_from(">4sII", data)
    if signature != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("not an index")
    found: dict[str, Staged] = {}
    at, path, together = 12, b"", 0
    for _ in range(count):
        start = at
        fields = _FIXED.unpack_from(data, at)
        at += _FIXED.size
        name = data[at : at + hash_length]
        at += hash_length
        (flags,) = struct.unpack_from(">H", data, at)
        at += 4 if flags & 0x4000 else 2
        if version == 4:
            cut, at = _length(data, at)
            if cut > len(path):
                raise ValueError("not an index")
            end = data.index(b"\0", at, at + LONGEST + 1)
            path = path[: len(path) - cut] + data[at:end]
            at = end + 1
        else:
            end = data.index(b"\0", at, at + LONGEST + 1)
            path = data[at:end]
            at = start + (end - start + 8) // 8 * 8
        together += len(path)
        if len(path) > LONGEST or together > MOST:
            raise ValueError("more paths than are read")
        if not flags & 0x3000:  # a file in a conflict has three entries, none of which is the file
            found[path.decode("utf-8", "surrogateescape")] = Staged(fields[9], fields[2] * 10**9 + fields[3], name)
    while at + 8 <= len(data) - hash_length:
        extension, size = struct.unpack_from(">4sI", data, at)
        if extension == b"link":
            raise ValueError("a split index")
        at += 8 + size
    return found


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A number as packs write offsets, and where it ends."""
    byte = data[at]
    value = byte & 127
    while byte & 128:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 127)
        if value > LONGEST:
            raise ValueError("not an index")
    return value, at + 1
