"""Asking a misbehaving server through the Mistral backend, and what its errors must and must not say.

The exchanges are synthetic: built from the public API description and from bodies quoted in public issue reports.
"""

from __future__ import annotations

import pytest

from backends.api import Done, Text
from backends.errors import BackendError
from backends.keys import Secret
from backends.mistral import Mistral
from backends.wiring import Wiring
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import Answer, event, serving
from tests.requests import fim_request

KEY = "secret-key-1234567890"
USERS_TEXT = "def price_of_the_secret_sauce(order):"
SOON = Wiring(connect=0.4, read=0.4, total=0.5)
PATIENT = Wiring()
EVENT_STREAM = {"Content-Type": "text/event-stream"}


def piece(text: str | None, finish: str | None = None, **usage: int) -> bytes:
    counted = {"usage": usage} if usage else {}
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **counted})


async def ask(url: str, wiring: Wiring = PATIENT) -> tuple[str, Done]:
    """The text of a completion and its end."""
    mistral = Mistral(url, key=Secret(KEY), clock=MonotonicClock(), wiring=wiring)
    try:
        events = [each async for each in mistral.stream(fim_request(prefix=USERS_TEXT))]
    finally:
        await mistral.aclose()
    assert isinstance(events[-1], Done)
    return "".join(each.text for each in events if isinstance(each, Text)), events[-1]


async def answered(answer: Answer) -> tuple[str, Done]:
    async with serving(answer) as server:
        return await ask(server.url)


async def failed(answer: Answer, kind: type[BackendError], *words: str, wiring: Wiring = PATIENT) -> BackendError:
    async with serving(answer) as server:
        return await failed_at(server.url, kind, *words, wiring=wiring)


async def failed_at(url: str, kind: type[BackendError], *words: str, wiring: Wiring = PATIENT) -> BackendError:
    """Asks, and expects the error; its sentences have these words, and neither the key nor the user's text."""
    with pytest.raises(BackendError) as caught:
        await ask(url, wiring)
    assert isinstance(caught.value, kind), repr(caught.value)
    said = str(caught.value)
    for each in words:
        assert each in said
    assert caught.value.mend
    assert KEY not in said
    assert "secret_sauce" not in said
    return caught.value
