"""Who connects to the host and asks nothing, or is not let in, keeps nobody else out: real uvicorn, real sockets."""

from __future__ import annotations

import asyncio

import pytest

from backends.host.access import Rules
from backends.host.patience import patient
from backends.keys import Secret
from tests.hosting import listening, serving

KEY = "k" * 32
ASK = f"GET /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
UNKNOWN = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
HOUR = 3600.0


Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def opened(port: int, said: bytes) -> Opened:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    await writer.drain()
    return reader, writer


async def is_answered(port: int) -> bool:
    reader, writer = await opened(port, ASK)
    first = await asyncio.wait_for(reader.readline(), 30)
    writer.close()
    return b" 200 " in first


@pytest.mark.parametrize("said", [b"", b"GET /hea", b"POST /v1/fim/completions HTTP/1.1\r\nHost: loc"])
async def test_a_head_that_never_comes_is_not_waited_for(said: bytes) -> None:
    app, _ = serving(rules=Rules(Secret(KEY)))
    async with listening(app, patient(0.2, 1000)) as port:
        reader, _writer = await opened(port, said)
        assert await asyncio.wait_for(reader.read(), 30) == b""
        assert await is_answered(port)


async def test_half_of_a_second_request_is_not_waited_for_either() -> None:
    app, _ = serving(rules=Rules(Secret(KEY)))
    async with listening(app, patient(0.2, 1000)) as port:
        reader, writer = await opened(port, ASK)
        assert b"}" in await asyncio.wait_for(reader.readuntil(b"}"), 30)
        writer.write(b"GET /hea")
        assert await asyncio.wait_for(reader.read(), 30) == b""


async def test_connections_without_a_request_take_nobodys_place() -> None:
    app, _ = serving(rules=Rules(Secret(KEY)))
    async with listening(app, patient(HOUR, 8)) as port:
        waiting = [await opened(port, b"GET ") for _ in range(24)]
        assert await asyncio.wait_for(waiting[0][0].read(), 30) == b""
        assert await is_answered(port)


async def test_who_is_not_let_in_is_shown_out() -> None:
    """A connection that stayed open after its refusal would count among those that the host serves at most."""
    app, _ = serving(rules=Rules(Secret(KEY)))
    async with listening(app) as port:
        reader, _writer = await opened(port, UNKNOWN)
        assert b" 401 " in await asyncio.wait_for(reader.read(), 30)
