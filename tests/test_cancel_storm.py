"""After thousands of started and cancelled requests the next ones succeed and no socket is left.

A completion server cancels on nearly every keystroke. A client that loses a place in its pool, or a socket, with each cancel is
dead within minutes; which settings survive is said in `backends/http.py`.
"""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections import Counter, defaultdict
from contextlib import aclosing
from pathlib import Path

import psutil

from backends.api import Done, Text
from backends.keys import Secret
from backends.mistral import Mistral
from backends.wiring import Wiring
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import LAST_CHUNK, Asked, chunk, event, head_of, serving
from tests.requests import fim_request
from tests.tls import Authority

AT_ONCE = 25
PLAIN = Wiring()
PHASES = ("connect", "header", "connect", "body")


class Healthy:
    """Streams a completion as a model would: the head a moment after the request, then a piece at a time."""

    def __init__(self) -> None:
        self.arrived: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.arrived[str(asked.json["model"])].set()
        await asyncio.sleep(0.003)
        writer.write(head_of(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))
        for text, reason in (("a", None), ("b", None), ("c", "stop")):
            writer.write(chunk(event({"choices": [{"delta": {"content": text}, "finish_reason": reason}]})))
            await writer.drain()
            await asyncio.sleep(0.003)
        writer.write(chunk(event("[DONE]")) + LAST_CHUNK)


async def cancel_in(phase: str, number: int, turns: int, mistral: Mistral, endpoint: Healthy) -> str:
    """Starts a request and cancels it in `phase`; says whether that came in time."""
    name, begun = f"model-{number}", asyncio.Event()

    async def ask() -> None:
        async with aclosing(mistral.stream(fim_request(model=name))) as events:
            async for _ in events:
                begun.set()

    task = asyncio.create_task(ask())
    if phase == "connect":
        for _ in range(turns):
            await asyncio.sleep(0)
    else:
        await (endpoint.arrived[name] if phase == "header" else begun).wait()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return phase
    return "too late"


def sockets() -> int:
    return sum(1 for each in psutil.Process().net_connections("tcp") if each.status != "LISTEN")


async def storm(requests: int, *, turns: int, tls: ssl.SSLContext | None = None, wiring: Wiring = PLAIN) -> None:
    """Cancels `requests` requests, a quarter each with the head and the body under way, half within `turns` turns of the event
    loop from their start; then asks five times more. Sockets count without the help of a garbage collection."""
    before, outcomes, endpoint = sockets(), Counter[str](), Healthy()
    gc.disable()
    try:
        async with serving(endpoint, tls=tls) as server:
            mistral = Mistral(server.url, key=Secret("k"), clock=MonotonicClock(), wiring=wiring)
            for start in range(0, requests, AT_ONCE):
                batch = range(start, min(start + AT_ONCE, requests))
                cancelled = (cancel_in(PHASES[n % len(PHASES)], n, n % turns, mistral, endpoint) for n in batch)
                outcomes.update(await asyncio.gather(*cancelled))
            assert sum(outcomes.values()) == requests
            assert outcomes["too late"] <= requests // 4
            assert len(server.asked) >= requests // 5
            for _ in range(5):
                events = [each async for each in mistral.stream(fim_request())]
                assert "".join(each.text for each in events if isinstance(each, Text)) == "abc"
                assert isinstance(events[-1], Done)
            await mistral.aclose()
        async with asyncio.timeout(60):  # the server's side learns of the last closed connections a moment later
            while sockets() > before:
                await asyncio.sleep(0.01)
    finally:
        gc.enable()


async def test_ten_thousand_cancelled_requests_leave_a_working_client_and_no_socket() -> None:
    await storm(10_000, turns=13)


async def test_requests_cancelled_in_the_tls_handshake_leave_no_socket(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    await storm(500, turns=60, tls=authority.server(), wiring=Wiring(ca_file=str(authority.file)))
