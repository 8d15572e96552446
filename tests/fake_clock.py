"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count


class FakeClock:
    def __init__(self) -> None:
        self._now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        await woken

    def pass_by(self, seconds: float) -> None:
        """Lets work that does not wait take this long; wakes nobody."""
        self._now += seconds

    async def advance(self, seconds: float) -> None:
        """Moves time on, waking sleepers in order and letting each run until everything waits again."""
        target = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            self._now, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await settle()
        self._now = target
        await settle()


async def settle(turns: int = 20) -> None:
    """Lets every ready task run to its next wait."""
    for _ in range(turns):
        await asyncio.sleep(0)
