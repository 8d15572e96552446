"""Streams in progress: one stream serves every request whose text agrees with it, and dies when none does.

A request that comes while its document's stream is still running joins it, if what the user typed meanwhile is what the stream
says. A stream whose text disagrees with the document is closed at once, so that the provider stops billing. A stream that
nobody waits for lingers a moment, because an editor cancels the old request before it sends the new one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from backends.api import Card, Done, Finish, Missed, Text, Usage
from backends.errors import BackendError
from context.clock import Clock
from context.snapshot import Cursor, Snapshot
from lsp_server.cache import Answer, Place

log = logging.getLogger(__name__)

AUTO_CLOSED = frozenset(")]}>\"'`;")
AUTO_CLOSED_MOST = 8  # characters that an editor may have put behind the cursor since the stream was asked for
LINGER = 0.25  # seconds between a cancelled request and the one that takes its place


class Cutting(Protocol):
    """Reads the stream and says when the rest cannot be shown (`lsp_server/cutter.py`)."""

    def feed(self, piece: str) -> bool: ...

    @property
    def text(self) -> str: ...


class Flight:
    """One stream from take-off to landing. `text` is all that came; `error` is set where it crashed."""

    def __init__(self, place: Place, cutter: Cutting, *, ahead: bool) -> None:
        self.place = place
        self.ahead = ahead  # asked for before anybody waits: the continuation of what is shown
        self.text = ""
        self.confidence: float | None = None
        self.by: Card | None = None  # who answers where another than the backend that was asked stepped in
        self.missed: tuple[Missed, ...] = ()  # who was asked before
        self.usage: Usage | None = None
        self.finish: Finish | None = None
        self.error: BackendError | None = None
        self.landed = False
        self.waiting = 0
        self.first_text_at: float | None = None
        self._cutter = cutter
        self._cut = False
        self._news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    @property
    def answer(self) -> Answer:
        """All that came, if the stream came to an end of its own or ours; of one that broke off, its whole lines."""
        if self._cut or self.finish in (Finish.STOP, Finish.LENGTH):
            return Answer(self.text, len(self._cutter.text), self.confidence, self.by)
        whole = self.text[: self.text.rfind("\n") + 1]
        return Answer(whole, min(len(whole), len(self._cutter.text)), self.confidence, self.by)

    def agrees(self, typed: str) -> bool:
        """Whether the stream may still turn out to begin with `typed`; once it has landed, whether it does."""
        return self.text.startswith(typed) or (not self.landed and typed.startswith(self.text))

    def agrees_with(self, snapshot: Snapshot) -> bool:
        """Whether the document is still one that this stream's answer could fit into, wherever its cursor is now."""
        if len(snapshot.text) < self.place.before + self.place.after:
            return False
        end = len(snapshot.text) - self.place.after
        for offset in range(end, max(self.place.before, end - AUTO_CLOSED_MOST) - 1, -1):
            if self.typed_at(Cursor(snapshot, offset), self.place.model) is not None:
                return True
        return False

    def typed_at(self, cursor: Cursor, model: str) -> str | None:
        """What was typed since the stream was asked for, if the stream may answer at `cursor`."""
        typed = cursor.snapshot.text[self.place.before : cursor.offset]
        if not self.agrees(typed):
            return None
        since = self.place.since(cursor, model, typed)
        return typed if since and AUTO_CLOSED.issuperset(since.behind) else None

    async def result(self, typed: str) -> Answer | None:
        """The answer left after `typed`, when the stream has landed; None as soon as it disagrees. Raises `BackendError`."""
        self.waiting += 1
        try:
            while self.agrees(typed):
                if self.landed:
                    if self.error is not None:
                        raise self.error
                    return self.answer.after(typed)
                await self._news.wait()
            return None
        finally:
            self.waiting -= 1

    async def fly(self, stream: AsyncGenerator[Text | Done, None], clock: Clock) -> None:
        """Reads the stream to its end, or to where the rest cannot be shown; then closes it."""
        try:
            async with aclosing(stream):
                async for event in stream:
                    self.by, self.missed = self.by or event.by, self.missed or event.missed
                    if isinstance(event, Done):
                        self.finish, self.usage = event.finish, event.usage
                        break
                    self.first_text_at = self.first_text_at if self.first_text_at is not None else clock.now()
                    self.text += event.text
                    self.confidence = event.confidence if event.confidence is not None else self.confidence
                    if self._cutter.feed(event.text):
                        self._cut = True
                        break
                    self._tell()
        except BackendError as error:
            self.error = error

    def land(self) -> None:
        """Called once when the reading has ended in whatever way; those who wait go on."""
        self.landed = True
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Flights:
    """Every stream in progress, at most one per place."""

    def __init__(self, clock: Clock, *, linger: float = LINGER) -> None:
        self._clock = clock
        self._linger = linger
        self._flights: list[Flight] = []
        self._watches: set[asyncio.Task[None]] = set()

    def find(self, cursor: Cursor, model: str) -> tuple[Flight, str] | None:
        """A stream that may answer at `cursor`, and what was typed since it was asked for."""
        for flight in reversed(self._flights):
            typed = flight.typed_at(cursor, model)
            if typed is not None and flight.error is None:
                return flight, typed
        return None

    def start(
        self,
        place: Place,
        stream: AsyncGenerator[Text | Done, None],
        cutter: Cutting,
        on_landing: Callable[[Flight], None],
        *,
        ahead: bool = False,
    ) -> Flight:
        """Begins to read `stream`; `on_landing` is called once, also when the stream was cut short or failed."""
        flight = Flight(place, cutter, ahead=ahead)
        task = asyncio.create_task(flight.fly(stream, self._clock), name="infill-flight")
        flight.task = task
        self._flights.append(flight)

        def landed(done: asyncio.Task[None]) -> None:
            self._flights.remove(flight)
            if not done.cancelled() and (bug := done.exception()) is not None:
                log.error("a stream ended in a bug: %s", type(bug).__name__)
            flight.land()
            on_landing(flight)

        task.add_done_callback(landed)
        return flight

    async def join(self, flight: Flight, typed: str) -> Answer | None:
        """Waits for the flight's answer after `typed`. A flight that the last waiter leaves dies after the linger."""
        flight.ahead = False
        try:
            return await flight.result(typed)
        finally:
            if not flight.landed and not flight.waiting:
                self._watch(flight)

    def changed(self, snapshot: Snapshot, *, spare_ahead: bool) -> None:
        """Closes every stream of this document that its new text disagrees with.

        `spare_ahead` while the suggestion is still on the screen whose continuation is being asked for.
        """
        for flight in self._flights:
            spared = flight.place.uri != snapshot.uri or (flight.ahead and spare_ahead)
            if not spared and not flight.agrees_with(snapshot):
                _cancel(flight)

    def drop(self, uri: str | None = None) -> None:
        """Closes the streams of one document; or all of them, and what watches over them."""
        for flight in self._flights:
            if uri is None or flight.place.uri == uri:
                _cancel(flight)
        if uri is None:
            for watch in self._watches:
                watch.cancel()

    def busy(self, uri: str) -> bool:
        return any(flight.place.uri == uri for flight in self._flights)

    def ahead(self, uri: str) -> Flight | None:
        return next((flight for flight in self._flights if flight.ahead and flight.place.uri == uri), None)

    def _watch(self, flight: Flight) -> None:
        async def linger() -> None:
            await self._clock.sleep(self._linger)
            if not flight.waiting:
                _cancel(flight)

        watch = asyncio.create_task(linger(), name="infill-linger")
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)


def _cancel(flight: Flight) -> None:
    if flight.task is not None and not flight.landed:
        flight.task.cancel()
