"""How a request came by its connection, and one connection kept ready for the next."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from context.clock import Clock

log = logging.getLogger(__name__)

SPARE_EVERY = 2.0
"""Seconds between two spare connections: a storm of cancelled requests makes no storm of these."""


class Dial:
    """How one request came by its connection, as httpx2's trace extension tells it. `fresh`: it had to make a new one.

    On leaving with an exception it closes the socket of an unfinished TLS handshake, which httpx2 2.16 lets go of when the
    handshake is cancelled: it would stay open until the garbage is collected.
    """

    def __init__(self) -> None:
        self.fresh = False
        self._bare: Any = None

    async def trace(self, event: str, details: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.started", "connection.connect_unix_socket.started"):
            self.fresh = True
        elif event == "connection.connect_tcp.complete":
            self._bare = details["return_value"]
        elif event.endswith("start_tls.complete"):
            self._bare = None

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None and self._bare is not None:
            await self._bare.aclose()


class Spare:
    """Makes a connection ready for the next request when the last one's is gone. `connect` makes it and may fail: the next
    request then makes its own, as it would have."""

    def __init__(self, connect: Callable[[], Awaitable[None]], clock: Clock) -> None:
        self._connect, self._clock = connect, clock
        self._task: asyncio.Task[None] | None = None
        self._made_at = -math.inf
        self._closed = False

    def wanted(self) -> None:
        now = self._clock.now()
        idle = self._task is None or self._task.done()
        if idle and not self._closed and now - self._made_at >= SPARE_EVERY:
            self._made_at = now
            self._task = asyncio.create_task(self._make(), name="infill-spare-connection")

    async def aclose(self) -> None:
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _make(self) -> None:
        try:
            await self._connect()
        except Exception as error:
            log.debug("no spare connection: %s", type(error).__name__)
