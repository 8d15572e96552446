"""Connections on which nobody asks do not take the place of those on which somebody does.

uvicorn waits for ever for the head of a request, and counts whoever waits among those that it serves: 512 connections with half
a line each kept everybody else out, and any program of the machine can open these, a web page too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIME = 10.0
"""Seconds in which the head of a request arrives."""

MOST_WAITING = 64
"""Connections without a request; of more, the one that has waited longest is closed."""


def patient(head_time: float = HEAD_TIME, most: int = MOST_WAITING) -> Callable[..., asyncio.Protocol]:
    """Makes the protocol of each connection of one server."""
    waiting: dict[Patient, asyncio.TimerHandle] = {}

    def made(**of_uvicorn: Any) -> asyncio.Protocol:
        return Patient(waiting, head_time, most, **of_uvicorn)

    return made


class Patient(H11Protocol):
    def __init__(
        self, waiting: dict[Patient, asyncio.TimerHandle], head_time: float, most: int, **of_uvicorn: Any
    ) -> None:
        super().__init__(**of_uvicorn)
        self._waiting, self._head_time, self._most = waiting, head_time, most

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._asked()
        else:  # half of a head, of a second request too
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._asked()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self not in self._waiting and not self.transport.is_closing():
            self._waiting[self] = self.loop.call_later(self._head_time, self.transport.close)
            if len(self._waiting) > self._most:
                next(iter(self._waiting)).transport.close()

    def _asked(self) -> None:
        timer = self._waiting.pop(self, None)
        if timer is not None:
            timer.cancel()
