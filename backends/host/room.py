"""Where the memory of kept sequences comes from: piece by piece from the system, or all of it at once.

A pass that a GPU repeats from a recording finds keys and values only where they were when it was recorded. In one piece of memory
that never moves, a number is enough to say where a sequence begins, and the number may change from pass to pass.
"""

from __future__ import annotations

from bisect import insort
from typing import Protocol

import torch
from torch import Tensor


class Room(Protocol):
    """Pieces of memory, never more than was allowed in all; sizes are in numbers, not bytes.

    `take` is None where that would be too much. With `instead_of` it gives that piece back if there is room for the new one, and
    the two may lie over one another.
    """

    def take(self, size: int, instead_of: Tensor | None = None) -> Tensor | None: ...
    def give(self, piece: Tensor) -> None: ...


class Heap:
    """Each piece for itself: on a CPU, where memory that is not used is left to others."""

    def __init__(self, most: int, dtype: torch.dtype, device: torch.device) -> None:
        self._left, self._dtype, self._device = most, dtype, device

    def take(self, size: int, instead_of: Tensor | None = None) -> Tensor | None:
        """Raises what torch raises where the system has no memory; then nothing is given back."""
        more = size if instead_of is None else size - len(instead_of)
        if more > self._left:
            return None
        piece = torch.empty(size, dtype=self._dtype, device=self._device)
        self._left -= more
        return piece

    def give(self, piece: Tensor) -> None:
        self._left += len(piece)


class Arena:
    """One `memory`, of which pieces are parts, each in the first gap that is wide enough."""

    def __init__(self, most: int, dtype: torch.dtype, device: torch.device) -> None:
        self.memory = torch.empty(most, dtype=dtype, device=device)
        self._taken: list[tuple[int, int]] = []  # (start, end), in order

    def take(self, size: int, instead_of: Tensor | None = None) -> Tensor | None:
        start = self._gap(size)
        if instead_of is not None:
            self.give(instead_of)
            start = self._gap(size) if start is None else start
            if start is None:
                insort(self._taken, _ends(instead_of))
        if start is None:
            return None
        insort(self._taken, (start, start + size))
        return self.memory[start : start + size]

    def give(self, piece: Tensor) -> None:
        self._taken.remove(_ends(piece))

    def _gap(self, size: int) -> int | None:
        start = 0
        for begins, ends in self._taken:
            if begins - start >= size:
                return start
            start = ends
        return start if start + size <= len(self.memory) else None


def apart(one: Tensor, other: Tensor) -> bool:
    """Whether two pieces have no memory in common."""
    (start, end), (begins, ends) = _ends(one), _ends(other)
    return one.untyped_storage().data_ptr() != other.untyped_storage().data_ptr() or end <= begins or ends <= start


def _ends(piece: Tensor) -> tuple[int, int]:
    start = int(piece.storage_offset())
    return start, start + len(piece)
