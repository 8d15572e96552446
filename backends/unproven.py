"""A backend that has not answered yet is not waited for long where another one could answer.

Without a network a connection may hang for seconds, and whoever typed has gone on by then. So until there was an answer, or
after a failure, the first piece has to come soon. Patience grows with each miss, so that a slow network is found out to be one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from backends.api import Card, Done, FimRequest, Infiller, Text
from backends.errors import AGAIN, BackendError, TimedOut
from context.clock import Clock

PATIENCE = 1.0
"""Seconds to the first piece. A connection, its handshake and a model's first token mostly take half of that."""
MISSES = 3
"""So many of them double the patience: as many as it takes for `Breaker` to leave the backend alone."""


class Unproven:
    """Wraps a backend. Its time-outs are `TimedOut`, as those of the network are."""

    def __init__(self, inner: Infiller, clock: Clock) -> None:
        self.inner, self._clock = inner, clock
        self._proven, self._misses = False, 0

    @property
    def card(self) -> Card:
        return self.inner.card

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        try:
            async with aclosing(self.inner.stream(request)) as events:
                first = None if self._proven else await self._first(events)
                self._proven, self._misses = True, 0
                if first is not None:
                    yield first
                async for event in events:
                    yield event
        except BackendError:
            self._proven = False
            raise

    async def check(self) -> str:
        return await self.inner.check()

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _first(self, events: AsyncGenerator[Text | Done, None]) -> Text | Done | None:
        patience = PATIENCE * 2.0 ** (self._misses // MISSES)
        coming = asyncio.ensure_future(anext(events, None))
        late = asyncio.ensure_future(self._clock.sleep(patience))
        try:
            await asyncio.wait({coming, late}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            self._misses += 1
            card = self.card
            server = card.origin.removesuffix(":443" if card.origin.startswith("https:") else ":80")
            raise TimedOut(card.name, f"{server} has not answered within {patience:g} s.", AGAIN)
        finally:
            coming.cancel()
            late.cancel()
            await asyncio.gather(coming, late, return_exceptions=True)
