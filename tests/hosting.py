"""The host's application over a scheduler that knows what the author wants to write, for tests without a model."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from backends.host.access import App, Rules
from backends.host.formats import find
from backends.host.http import application
from backends.host.metrics import Metrics
from backends.host.service import Model, Service
from backends.host.serving import _Server
from backends.host.vocabulary import Vocabulary
from tests.fake_clock import FakeClock
from tests.knowing_scheduler import Scheduler, writes
from tests.tiny_tokenizers import tokenizer

FIM, CHAT = "/v1/fim/completions", "/v1/chat/completions"


def model(family: str = "qwen", context: int = 2048) -> Model:
    words = tokenizer(family)
    vocabulary = Vocabulary(words)
    return Model("tiny", words, vocabulary, find(vocabulary), context, aliases=("codestral-latest",))


def serving(
    text: str = "",
    *,
    family: str = "qwen",
    scheduler: Scheduler | None = None,
    rules: Rules | None = None,
    context: int = 2048,
) -> tuple[App, Scheduler]:
    """A host whose model writes `text`, and its scheduler."""
    served = model(family, context)
    assert served.vocabulary.eos_id is not None
    scheduler = scheduler or Scheduler(writes(served.vocabulary, text, served.vocabulary.eos_id))
    clock = FakeClock()
    metrics = Metrics("tiny", clock)
    service = Service(served, scheduler, clock, count=metrics.cost)
    return application(service, metrics, rules or Rules(), clock, wall=lambda: 1_700_000_000.0), scheduler


@asynccontextmanager
async def listening(app: App, http: Any = None) -> AsyncIterator[int]:
    """The application behind real uvicorn on a port of 127.0.0.1; `http` makes the protocol of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        ready = asyncio.Event()
        server = _Server(app, ready.set, http)
        running = asyncio.create_task(server.serve(sockets=[bound]))
        await asyncio.wait_for(ready.wait(), 20)
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, 20)
