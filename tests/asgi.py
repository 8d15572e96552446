"""Asking an ASGI application without a network: one request, its reply, and a client that may leave in the middle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Reply:
    """What came so far; `pieces` are the body's messages."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        """The data of a stream's events; `[DONE]` as it is."""
        lines = [line.removeprefix("data: ") for line in self.body.decode().split("\n") if line.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]

    @property
    def text(self) -> str:
        return "".join(event["choices"][0]["delta"].get("content", "") for event in self.events if event != "[DONE]")


async def ask(
    app: Any,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    leaves: asyncio.Event | None = None,
    reply: Reply | None = None,
) -> Reply:
    """`body` as JSON, or bytes as they are. The client goes when `leaves` is set. Fills `reply` where one is given."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    given = {"host": "localhost", "content-type": "application/json"}
    pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    pairs += [(name, value) for name, value in given.items() if name not in {each for each, _ in pairs}]
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": None,
        "server": None, "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
    }  # fmt: skip
    found, sent = reply or Reply(), False

    async def receive() -> dict[str, object]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": content, "more_body": False}
        await (leaves or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.status = message["status"]
            found.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            found.pieces.append(message.get("body", b""))

    await app(scope, receive, send)
    return found
