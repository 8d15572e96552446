"""What a CUDA graph does, on a CPU: the operations of a function are written down with the memory they work on, and done again.

Python is not asked again, so what it decided stays decided, and only what stands in memory can be different the next time. A
value that is read back from the device, for which a GPU could not go on, is an error, as it is while a graph is captured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

aten = torch.ops.aten
READ_BACK = (
    aten._local_scalar_dense.default,
    aten.item.default,
    aten.is_nonzero.default,
    aten.nonzero.default,
    aten.resolve_conj.default,
)
"""By which Python asks what is in a tensor; the last is how `tolist` begins."""


class _Written(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in READ_BACK:
            raise RuntimeError("operation not permitted when stream is capturing")
        made = func(*args, **(kwargs or {}))
        self.steps.append((func, args, kwargs or {}, made))
        return made


def record(work: Callable[[], Tensor]) -> Callable[[], Tensor]:
    written = _Written()
    with written:
        logits = work()

    def repeat() -> Tensor:
        for func, args, kwargs, made in written.steps:
            _put(func(*args, **kwargs), made)
        return logits

    return repeat


def _put(new: Any, old: Any) -> None:
    """Into the memory it was in the first time, as far as it is not there: views and what is written in place are."""
    for one, other in zip(tree_flatten(new)[0], tree_flatten(old)[0], strict=True):
        if isinstance(other, Tensor) and one.data_ptr() != other.data_ptr():
            other.copy_(one)
