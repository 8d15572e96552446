"""What the header of a safetensors file says of its tensors, believed only where it is true of the file.

Every tensor has numbers, lies in its place with as many bytes as its shape has, and the places fill the file: a header cannot
make a model larger than the bytes that are there.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from backends.host.regular import opened, parsed

SIZES: Mapping[str, float] = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}
"""Bytes of one number, by safetensors' name of its type."""
MOST_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class Tensor:
    """`start` and `end` count from the end of the header."""

    name: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """`length` in bytes."""

    tensors: tuple[Tensor, ...]
    length: int


def header(path: Path, most: int) -> Header:
    """Raises ValueError where it is damaged or longer than `most`, and OSError."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(most, size - 8):
                raise ValueError("the header is longer than the file or than any model's")
            found = tuple(_tensors(parsed(file.read(length))))
        except (struct.error, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"the header is none: {error}") from error
    _must_fill(found, size - 8 - length)
    return Header(found, length)


def _tensors(written: Mapping[str, Any]) -> Iterator[Tensor]:
    for name, about in written.items():
        if name == "__metadata__":
            continue
        shape, (start, end) = tuple(about["shape"]), about["data_offsets"]
        if len(shape) > MOST_DIMENSIONS or not all(type(number) is int for number in (*shape, start, end)):
            raise ValueError("a tensor's shape is none")
        if min(shape, default=1) < 1:
            raise ValueError("a tensor is empty")
        if end - start != prod(shape) * SIZES[about["dtype"]]:
            raise ValueError("a tensor has other bytes than its shape")
        yield Tensor(name, shape, start, end)


def _must_fill(tensors: tuple[Tensor, ...], size: int) -> None:
    reached = 0
    for tensor in sorted(tensors, key=lambda each: each.start):
        if tensor.start != reached:
            raise ValueError("a tensor lies in the place of another, or nothing does")
        reached = tensor.end
    if reached != size:
        raise ValueError("the file is longer or shorter than its tensors")
