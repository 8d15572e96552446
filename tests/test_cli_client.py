"""The client over real pipes, against a server of a few lines that does what no good server would."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from editors.headless.client import Client, RequestFailed, ServerGone

SERVER = """
import json, sys
def read():
    length = 0
    while (line := sys.stdin.buffer.readline()) != b"\\r\\n":
        if not line: sys.exit()
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length))
def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"content-length: %d\\r\\nX: y\\r\\n\\r\\n" % len(body) + body)
    sys.stdout.buffer.flush()
cancelled = []
while True:
    message = read()
    method, id_ = message.get("method"), message.get("id")
    if method == "initialize": send(id=id_, result={"capabilities": {"hover": True}})
    elif method == "shutdown": send(id=id_, result=None)
    elif method == "exit": sys.exit()
    elif method == "$/cancelRequest": cancelled.append(message["params"]["id"])
    elif method == "echo": send(method="note", params="heard"); send(id=id_, result=message["params"])
    elif method == "ask": send(id=77, method="workspace/configuration", params={"items": [{}]}); asked = id_
    elif method is None and id_ == 77: send(id=asked, result=message["result"])
    elif method == "refuse": send(id=id_, error={"code": -32601, "message": "no such method"})
    elif method == "cancelled": send(id=id_, result=len(cancelled))
    elif method == "die": sys.exit(3)
    elif method == "babble": sys.stdout.buffer.write(b"hello\\r\\n\\r\\n"); sys.stdout.buffer.flush()
"""


def client(tmp_path: Path, heard: list[str] | None = None) -> Client:
    def hears(method: str, params: object) -> None:
        if heard is not None:
            heard.append(f"{method} {params}")

    return Client(tmp_path, command=(sys.executable, "-c", SERVER), settings={"model": "m"}, hears=hears)


async def test_requests_notifications_and_the_servers_own_requests(tmp_path: Path) -> None:
    heard: list[str] = []
    async with client(tmp_path, heard) as server:
        assert server.capabilities == {"hover": True}
        assert await server.request("echo", {"text": "ä🙂"}) == {"text": "ä🙂"}
        assert heard == ["note heard"]
        assert await server.request("ask", {}) == [{"model": "m"}]
        with pytest.raises(RequestFailed, match="no such method"):
            await server.request("refuse", {})


async def test_cancelling_the_caller_cancels_at_the_server(tmp_path: Path) -> None:
    async with client(tmp_path) as server:
        waiting = asyncio.create_task(server.request("silence", {}))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await server.request("cancelled", {}) == 1


@pytest.mark.parametrize(("method", "words"), [("die", "has ended"), ("babble", "no message")])
async def test_server_that_goes_is_an_error_not_a_wait(tmp_path: Path, method: str, words: str) -> None:
    with pytest.raises(ServerGone, match=words):
        async with client(tmp_path) as server:
            await server.request(method, {})
