"""Time that stands still in a language server until a bench moves it.

Everything is the server as editors start it, over its own pipes; only the clock is the bench's: the event loop and the session
read it, and where the loop would sleep it says until when and waits to be told the time. So an hour of typing takes minutes, a
run can be repeated, and a busy machine changes nothing in it.
"""

from __future__ import annotations

import asyncio
import os
import selectors
import struct
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

TICK = struct.Struct("<Qd")
"""To the server: the number of the tick and the time. From it: the last tick's number and when it wants to be woken."""

FOREVER = float("inf")

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class FrozenSelector(selectors.DefaultSelector):
    """Reports that the loop has nothing to do instead of letting time pass. `control` is the bench's end of a socket.

    A loop whose threads are `working`, or one of whose connections is being made or is full, has something to do.
    """

    def __init__(self, control: int) -> None:
        super().__init__()
        self.now, self._tick, self._control, self._told = 0.0, 0, control, (0, -1.0)
        self.working = 0
        self.register(control, selectors.EVENT_READ, None)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        wake = FOREVER if timeout is None else self.now + timeout
        while True:
            ready = self._ready(0)
            if ready or (timeout is not None and wake <= self.now):
                return ready
            told = (self._tick, wake)
            if told != self._told and not self.working and not self._is_sending():
                self._told = told
                os.write(self._control, TICK.pack(*told))
            if ready := self._ready(None):
                return ready

    def _is_sending(self) -> bool:
        return any(key.events & selectors.EVENT_WRITE for key in self.get_map().values())

    def _ready(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = []
        for key, events in super().select(timeout):
            if key.fd == self._control:
                data = os.read(self._control, TICK.size)
                if not data:
                    os._exit(0)  # the bench has gone
                self._tick, self.now = TICK.unpack(data)
            else:
                ready.append((key, events))
        return ready


class FrozenLoop(asyncio.SelectorEventLoop):
    def __init__(self, selector: FrozenSelector) -> None:
        self._frozen = selector
        super().__init__(selector)

    def time(self) -> float:
        return self._frozen.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        future = super().run_in_executor(executor, func, *args)
        self._frozen.working += 1
        future.add_done_callback(self._worked)
        return future

    def _worked(self, _done: object) -> None:
        self._frozen.working -= 1


class LoopClock:
    """The session's clock: the loop's time."""

    def __init__(self, selector: FrozenSelector) -> None:
        self._selector = selector

    def now(self) -> float:
        return self._selector.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
