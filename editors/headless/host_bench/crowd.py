"""Several editors typing at once against one host: does anybody wait much longer than the others, does memory grow."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any

from backends.host.jobs import Finish, HostError, Job
from backends.host.scheduler import Scheduler
from editors.headless.host_bench.subject import Subject, resident

CONTEXT = 500
TOKENS = 12
LINE = 30
"""Keys of a line; after it the prompt is laid out anew, as an editor's is, and part of it has to be read again."""


@dataclass(slots=True)
class Typist:
    """Types a key every 120 to 400 ms, asks at each, and reads the answer until the next."""

    name: str
    random: Random
    waits: list[float] = field(default_factory=list)
    keys: int = 0
    overtaken: int = 0
    errors: int = 0

    async def type(self, scheduler: Scheduler, until: float) -> None:
        text = [self.random.randrange(1000, 30_000) for _ in range(CONTEXT)]
        asked: asyncio.Task[None] | None = None
        while time.perf_counter() < until:
            self.keys += 1
            text.append(self.random.randrange(1000, 30_000))
            if self.keys % LINE == 0:
                del text[CONTEXT * 3 // 4 : -LINE]
            waiting = asked
            asked = asyncio.create_task(self._ask(scheduler, tuple(text)))
            await asyncio.sleep(self.random.uniform(0.12, 0.4))
            if waiting is not None:
                await waiting
        if asked is not None:
            await asked

    async def _ask(self, scheduler: Scheduler, ids: tuple[int, ...]) -> None:
        began = time.perf_counter()
        stream = scheduler.run(Job(ids, TOKENS, document=self.name, client=self.name))
        first = True
        try:
            async for _ in stream:
                if first:
                    self.waits.append(time.perf_counter() - began)
                    first = False
        except HostError:
            self.errors += 1
        self.overtaken += first and stream.finish is Finish.REPLACED


async def measure(subject: Subject, typists: int, seconds: float) -> dict[str, Any]:
    """What happened: counts, seconds to the first token, bytes of memory."""
    scheduler = subject.scheduler(subject.engine(), drafts=True)
    crowd = [Typist(f"typist {at}", Random(at)) for at in range(typists)]
    began = time.perf_counter()
    typing = [asyncio.create_task(typist.type(scheduler, began + seconds)) for typist in crowd]
    await asyncio.sleep(seconds / 3)
    before = resident()
    try:
        await asyncio.gather(*typing)
    finally:
        await scheduler.close()
    worst = [_p99(typist.waits) for typist in crowd]
    return {
        "shape": subject.shape,
        "typists": typists,
        "seconds": seconds,
        "load": os.getloadavg()[0],
        "keys": sum(typist.keys for typist in crowd),
        "overtaken": sum(typist.overtaken for typist in crowd),
        "errors": sum(typist.errors for typist in crowd),
        "p50": median(wait for typist in crowd for wait in typist.waits),
        "median p99": median(worst),
        "worst p99": max(worst),
        "unfairness": max(worst) / median(worst),
        "memory before": before,
        "memory after": resident(),
    }


def _p99(waits: list[float]) -> float:
    return sorted(waits)[int(0.99 * (len(waits) - 1))]
