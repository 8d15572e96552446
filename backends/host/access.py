"""Who may ask the host: an ASGI wrapper that looks at every request of every method and path before the application does.

A page in a browser can send requests to this machine: it is told apart by `Origin`, which our clients never send, and by a `Host`
that names another place (DNS rebinding). A program of another user is kept out by the socket's mode, or by the token.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from backends.discovery import proof
from backends.keys import Secret

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PROOF = re.compile(r"/infill/proof/([0-9a-f]{16,128})")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
MOST_BODY = 4 * 1024 * 1024
"""Bytes of a request: ten times the longest prompt of a model with 131,072 tokens."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`token`: what every request carries, None on a Unix socket, which only its owner can open. `hosts` are the names
    under which it may be addressed. `proves` is for random tokens alone: from a proof a key that a person made up could be
    guessed."""

    token: Secret | None = None
    proves: bool = False
    hosts: tuple[str, ...] = LOOPBACK
    most_body: int = MOST_BODY


class Guard:
    """Wraps an application; what it lets through has one allowed `Host`, no `Origin`, the token, and a bounded body."""

    def __init__(self, app: App, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._judge(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _judge(self, scope: Scope, receive: Receive, send: Send) -> None:
        named: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            named.setdefault(name.lower(), []).append(value.decode("latin-1"))
        if b"origin" in named:
            return await _refuse(send, 403, "Requests of web pages are refused: this one has an Origin.")
        if len(hosts := named.get(b"host", [])) != 1 or _bare(hosts[0]) not in self._rules.hosts:
            return await _refuse(send, 403, "The Host header does not name this host.")
        if self._rules.token is not None:
            asked = PROOF.fullmatch(scope["path"])
            if asked and self._rules.proves and scope["method"] == "GET":
                return await _answer(send, 200, proof(self._rules.token, asked[1]))
            if not self._is_known(named.get(b"authorization", [])):
                return await _refuse(send, 401, "Unauthorized", ((b"www-authenticate", b"Bearer"),))
        if (length := _length(named.get(b"content-length", []))) is not None and length > self._rules.most_body:
            return await _refuse(send, 413, _too_large(self._rules.most_body))
        return await self._app(scope, _bounded(receive, self._rules.most_body), send)

    def _is_known(self, given: list[str]) -> bool:
        assert self._rules.token is not None, "there is a token to compare with"
        wanted = f"Bearer {self._rules.token.reveal()}".encode()
        return len(given) == 1 and hmac.compare_digest(given[0].encode(), wanted)


class TooLarge(Exception):
    """A body that grew beyond the limit; the message is for the client."""


def _bounded(receive: Receive, most: int) -> Receive:
    """The same messages, until their bodies are longer than `most` bytes together."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLarge(_too_large(most))
        return message

    return bounded


def _bare(host: str) -> str:
    """The name without a port, as it is compared."""
    return re.sub(r":\d{1,5}\Z", "", host.strip()).lower()


def _length(given: list[str]) -> int | None:
    return int(given[0]) if given and given[0].isascii() and given[0].isdigit() else None


def _too_large(most: int) -> str:
    return f"The body is larger than {most // 1024} KB."


async def _refuse(send: Send, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    kind = {401: "authentication_error"}.get(status, "invalid_request_error")
    body = {"object": "error", "message": message, "type": kind, "param": None, "code": str(status)}
    await _answer(send, status, body, headers)


async def _answer(send: Send, status: int, body: object, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
    content = json.dumps(body).encode()
    about = ((b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()))
    described = [*about, (b"connection", b"close"), *headers]  # who was not let in does not stay at the door either
    await send({"type": "http.response.start", "status": status, "headers": described})
    await send({"type": "http.response.body", "body": content})
