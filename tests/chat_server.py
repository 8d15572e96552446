"""A chat endpoint on loopback that answers by a script, in a thread of its own, for processes and commands that ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from editors.headless.self_test.endpoint import Answer, Asked, FaultServer, reply, stream
from tests.chat_requests import answer_of
from tests.endpoint import endpoint


def plays(*scripts: str | Answer | Sequence[bytes]) -> Answer:
    """One script after another, the last one again and again: a text in a few pieces, the bytes of a stream, or any answer."""
    left = list(scripts)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path.endswith("/models"):
            await reply(200, {"data": [{"id": "scripted", "max_model_len": 32768}]})(asked, writer)
            return
        script = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(script, str):
            script = answer_of(*(script[at : at + 40] for at in range(0, len(script) or 1, 40)))
        await (script if callable(script) else stream(script))(asked, writer)

    return answer


@contextmanager
def chat_server(*scripts: str | Answer | Sequence[bytes]) -> Iterator[FaultServer]:
    """Running while the block does; `asked` has the requests for answers and for the list of models."""
    with endpoint() as server:
        server.answer = plays(*scripts)
        yield server


def talks(server: FaultServer) -> list[dict[str, Any]]:
    """The bodies of the requests for an answer."""
    return [asked.json for asked in server.asked if asked.path.endswith("/completions")]
