"""A backend that failed is left alone for a while, then asked once."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from backends.api import FimRequest, Text
from backends.breaker import FAILURES_TO_OPEN, LONGEST_PAUSE, SETTLED_PAUSE, Breaker
from backends.errors import BackendError, BadReply, BadRequest, RateLimited, Unauthorised, Unreachable
from backends.scripted import ScriptedInfiller, Step
from tests.fake_clock import FakeClock, settle
from tests.requests import fim_request

DOWN = Unreachable("scripted", "It is down.", "Start it.")


class Patient:
    """A backend whose script a test changes on the way, behind a breaker."""

    def __init__(self, *script: Step) -> None:
        self.clock = FakeClock()
        self.script = list(script)
        self.inner = ScriptedInfiller(self._play, self.clock)
        self.breaker = Breaker(self.inner, self.clock, random.Random(1))

    def _play(self, request: FimRequest) -> list[Step]:
        return self.script

    async def ask(self, *, by_hand: bool = False, ahead: bool = False) -> str | type[BackendError]:
        request = replace(fim_request(), by_hand=by_hand, ahead=ahead)
        try:
            return "".join([event.text async for event in self.breaker.stream(request) if isinstance(event, Text)])
        except BackendError as error:
            return type(error)

    @property
    def asked(self) -> int:
        return len(self.inner.requests)


async def test_a_server_that_is_down_is_not_asked_at_every_keystroke() -> None:
    server = Patient(DOWN)
    assert {await server.ask() for _ in range(50)} == {Unreachable}
    assert server.asked == FAILURES_TO_OPEN


async def test_it_is_asked_again_after_a_pause_that_grows_to_half_a_minute() -> None:
    server = Patient(DOWN)
    for _ in range(FAILURES_TO_OPEN):
        await server.ask()
    pauses = []
    for _ in range(10):
        before, waited = server.asked, 0.0
        while server.asked == before:
            await server.clock.advance(0.25)
            waited += 0.25
            await server.ask()
        pauses.append(waited)
    assert 0.5 <= pauses[0] <= 1.0
    assert pauses[5] > pauses[0]
    assert all(LONGEST_PAUSE / 2 <= pause <= LONGEST_PAUSE + 0.25 for pause in pauses[-3:])


async def test_a_user_who_asks_by_hand_is_not_put_off() -> None:
    server = Patient(DOWN)
    for _ in range(FAILURES_TO_OPEN):
        await server.ask()
    server.script = [Text("back")]
    assert (await server.ask(), await server.ask(by_hand=True), await server.ask()) == (Unreachable, "back", "back")


async def test_a_wait_that_the_server_asked_for_is_kept_by_hand_too() -> None:
    server = Patient(RateLimited("scripted", "Slow down.", "Wait.", 60.0))
    await server.ask()
    assert await server.ask(by_hand=True) is RateLimited and server.asked == 1


async def test_what_nobody_waited_for_does_not_open_it() -> None:
    server = Patient(DOWN)
    for _ in range(2 * FAILURES_TO_OPEN):
        await server.ask(ahead=True)
    server.script = [Text("back")]
    assert await server.ask() == "back"


async def test_it_recovers_by_itself() -> None:
    server = Patient(DOWN)
    for _ in range(10):
        await server.ask()
    server.script = ["x"]
    await server.clock.advance(LONGEST_PAUSE)
    assert [await server.ask() for _ in range(3)] == ["x", "x", "x"]
    server.script = [DOWN]
    assert not server.breaker.is_open


async def test_half_open_it_lets_one_request_through() -> None:
    server = Patient(DOWN)
    for _ in range(FAILURES_TO_OPEN):
        await server.ask()
    await server.clock.advance(LONGEST_PAUSE)
    server.script = [1.0, "x"]
    probe = asyncio.create_task(server.ask())
    await settle()
    assert await server.ask() is Unreachable
    await server.clock.advance(1.0)
    assert await probe == "x"
    assert server.asked == FAILURES_TO_OPEN + 1


async def test_a_cancelled_probe_leaves_the_way_free_for_the_next() -> None:
    server = Patient(DOWN)
    for _ in range(FAILURES_TO_OPEN):
        await server.ask()
    await server.clock.advance(LONGEST_PAUSE)
    server.script = [1.0, "x"]
    probe = asyncio.create_task(server.ask())
    await settle()
    probe.cancel()
    await settle()
    assert server.inner.open == 0
    server.script = ["x"]
    assert await server.ask() == "x"


async def test_a_refused_key_is_not_sent_again_for_minutes() -> None:
    server = Patient(Unauthorised("scripted", "No.", "Another key."))
    assert {await server.ask() for _ in range(5)} == {Unauthorised}
    assert server.asked == 1
    await server.clock.advance(SETTLED_PAUSE - 1)
    await server.ask()
    assert server.asked == 1
    await server.clock.advance(1)
    await server.ask()
    assert server.asked == 2


async def test_one_bad_request_does_not_stop_the_others() -> None:
    server = Patient(BadRequest("scripted", "Too long.", "Less."))
    await server.ask()
    server.script = ["x"]
    assert await server.ask() == "x"


async def test_a_wait_that_was_asked_for_is_kept_and_counts_down() -> None:
    server = Patient(RateLimited("scripted", "Wait.", "Later.", 20.0))
    await server.ask()
    server.script = ["x"]
    await server.clock.advance(5)
    with pytest.raises(RateLimited) as caught:
        await anext(server.breaker.stream(fim_request()))
    assert caught.value.after == pytest.approx(15)
    await server.clock.advance(15)
    assert await server.ask() == "x"


async def test_failures_with_a_success_between_do_not_add_up() -> None:
    server = Patient()
    for _ in range(5):
        server.script = [BadReply("scripted", "Trouble.", "Wait.")]
        assert await server.ask() is BadReply
        server.script = ["x"]
        assert await server.ask() == "x"


async def test_a_check_asks_whatever_the_state_and_closes_it() -> None:
    server = Patient(DOWN)
    for _ in range(FAILURES_TO_OPEN):
        await server.ask()
    await server.breaker.check()
    assert not server.breaker.is_open
