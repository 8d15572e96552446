"""Keeping to a rate limit by the server's own headers."""

from __future__ import annotations

import pytest

from backends.errors import RateLimited
from backends.keys import Secret
from backends.mistral import Mistral
from backends.pace import Pace, has_no_plan
from editors.headless.self_test.endpoint import event, reply, serving, stream
from tests.fake_clock import FakeClock
from tests.requests import fim_request


def check(seconds: float, *headers: str) -> None:
    """After a reply with these headers (`remaining-req-minute: 0` and so on) so long is waited."""
    pace = Pace(FakeClock())
    pace.note({f"x-ratelimit-{name}": value for name, _, value in (header.partition(": ") for header in headers)})
    assert pace.wait() == pytest.approx(seconds)


def test_no_headers_no_wait() -> None:
    check(0)


def test_something_left() -> None:
    check(
        0,
        "limit-req-minute: 60",
        "remaining-req-minute: 1",
        "limit-tokens-minute: 50000",
        "remaining-tokens-minute: 47300",
        "tokens-query-cost: 1300",
    )


def test_no_requests_left_waits_for_one() -> None:
    check(1, "limit-req-minute: 60", "remaining-req-minute: 0")
    check(15, "limit-req-minute: 4", "remaining-req-minute: 0")
    check(60, "limit-req-minute: 1", "remaining-req-minute: 0")


def test_a_reset_that_the_server_names() -> None:
    check(7, "limit-req-minute: 60", "remaining-req-minute: 0", "reset-req-minute: 7")
    check(60, "limit-req-minute: 60", "remaining-req-minute: 0", "reset-req-minute: 86400")


def test_fewer_tokens_left_than_a_request_costs() -> None:
    check(6, "limit-tokens-minute: 10000", "remaining-tokens-minute: 500", "tokens-query-cost: 1000")


def test_headers_that_make_no_sense_are_passed_over() -> None:
    check(0, "limit-req-minute: many", "remaining-req-minute: few")
    check(0, "limit-req-minute: nan", "remaining-req-minute: -1")
    check(0, "remaining-req-minute: 0")


def test_a_limit_of_zero_is_a_plan() -> None:
    assert has_no_plan({"x-ratelimit-limit-req-minute": "0"})
    assert not has_no_plan({"x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-req-minute": "0"})
    assert not has_no_plan({})


async def outcome(mistral: Mistral) -> float:
    """0 after an answer, else the seconds to wait."""
    try:
        async for _ in mistral.stream(fim_request()):
            pass
    except RateLimited as error:
        return error.after
    return 0


async def test_a_request_that_would_be_refused_is_not_sent() -> None:
    headers = {"x-ratelimit-limit-req-minute": "4", "x-ratelimit-remaining-req-minute": "0"}
    clock = FakeClock()
    end = [event({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}), event("[DONE]")]
    async with serving(stream(end, headers=headers)) as server:
        mistral = Mistral(server.url, key=Secret("k"), clock=clock)
        assert [await outcome(mistral) for _ in range(3)] == [0, 15, 15]
        assert len(server.asked) == 1
        await clock.advance(15)
        assert await outcome(mistral) == 0
        await mistral.aclose()


async def test_a_wait_that_was_asked_for_is_kept() -> None:
    clock = FakeClock()
    async with serving(reply(429, {"message": "Rate limit exceeded"}, headers={"Retry-After": "30"})) as server:
        mistral = Mistral(server.url, key=Secret("k"), clock=clock)
        assert await outcome(mistral) == 30
        await clock.advance(10)
        assert await outcome(mistral) == 20
        assert len(server.asked) == 1
        await mistral.aclose()


async def test_less_than_half_left_is_too_scarce_for_what_nobody_waits_for() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    pace.note({"x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-req-minute": "45"})
    assert not pace.is_scarce()
    pace.note({"x-ratelimit-limit-req-minute": "60", "x-ratelimit-remaining-req-minute": "20"})
    assert pace.is_scarce() and pace.wait() == 0
    await clock.advance(61)
    assert not pace.is_scarce()
