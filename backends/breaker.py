"""A circuit breaker: a backend that failed is left alone for a while, then asked once to see whether it is back.

While it is open the last error is given at once, without a request: typing never waits for a server that is down, and a key that
was refused is not refused again on every keystroke.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from backends.api import Card, Done, FimRequest, Infiller, Preparing, Text
from backends.errors import AGAIN, BackendError, BadRequest, QuotaSpent, RateLimited, Unauthorised
from context.clock import Clock

FAILURES_TO_OPEN = 3
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
SETTLED_PAUSE = 300.0
"""Seconds after an error that only the user can mend: asked again now and then, since the mend may happen elsewhere."""


class Breaker:
    """Wraps a backend. Pauses double from one second to thirty and are shortened by up to half at random, so that many editors
    do not come back at the same moment."""

    def __init__(self, inner: Infiller, clock: Clock, chance: random.Random | None = None) -> None:
        self.inner = inner
        self._clock = clock
        self._chance = chance or random.Random()
        self._failures = 0
        self._until = 0.0
        self._last: BackendError | None = None
        self._probing = False

    @property
    def card(self) -> Card:
        return self.inner.card

    @property
    def is_open(self) -> bool:
        """Whether a request would be answered with the last error. Half open, it lets one request through to find out."""
        return self._last is not None and (self._probing or self._clock.now() < self._until)

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        if not self.asks(request):
            raise self._again()
        probe = self._probing = self._last is not None
        try:
            async with aclosing(self.inner.stream(request)) as events:
                async for event in events:
                    self._closed()
                    yield event
        except BackendError as error:
            if not request.ahead:  # what nobody waited for says nothing about the next that somebody does
                self._failed(error)
            raise
        finally:
            if probe:
                self._probing = False

    async def check(self) -> str:
        """Asks whatever the state is: the user wants to know."""
        try:
            sentence = await self.inner.check()
        except BackendError as error:
            self._failed(error)
            raise
        self._closed()
        return sentence

    async def prepare(self, seconds: float) -> None:
        """See `backends.api.Preparing`."""
        if isinstance(self.inner, Preparing):
            await self.inner.prepare(seconds)

    async def aclose(self) -> None:
        await self.inner.aclose()

    def asks(self, request: FimRequest) -> bool:
        """Whether it would let the request through. A user who asks knows why; only a wait that the server asked for is kept
        even so."""
        return not self.is_open or (request.by_hand and not isinstance(self._last, RateLimited))

    def _closed(self) -> None:
        self._failures, self._last, self._probing = 0, None, False

    def _failed(self, error: BackendError) -> None:
        self._failures += 1
        pause = self._pause(error)
        if pause > 0:
            self._last, self._until = error, self._clock.now() + pause

    def _pause(self, error: BackendError) -> float:
        if isinstance(error, RateLimited):
            return error.after
        if isinstance(error, (Unauthorised, QuotaSpent)):
            return SETTLED_PAUSE
        beyond = self._failures - FAILURES_TO_OPEN
        if beyond < 0:
            return 0.0
        longest = SETTLED_PAUSE if isinstance(error, BadRequest) else LONGEST_PAUSE
        return float(min(FIRST_PAUSE * 2 ** min(beyond, 16), longest) * self._chance.uniform(0.5, 1.0))

    def _again(self) -> BackendError:
        last = self._last
        assert last is not None
        if isinstance(last, RateLimited):
            left = max(self._until - self._clock.now(), 0.0)
            return last.anew(f"{AGAIN[:-1]} in {left:.0f} s.", left)
        return last.anew()
