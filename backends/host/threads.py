"""How many threads a pass is fastest with, here and now: measured, since shared and half cores count for little."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch

from context.clock import Clock

TRIES = 4
WORTH = 0.93
"""More threads must be faster by so much: fewer leave cores to the editor and suffer less from other work."""


def use_threads(count: int) -> None:
    """For the thread that calls it, and those that are made later."""
    torch.set_num_threads(count)


def processors() -> int:
    """That this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such thing on macOS
        return os.cpu_count() or 1


def candidates(most: int) -> list[int]:
    """1, 2, 4 and so on, and at last all but one: the editor needs one too. Two of two are tried all the same."""
    last = most - 1 if most > 2 else most
    return sorted({*(1 << power for power in range(last.bit_length()) if 1 << power <= last), last})


def fastest(work: Callable[[], object], most: int, clock: Clock) -> int:
    """The number of threads with which `work` takes least time: the best of a few tries each, as others disturb them."""
    best, least = 1, float("inf")
    for count in candidates(most):
        use_threads(count)
        work()
        took = min(_timed(work, clock) for _ in range(TRIES))
        if took < WORTH * least:
            best, least = count, took
    use_threads(best)
    return best


def _timed(work: Callable[[], object], clock: Clock) -> float:
    began = clock.now()
    work()
    return clock.now() - began
