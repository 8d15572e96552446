"""A provider of completions and chat on loopback for tests whose other end is a program of its own: it runs in a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backends import discovery
from backends.keys import Secret
from editors.headless.self_test.endpoint import Answer, Asked, FaultServer, event, reply, stream
from tests.chat_server import plays, talks
from tests.endpoint import endpoint


def fim(*pieces: str) -> list[bytes]:
    """A stream as the public API description gives it: synthetic, not recorded."""
    usage = {"prompt_tokens": 20, "completion_tokens": len(pieces), "total_tokens": 20 + len(pieces)}
    events = []
    for number, piece in enumerate(pieces, 1):
        last = number == len(pieces)
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": "stop" if last else None}
        chunk = {
            "id": "x",
            "object": "chat.completion.chunk",
            "model": "codestral-latest",
            "created": 0,
            "choices": [choice],
        }
        events.append(event({**chunk, "usage": usage} if last else chunk))
    return [*events, event("[DONE]")]


class Provider:
    """What an editor's test sees of the server in the thread."""

    def __init__(self, server: FaultServer) -> None:
        self._server = server
        self.url = server.url
        self._completes: Answer = stream(fim(""))
        self._talks = plays("")
        server.answer = self._answer

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        by_hand = asked.path.endswith(("/chat/completions", "/models"))
        await (self._talks if by_hand else self._completes)(asked, writer)

    def answers(self, *pieces: str, pause: float = 0.0) -> None:
        """From now on every question for a completion gets these pieces, `pause` seconds apart."""
        self._server.answer, self._completes = self._answer, stream(fim(*pieces), pause=pause)

    def says(self, *scripts: str | Answer) -> None:
        """From now on what is asked by hand gets these answers, one after the other, and then the last again and again."""
        self._talks = plays(*scripts)

    @property
    def talks(self) -> list[dict[str, Any]]:
        """The bodies of what was asked by hand."""
        return [body for body in talks(self._server) if "messages" in body]

    @property
    def asked(self) -> int:
        return len(self._server.asked)

    @property
    def bodies(self) -> list[str]:
        """What was sent with each question, as text."""
        return [asked.body.decode() for asked in self._server.asked]

    def plays_host(self, token: Secret, *pieces: str) -> None:
        """From now on it answers as a model host of this token."""
        completion = stream(fim(*pieces))

        async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
            if asked.path.startswith("/infill/proof/"):
                await reply(200, json.dumps(discovery.proof(token, asked.path.rpartition("/")[2])))(asked, writer)
            elif asked.path.endswith("/models"):
                await reply(200, {"data": [{"id": "tiny", "capabilities": {"completion_fim": True}}]})(asked, writer)
            else:
                await completion(asked, writer)

        self._server.answer = answer

    @property
    def port(self) -> int:
        return self._server.port

    def answers_first(self, number: int, *pieces: str, then: int) -> None:
        """The next `number` questions get these pieces, all others this status."""
        good, bad, left = stream(fim(*pieces)), reply(then, {"message": "no"}), iter(range(number))

        async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
            await (bad if next(left, None) is None else good)(asked, writer)

        self._completes = answer

    def refuses(self, status: int) -> None:
        """From now on every question is refused."""
        self._completes = reply(status, {"message": "no"})

    @property
    def last_authorization(self) -> str:
        return self._server.asked[-1].headers.get("authorization", "")

    @property
    def last_body(self) -> bytes:
        return self._server.asked[-1].body

    @property
    def dropped(self) -> int:
        return self._server.dropped


@contextmanager
def provider() -> Iterator[Provider]:
    """A running provider, ended with everything it still does."""
    with endpoint() as server:
        server.answer = stream(fim(""))
        yield Provider(server)
