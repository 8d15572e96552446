"""Clients of other hands: Mistral's official one completes, streams and chats with a host, and reads its errors."""

from __future__ import annotations

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import HTTPValidationError, SDKError

from backends.host.access import Rules
from backends.keys import Secret
from tests.hosting import listening, serving

KEY = "0f" * 32
LINE = "    return a + b"
TEXT = {"prompt": "def add(a, b):\n    ret", "suffix": "\n"}
HELLO = [{"role": "user", "content": "Hello"}]


def client(port: int, key: str = KEY) -> Mistral:
    return Mistral(api_key=key, server_url=f"http://127.0.0.1:{port}")


async def test_fim() -> None:
    async with listening(serving(LINE, rules=Rules(Secret(KEY)))[0]) as port, client(port) as mistral:
        reply = await mistral.fim.complete_async(model="tiny", **TEXT, max_tokens=20, temperature=0.0)
        assert reply.choices[0].message is not None
        assert reply.choices[0].message.content == "urn a + b"
        assert reply.choices[0].finish_reason == "stop"
        assert reply.usage.total_tokens


async def test_fim_as_a_stream() -> None:
    async with listening(serving(LINE, rules=Rules(Secret(KEY)))[0]) as port, client(port) as mistral:
        events = [event async for event in await mistral.fim.stream_async(model="tiny", **TEXT)]
    text = "".join(str(event.data.choices[0].delta.content or "") for event in events)
    assert text == "urn a + b"
    assert events[-1].data.choices[0].finish_reason == "stop"
    assert events[-1].data.usage


async def test_chat_and_its_stream() -> None:
    said = "assistant\nHello to you."
    async with listening(serving(said, rules=Rules(Secret(KEY)))[0]) as port, client(port) as mistral:
        reply = await mistral.chat.complete_async(model="tiny", messages=HELLO)
        assert reply.choices[0].message is not None
        assert reply.choices[0].message.content == "Hello to you."
        events = [event async for event in await mistral.chat.stream_async(model="tiny", messages=HELLO)]
    assert "".join(str(event.data.choices[0].delta.content or "") for event in events) == "Hello to you."


async def test_models() -> None:
    async with listening(serving(rules=Rules(Secret(KEY)))[0]) as port, client(port) as mistral:
        models = await mistral.models.list_async()
    assert models.data
    assert models.data[0].id == "tiny"
    assert models.data[0].capabilities.completion_fim


async def test_errors() -> None:
    async with listening(serving(rules=Rules(Secret(KEY)))[0]) as port:
        async with client(port) as mistral:
            with pytest.raises(HTTPValidationError) as invalid:
                await mistral.fim.complete_async(model="tiny", **TEXT, temperature=3.0)
            assert invalid.value.data.detail
            with pytest.raises(SDKError) as unknown:
                await mistral.fim.complete_async(model="other", **TEXT)
            assert unknown.value.status_code == 400
        async with client(port, "wrong") as mistral:
            with pytest.raises(SDKError) as stranger:
                await mistral.models.list_async()
            assert stranger.value.status_code == 401
