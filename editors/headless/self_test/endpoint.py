"""An HTTP endpoint on loopback that misbehaves on request: it drips, cuts, resets, lies about lengths, and never stops.

It is given an answer for each request as a coroutine that writes raw bytes; the functions below make the usual ones. The suite in
tests/faults and `infill doctor --self-test` both use it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

LAST_CHUNK = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        body: dict[str, object] = json.loads(self.body)
        return body


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FaultServer:
    """`answer` is called for every request; `asked` keeps them; `dropped` counts answers that the client did not wait for."""

    answer: Answer
    scheme: str = "http"
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    dropped: int = 0
    open: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.open.add(task)
        self.connections += 1
        try:
            while (asked := await _read_request(reader)) is not None:
                self.asked.append(asked)
                await self.answer(asked, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.dropped += 1
        except asyncio.CancelledError:
            pass  # the test is over; asyncio's streams report a cancelled handler as a fault of their own
        finally:
            self.open.discard(task)
            writer.close()


@asynccontextmanager
async def serving(
    answer: Answer, *, tls: ssl.SSLContext | None = None, path: str | None = None
) -> AsyncIterator[FaultServer]:
    """A running server on a free port of 127.0.0.1, or on the Unix socket `path`; ended with everything it still does."""
    server = FaultServer(answer, "https" if tls else "http")
    if path:
        listener = await asyncio.start_unix_server(server.serve, path)
    else:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls, backlog=512)
        server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        ongoing = list(server.open)
        for task in ongoing:
            task.cancel()
        await asyncio.gather(*ongoing, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, path, _ = first.split(" ", 2)
    return Asked(method, path, headers, body)


def reply(
    status: int = 200,
    body: bytes | str | object = b"",
    *,
    headers: Mapping[str, str] | None = None,
    kind: str = "application/json",
) -> Answer:
    """A whole reply; `body` that is no bytes nor text becomes JSON."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    head = {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head_of(status, head) + content)

    return answer


def stream(
    pieces: Sequence[bytes], *, headers: Mapping[str, str] | None = None, pause: float = 0.0, end: bool = True
) -> Answer:
    """A chunked event stream sent piece by piece, each in its own packet; without `end` the connection closes after them."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(
            head_of(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked", **(headers or {})})
        )
        for piece in pieces:
            writer.write(chunk(piece))
            await writer.drain()
            await asyncio.sleep(pause)
        if end:
            writer.write(LAST_CHUNK)
        else:
            writer.close()

    return answer


def raw(content: bytes, *, close: bool = True) -> Answer:
    """These bytes and nothing else."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        if close:
            await writer.drain()
            writer.close()

    return answer


def endless(head: bytes, piece: bytes, *, pause: float = 0.0) -> Answer:
    """`head`, then `piece` for as long as the client listens."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


async def reset(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Closes with a TCP reset in place of an answer."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def silence(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Never answers."""
    await asyncio.Event().wait()


def head_of(status: int, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} Some Reason\r\n{lines}\r\n".encode("latin-1")


def chunk(piece: bytes) -> bytes:
    """One chunk of a body with Transfer-Encoding: chunked."""
    return f"{len(piece):x}\r\n".encode() + piece + b"\r\n"


def event(data: object) -> bytes:
    """One server-sent event; data that is no text becomes JSON."""
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()
