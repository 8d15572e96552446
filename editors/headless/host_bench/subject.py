"""What is measured: a model with random weights, the engine made of it, and a note of every pass."""

from __future__ import annotations

import asyncio
import resource
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.host.engine import Engine
from backends.host.scheduler import Scheduler
from backends.host.shapes import random_model
from backends.host.threads import candidates, processors, use_threads
from context.clock import MonotonicClock

Say = Callable[[str], None]
CACHE_BYTES = 4 << 30
LONGEST = 8192
"""Tokens of a prompt and its answer, as where a user of the host says nothing."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds on the wall, and of all processors for this process: on a busy machine only the second is our own doing."""

    wall: float
    cpu: float

    @classmethod
    def since(cls, began: Took) -> Took:
        now = cls.now()
        return cls(now.wall - began.wall, now.cpu - began.cpu)

    @classmethod
    def now(cls) -> Took:
        return cls(time.perf_counter(), time.process_time())


def resident() -> int:
    """Bytes of memory in use; where the system does not say, the most there ever were."""
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Watched:
    """A reader that notes when its passes began and ended, for what a scheduler does not tell."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._changed = threading.Condition()
        self._reading = False
        self.ends: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def read(self, rows: list[Any], interrupted: Callable[[], bool]) -> Any:
        self._reading = True
        try:
            return self._reader.read(rows, interrupted)
        finally:
            with self._changed:
                self.ends.append(time.perf_counter())
                self._reading = False
                self._changed.notify_all()

    async def passes(self, count: int) -> None:
        """Returns after so many passes in all."""
        await asyncio.to_thread(self._until, lambda: len(self.ends) >= count)

    async def idle(self) -> None:
        """Returns when no pass is under way."""
        await asyncio.to_thread(self._until, lambda: not self._reading)

    def _until(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(reached, timeout=600)


@dataclass(slots=True)
class Subject:
    """`model` is as transformers made it until `engine()` takes it over."""

    shape: str
    model: Any
    weights: str
    threads: int | None
    say: Say

    @classmethod
    def of(cls, shape: str, weights: str, device: str, threads: int | None, say: Say) -> Subject:
        """`weights` auto: int8 on a CPU, bf16 on a GPU."""
        use_threads(threads or candidates(processors())[-1])
        if weights == "auto":
            weights = "int8" if device == "cpu" else "bf16"
        say(f"Making a model of the shape {shape}.")
        return cls(shape, random_model(shape, device, exact=weights == "fp32"), weights, threads, say)

    def engine(self, longest: int = LONGEST) -> Engine:
        int8 = self.weights == "int8"
        engine = Engine.of(
            self.model, cache_bytes=CACHE_BYTES, int8=int8, threads=self.threads, longest=longest, progress=self.say
        )
        engine.reader = Watched(engine.reader)
        return engine

    def scheduler(self, engine: Engine, *, drafts: bool = False) -> Scheduler:
        """Without drafts unless asked for: what they bring hangs on the text, and random weights write none."""
        return Scheduler(engine, MonotonicClock(), drafts=drafts)
