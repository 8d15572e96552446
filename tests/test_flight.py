"""Streams in progress: who joins, who is closed, who lingers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from backends.api import Done, Finish, Text, Usage
from backends.errors import BackendError, TimedOut
from lsp_server.cache import Answer, Place
from lsp_server.flight import LINGER, Flight, Flights
from tests.fake_clock import FakeClock, settle
from tests.marks import cursor_in

MODEL = "scripted/model"


class Line:
    """Cuts at the first line end, as the real cutter would in the middle of a statement."""

    def __init__(self) -> None:
        self.seen = ""

    def feed(self, piece: str) -> bool:
        self.seen += piece
        return "\n" in self.seen

    @property
    def text(self) -> str:
        return self.seen.partition("\n")[0]


class Stream:
    """A stream whose pieces the test sends one by one."""

    def __init__(self) -> None:
        self.pieces: asyncio.Queue[Text | Done | BackendError] = asyncio.Queue()
        self.closed = False

    async def read(self) -> AsyncGenerator[Text | Done, None]:
        try:
            while True:
                piece = await self.pieces.get()
                if isinstance(piece, BackendError):
                    raise piece
                yield piece
        finally:
            self.closed = True

    async def say(self, *pieces: str) -> None:
        for piece in pieces:
            self.pieces.put_nowait(Text(piece))
        await settle()

    async def end(self) -> None:
        self.pieces.put_nowait(Done(Finish.STOP, Usage(3, 2)))
        await settle()


class Airfield:
    def __init__(self, marked: str) -> None:
        self.clock = FakeClock()
        self.flights = Flights(self.clock)
        self.stream = Stream()
        self.landed: list[Flight] = []
        place = Place.at(cursor_in(marked), MODEL)
        self.flight = self.flights.start(place, self.stream.read(), Line(), self.landed.append)

    def join(self, marked: str) -> asyncio.Task[Answer | None] | None:
        found = self.flights.find(cursor_in(marked), MODEL)
        return asyncio.create_task(self.flights.join(*found)) if found else None

    def changed(self, marked: str) -> None:
        self.flights.changed(cursor_in(marked).snapshot, spare_ahead=False)


async def test_a_key_that_agrees_joins_the_stream_and_gets_its_rest() -> None:
    field = Airfield("return ‸\n")
    await field.stream.say("val", "ue")
    field.changed("return va‸\n")
    joined = field.join("return va‸\n")
    assert joined is not None
    await field.stream.end()
    assert await joined == Answer("lue", 3)
    assert field.landed == [field.flight] and field.flight.usage == Usage(3, 2)


async def test_a_key_ahead_of_the_stream_waits_for_it_to_agree() -> None:
    field = Airfield("return ‸\n")
    joined = field.join("return val‸\n")
    assert joined is not None
    await field.stream.say("v", "alue")
    await field.stream.end()
    assert await joined == Answer("ue", 2)


async def test_a_joined_stream_that_turns_out_to_disagree_gives_nothing() -> None:
    field = Airfield("return ‸\n")
    joined = field.join("return val‸\n")
    assert joined is not None
    await field.stream.say("other")
    assert await joined is None


async def test_a_key_that_disagrees_closes_the_stream_at_once() -> None:
    field = Airfield("return ‸\n")
    await field.stream.say("value")
    field.changed("return x‸\n")
    await settle()
    assert field.stream.closed and field.landed == [field.flight]
    assert field.flight.answer == Answer("", 0)


async def test_an_edit_elsewhere_in_the_document_closes_it_too() -> None:
    field = Airfield("a = 1\nreturn ‸\n")
    field.changed("b = 1\nreturn ‸\n")
    await settle()
    assert not field.flights.busy(field.flight.place.uri)


async def test_an_auto_closed_bracket_keeps_it_open() -> None:
    field = Airfield("f‸\n")
    await field.stream.say("(x)")
    field.changed("f(‸)\n")
    await settle()
    assert not field.stream.closed and field.join("f(‸)\n") is not None


async def test_the_stream_is_closed_as_soon_as_the_rest_cannot_be_shown() -> None:
    field = Airfield("x = ‸\n")
    joined = field.join("x = ‸\n")
    assert joined is not None
    await field.stream.say("1", "\ny", " = 2")
    assert field.stream.closed and await joined == Answer("1\ny", 1)


async def test_a_stream_that_nobody_waits_for_dies_after_the_linger() -> None:
    field = Airfield("x = ‸\n")
    joined = field.join("x = ‸\n")
    assert joined is not None
    await settle()
    joined.cancel()
    await field.clock.advance(LINGER / 2)
    assert not field.stream.closed
    await field.clock.advance(LINGER)
    assert field.stream.closed


async def test_a_new_waiter_within_the_linger_keeps_it_alive() -> None:
    field = Airfield("x = ‸\n")
    first = field.join("x = ‸\n")
    assert first is not None
    await settle()
    first.cancel()
    await field.clock.advance(LINGER / 2)
    second = field.join("x = ‸\n")
    await field.clock.advance(LINGER)
    assert not field.stream.closed and second is not None
    await field.stream.say("1")
    await field.stream.end()
    assert await second == Answer("1", 1)


async def test_whoever_waits_learns_of_the_failure() -> None:
    field = Airfield("x = ‸\n")
    joined = field.join("x = ‸\n")
    field.stream.pieces.put_nowait(TimedOut("scripted", "No answer.", "Try again."))
    assert joined is not None
    with pytest.raises(TimedOut):
        await joined
    assert isinstance(field.flight.error, TimedOut) and field.landed


async def test_a_stream_cut_off_keeps_its_whole_lines_only() -> None:
    field = Airfield("x = ‸\n")
    field.stream.pieces.put_nowait(Text("1 +"))
    field.stream.pieces.put_nowait(Done(Finish.CUT, Usage()))
    await settle()
    assert field.landed and field.flight.answer == Answer("", 0)


async def test_cancelled_before_it_began_it_still_lands() -> None:
    field = Airfield("x = ‸\n")
    field.flights.drop()
    await settle()
    assert field.landed == [field.flight] and not field.flights.busy(field.flight.place.uri)
