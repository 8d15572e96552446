"""The table of faults: what the endpoint does, what may be shown, and what the status must say.

Every sentence of a row is for the user whose network does this; the words in `said` are the part of it that helps them.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field

from editors.headless.self_test.endpoint import (
    Answer,
    Asked,
    endless,
    event,
    head_of,
    raw,
    reply,
    reset,
    silence,
    stream,
)

EVENTS: Mapping[str, str] = {"Content-Type": "text/event-stream"}
ENDPOINT = "{endpoint}"
"""Stands in a setting for the endpoint's own address."""
NOBODY = "http://127.0.0.1:9"
"""The discard port, where nobody listens."""
SOON: Mapping[str, object] = {"timeout_ms": 500}
QUOTES = "value = "
"""The text before the cursor in every trial; a message may not repeat it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`said` are words of the status, none where all is well in the end; `shows` is the ghost text, "" for none. `settings`
    differ from those of the session. `rests`: the endpoint asked to be left alone, and is, until the settings change."""

    name: str
    answer: Answer
    said: tuple[str, ...] = ()
    shows: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    rests: bool = False


def piece(text: str | None, finish: str | None = None) -> bytes:
    """One event of a completion, as the public description of the API has it."""
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


def healthy(text: str) -> Answer:
    return stream([piece(text, "stop"), event("[DONE]")])


async def _silent_after_some_text(asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(head_of(200, EVENTS) + piece("some"))
    await asyncio.Event().wait()


def _bytes_of(text: str) -> list[bytes]:
    """A completion in raw UTF-8, each byte in a packet of its own."""
    return [bytes([byte]) for byte in f'data: {{"choices": [{{"delta": {{"content": "{text}"}}}}]}}\n\n'.encode()]


def _refused(status: int, message: object, **headers: str) -> Answer:
    return reply(status, {"object": "error", "message": message}, headers=headers)


_NO_FIM = "FIM is not enabled for this model"
_QUOTED: Mapping[str, object] = {
    "detail": [{"type": "extra_forbidden", "loc": ["body", "n"], "msg": "Extra inputs", "input": QUOTES}]
}
_BOMB = gzip.compress(b"data: " + b"a" * 20_000_000)
_THROUGH_A_PROXY: Mapping[str, object] = {"base_url": "https://model.invalid", "proxy": ENDPOINT}
_WITH_A_PASSWORD: Mapping[str, object] = {
    "base_url": "https://model.invalid",
    "proxy": "http://user:hunter2@127.0.0.1:9",
}

FAULTS: tuple[Fault, ...] = (
    # no connection
    Fault("a name that does not exist", silence, ("not known",), settings={"base_url": "http://no-such-host.invalid"}),
    Fault("connection refused", silence, ("No connection", "127.0.0.1:9"), settings={"base_url": NOBODY}),
    Fault("a server without TLS asked for TLS", reply(), ("secure",), settings={"base_url": "https://{at}"}),
    Fault("a proxy that is down", silence, ("proxy", "127.0.0.1:9"), settings=_WITH_A_PASSWORD),
    Fault("a proxy that wants a password", reply(407), ("407",), settings=_THROUGH_A_PROXY),
    Fault("a proxy that refuses the tunnel", reply(403), ("proxy",), settings=_THROUGH_A_PROXY),
    Fault("a connection that is closed without an answer", raw(b""), ("without an answer",)),
    Fault("a connection that is reset", reset, ("without an answer",)),
    # too slow
    Fault("silence", silence, ("longer than 0.5 s",), settings=SOON),
    Fault("headers that drip", endless(b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n", pause=0.05), ("0.5 s",), settings=SOON),
    Fault("a body that drips", endless(head_of(200, EVENTS), b":", pause=0.05), ("0.5 s",), settings=SOON),
    Fault("silence after some text", _silent_after_some_text, ("0.5 s",), settings=SOON),
    # refused
    Fault("400, a model that cannot fill in", _refused(400, _NO_FIM), ("fill in the middle", "codestral-latest")),
    Fault("401", _refused(401, "Unauthorized"), ("401", "infill key set")),
    Fault("403", _refused(403, "Not allowed"), ("403",)),
    Fault("404", _refused(404, "no Route matched with those values"), ("base_url",)),
    Fault("422 that repeats the user's text", reply(422, _QUOTED), ("body.n",)),
    Fault("429", _refused(429, "Rate limit exceeded"), ("429",), rests=True),
    Fault("429 with Retry-After", _refused(429, "slow", **{"Retry-After": "2"}), ("429", "in 2 s"), rests=True),
    Fault("429 with a limit of zero", _refused(429, "", **{"x-ratelimit-limit-req-minute": "0"}), ("plan",), rests=True),
    *(Fault(str(status), reply(status), (str(status),)) for status in (500, 502, 504)),
    *(Fault(f"{status}, no capacity", reply(status), (str(status),), rests=True) for status in (503, 529)),
    Fault("an error page", reply(200, "<html>Log in</html>", kind="text/html"), ("portal",)),
    Fault(
        "a redirect to another origin", reply(307, headers={"Location": "http://thief.invalid/"}), ("307", "base_url")
    ),
    # not what was asked for
    Fault("compressed data without end", reply(200, _BOMB, headers={"Content-Encoding": "gzip", **EVENTS}), ("compress",)),
    Fault("a stream without end", endless(head_of(200, EVENTS), b":\n" * 10_000), ("1024 KB",)),
    Fault("an event without end", endless(head_of(200, EVENTS), b"data: " + b"a" * 20_000), ("256 KB",)),
    Fault("headers without end", endless(b"HTTP/1.1 200 OK\r\n", b"X: " + b"a" * 4000 + b"\r\n"), ("closed the",)),
    Fault("another content type", reply(200, b"hi", kind="text/plain"), ("text/plain",)),
    Fault("something that is not HTTP", raw(b"SSH-2.0-OpenSSH_9.2\r\n"), ("without an answer",)),
    Fault("events that are no JSON", stream([b"data: {nonsense\n\n"]), ("no JSON",)),
    Fault("JSON nested without end", stream([b"data: " + b"[" * 200_000 + b"\n\n"]), ("no JSON",)),
    Fault("events that are no UTF-8", stream([b'data: {"choices": "\xff\xfe"}\n\n']), ("UTF-8",)),
    Fault("an event of another shape", stream([event({"choices": [7]})]), ("no object",)),
    Fault("an error inside the stream", stream([event({"object": "error", "message": "Overloaded", "code": 500})]), ("Overl",)),
    # broken, and of use all the same
    Fault("a stream that breaks off", stream([piece("first()\nsec")], end=False), shows="first()"),
    Fault("a stream cut inside a character", stream([piece("first()\n"), b'data: "\xc3'], end=False), shows="first()"),
    Fault("a character split across packets", stream([*_bytes_of("naïve"), event("[DONE]")]), shows="naïve"),
    Fault("ten thousand empty events", stream([b"\n\n" * 10_000, piece("some", "stop")]), shows="some"),
)  # fmt: skip
