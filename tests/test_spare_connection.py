"""After a completion that was cut, the next one finds a connection ready: no TLS handshake between a keystroke and its answer."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

from backends.dial import SPARE_EVERY
from backends.keys import Secret
from backends.mistral import Mistral
from backends.wiring import Wiring
from editors.headless.self_test.endpoint import Asked, FaultServer, chunk, event, head_of, serving
from tests.fake_clock import FakeClock
from tests.requests import fim_request
from tests.tls import Authority


async def talkative(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Begins a completion that never ends; answers a HEAD as a server without a key would get it."""
    if asked.method == "HEAD":
        writer.write(head_of(401, {"Content-Length": "0"}))
        return
    writer.write(head_of(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))
    writer.write(chunk(event({"choices": [{"delta": {"content": "x"}}]})))
    await writer.drain()
    await asyncio.Event().wait()


async def cut_a_completion(mistral: Mistral) -> None:
    async with aclosing(mistral.stream(fim_request())) as events:
        await anext(events)


async def arrived(server: FaultServer, requests: int) -> list[str]:
    async with asyncio.timeout(60):
        while len(server.asked) < requests:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.01)
    return [asked.method for asked in server.asked]


async def test_over_tls_one_is_made_ready_without_the_key(tmp_path: Path) -> None:
    authority, clock = Authority(tmp_path), FakeClock()
    async with serving(talkative, tls=authority.server()) as server:
        mistral = Mistral(server.url, key=Secret("k"), clock=clock, wiring=Wiring(ca_file=str(authority.file)))
        await cut_a_completion(mistral)
        assert await arrived(server, 2) == ["POST", "HEAD"]
        assert "authorization" not in server.asked[1].headers
        await cut_a_completion(mistral)
        assert server.connections == 2
        await mistral.aclose()


async def test_not_more_often_than_every_two_seconds(tmp_path: Path) -> None:
    authority, clock = Authority(tmp_path), FakeClock()
    async with serving(talkative, tls=authority.server()) as server:
        mistral = Mistral(server.url, key=Secret("k"), clock=clock, wiring=Wiring(ca_file=str(authority.file)))
        for _ in range(4):
            await cut_a_completion(mistral)
        assert (await arrived(server, 5)).count("HEAD") == 1
        await clock.advance(SPARE_EVERY)
        await cut_a_completion(mistral)
        assert (await arrived(server, 7)).count("HEAD") == 2
        await mistral.aclose()


async def test_none_without_tls() -> None:
    async with serving(talkative) as server:
        mistral = Mistral(server.url, key=Secret("k"), clock=FakeClock())
        await cut_a_completion(mistral)
        assert await arrived(server, 1) == ["POST"]
        await mistral.aclose()


async def test_none_for_a_client_that_was_closed_before_its_stream(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serving(talkative, tls=authority.server()) as server:
        wiring = Wiring(ca_file=str(authority.file))
        mistral = Mistral(server.url, key=Secret("k"), clock=FakeClock(), wiring=wiring)
        events = mistral.stream(fim_request())
        await anext(events)
        await mistral.aclose()
        await events.aclose()
        assert await arrived(server, 1) == ["POST"]
