"""Where two versions of a text differ, as one stretch. A megabyte costs microseconds: it compares pieces, then halves them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Text = TypeVar("Text", str, bytes)

PIECE = 65_536


def changed(old: Text, new: Text) -> tuple[int, int, int]:
    """The start of the difference, and its end in each text. All three are equal where nothing differs."""
    limit = min(len(old), len(new))
    start = _alike(lambda at, size: old[at : at + size] == new[at : at + size], limit)
    tail = _alike(
        lambda at, size: old[len(old) - at - size : len(old) - at] == new[len(new) - at - size : len(new) - at],
        limit - start,
    )
    return start, len(old) - tail, len(new) - tail


def _alike(same: Callable[[int, int], bool], limit: int) -> int:
    """How far `same(at, size)` holds from 0, up to the limit."""
    at, size = 0, PIECE
    while size:
        while at + size <= limit and same(at, size):
            at += size
        size //= 2
    return at
