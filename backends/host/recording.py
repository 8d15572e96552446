"""Recording what is done on a GPU of CUDA, to have it done again (https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor

from backends.host.memory import WORKING, gigabytes

Repeat = Callable[[], Tensor]
Record = Callable[[Callable[[], Tensor]], Repeat]
"""Records what a function tells the device to do, in memory that stays where it is, and returns what has it done again."""
WARM = 3
"""Times that a pass is made before it is recorded: the libraries choose their kernels, and take memory, the first times."""
SPARE = WORKING // 2
"""Bytes that recordings leave free, for the passes that are computed step by step."""


class TooLarge(RuntimeError):
    """A pass needs more memory than can be kept for it."""


def on_cuda(device: torch.device) -> Record:
    """By CUDA's graphs. They share one pool of memory, since none is repeated before the one before it has been looked at, and
    one stream, as the sharing asks for. The largest should come first: the others then find all they need in the pool."""
    pool = torch.cuda.graph_pool_handle()
    beside = torch.cuda.Stream(device)
    pooled = 0

    def record(work: Callable[[], Tensor]) -> Repeat:
        nonlocal pool, pooled
        with torch.cuda.device(device):
            current = torch.cuda.current_stream()
            needed = _warmed(work, beside, current)
            torch.cuda.empty_cache()
            left = torch.cuda.mem_get_info()[0] - max(0, needed - pooled)
            if needed > pooled and left < SPARE:
                raise TooLarge(f"it would take {gigabytes(needed)} and leave {gigabytes(max(0, left))}")
            graph = torch.cuda.CUDAGraph()
            try:
                with torch.cuda.graph(graph, pool=pool, stream=beside, capture_error_mode="thread_local"):
                    logits = work()
            except RuntimeError:
                _give_up(pool, current)
                if not pooled:  # a pool that no recording is left of cannot be taken again
                    pool = torch.cuda.graph_pool_handle()
                raise
            pooled = max(pooled, needed)

        def repeat() -> Tensor:
            graph.replay()
            return logits

        return repeat

    return record


def _warmed(work: Callable[[], Tensor], beside: torch.cuda.Stream, current: torch.cuda.Stream) -> int:
    """Bytes that the pass takes for itself."""
    torch.cuda.reset_peak_memory_stats()
    before: int = torch.cuda.memory_allocated()
    beside.wait_stream(current)
    with torch.cuda.stream(beside):
        for _ in range(WARM):
            work()
    current.wait_stream(beside)
    most: int = torch.cuda.max_memory_allocated()
    return most - before


def _give_up(pool: tuple[int, int], current: torch.cuda.Stream) -> None:
    """Where CUDA ends a recording with an error, torch leaves the recording's stream in place, and before
    https://github.com/pytorch/pytorch/pull/180395 its allocator goes on taking memory to be recorded: then `empty_cache` fails,
    and nothing that is cached is freed when memory runs out. What was taken so far may stay taken: to release the pool a
    second time, after torch, would end the process, and some versions release it."""
    torch.cuda.set_stream(current)
    with suppress(
        AttributeError, RuntimeError
    ):  # which the first of them raises where the recording was ended after all
        torch._C._cuda_endAllocateToPool(torch.cuda.current_device(), pool)
        torch._C._cuda_releasePool(torch.cuda.current_device(), pool)
    torch.cuda.synchronize()
