"""The only source of time. Everything that waits or measures takes a `Clock`, so that tests need no sleep."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None: ...


def worked() -> float:
    """Processor seconds of this thread so far: for bounds on what work may cost, which must not hang on what else runs."""
    return time.thread_time()


class MonotonicClock:
    """The real one."""

    def now(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
