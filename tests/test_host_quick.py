"""A host says how long a prompt it reads before its user loses patience, and clients send none that is longer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from backends.api import Card
from backends.host.engine import Engine
from backends.host.quick import quick_tokens
from lsp_server.from_settings import prompt_tokens
from lsp_server.settings import Settings
from tests.fake_clock import FakeClock
from tests.host_models import tiny


@dataclass
class Slow:
    """A reader whose every pass takes `seconds`."""

    inner: object
    clock: FakeClock
    seconds: float

    def __getattr__(self, name: str) -> object:
        if name == "read":
            self.clock.pass_by(self.seconds)
        return getattr(self.inner, name)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.15, 768),  # 64 tokens in 0.15 s: 853 in two seconds
        (3.0, 512),  # no shorter, or there would be nothing to go by
        (0.005, 0),  # all that the model takes
    ],
)
def test_how_much_is_read_in_two_seconds(seconds: float, told: int) -> None:
    clock, engine = FakeClock(), Engine.of(tiny("llama"), threads=1)
    engine.reader, engine.context = Slow(engine.reader, clock, seconds), 8192
    assert quick_tokens(engine, clock) == told
    assert engine.reader.bytes == 0, "nothing of it is kept"


def test_a_prompt_is_no_longer_than_is_read_soon() -> None:
    settings = Settings(context_tokens=4096, max_tokens=128)
    assert prompt_tokens(settings, Card("host", "m", False, 8192, quick_tokens=768)) == 768
    assert prompt_tokens(settings, Card("host", "m", False, 8192)) == 4096
    assert prompt_tokens(settings, Card("host", "m", False, 2048, quick_tokens=4000)) == 1920
