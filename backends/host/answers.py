"""The asyncio end of a job: tokens come from the thread of the model, and leave as an async iterator."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from backends.host.jobs import Finish, HostError, Tally


class Stream:
    """See `jobs.Answer`. Made on an event loop, which alone reads it; `tell` may be called from any thread."""

    def __init__(self, prompt: int, cancel: Callable[[], None]) -> None:
        self.finish: Finish | None = None
        self.tally = Tally(prompt)
        self._loop = asyncio.get_running_loop()
        self._tokens: deque[int] = deque()
        self._error: HostError | None = None
        self._ended = False
        self._arrived = asyncio.Event()
        self._cancel = cancel

    def tell(self, tokens: list[int], tally: Tally, end: Finish | HostError | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody reads any more
            self._loop.call_soon_threadsafe(self._arrive, tokens, tally, end)

    def __aiter__(self) -> AsyncIterator[int]:
        return self

    async def __anext__(self) -> int:
        while not self._tokens:
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._arrived.clear()
            try:
                await self._arrived.wait()
            except asyncio.CancelledError:
                self._cancel()
                raise
        return self._tokens.popleft()

    async def aclose(self) -> None:
        self._ended = True
        self._tokens.clear()
        self._cancel()

    def _arrive(self, tokens: list[int], tally: Tally, end: Finish | HostError | None) -> None:
        if self._ended:
            return
        self._tokens += tokens
        self.tally = tally
        if isinstance(end, HostError):
            self._error = end
        elif end is not None:
            self.finish, self._ended = end, True
        self._arrived.set()
