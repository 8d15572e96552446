"""An answer that does not end too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.host.jobs import Constraint

if TYPE_CHECKING:
    from torch import Tensor


class AtLeast:
    """A `Constraint`: none of `stop_ids` in the first `least` tokens, besides what `inner` asks for."""

    def __init__(self, stop_ids: frozenset[int], least: int, inner: Constraint | None) -> None:
        self._stop_ids, self._left, self._inner = sorted(stop_ids), least, inner

    def mask(self, logits: Tensor) -> None:
        if self._left > 0:
            logits[self._stop_ids] = float("-inf")
        if self._inner is not None:
            self._inner.mask(logits)

    def accept(self, token: int) -> None:
        self._left -= 1
        if self._inner is not None:
            self._inner.accept(token)
