"""What a piece of work costs by the processor's own count, whatever else the machine and this process are busy with."""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import thread_time


def seconds(work: Callable[[], object], tries: int = 3) -> float:
    """Of this thread alone, the least of some tries. Without the collector, which after thousands of tests takes half a second
    for a look at all that they left, in whatever is measured at the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return min(_once(work) for _ in range(tries))
    finally:
        if collects:
            gc.enable()


def _once(work: Callable[[], object]) -> float:
    began = thread_time()
    work()
    return thread_time() - began
