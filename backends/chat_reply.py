"""Reading a chat answer: its text as `Reply` reads it, and the tool calls that come whole or in pieces beside it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from backends.api import Calls, ChatRequest, Done, Text, ToolCall
from backends.audit import chat_parts
from backends.chat_body import sent
from backends.http import END_OF_STREAM, Client, Cut
from backends.reply import Reply

PATH = "/v1/chat/completions"
MOST_CALLS = 16
LONGEST_ARGUMENTS = 16_384


class ChatReply(Reply):
    """`calls` are those asked for so far. Pieces of one call share an index; some servers send no index and whole calls."""

    def __init__(self, backend: str, origin: str, sent: str) -> None:
        super().__init__(backend, origin, sent)
        self._calls: dict[object, dict[str, str]] = {}

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        found = (call for call in self._calls.values() if call["name"])
        return tuple(
            ToolCall(call["id"] or f"call-{number}", call["name"], call["arguments"])
            for number, call in enumerate(found)
        )

    @property
    def begun(self) -> bool:
        return super().begun or bool(self._calls)

    def _take_choice(self, choice: Any) -> str:
        text = super()._take_choice(choice)
        message = choice.get("delta") or choice.get("message") or {}
        pieces = message.get("tool_calls")
        for piece in pieces if isinstance(pieces, list) else []:
            self._take_call(piece)
        return text

    def _take_call(self, piece: Any) -> None:
        function = piece.get("function") if isinstance(piece, dict) else None
        if not isinstance(function, dict):
            raise self._malformed("a tool call that names no function")
        id, index = piece.get("id"), piece.get("index")
        fresh = (
            isinstance(id, str) and id not in ("", "null") and all(call["id"] != id for call in self._calls.values())
        )
        key = (
            (index, id) if fresh else next((key for key in reversed(self._calls) if _belongs(key, index)), (index, id))
        )
        if len(self._calls) >= MOST_CALLS and key not in self._calls:
            return
        call = self._calls.setdefault(
            key, {"id": id if fresh and isinstance(id, str) else "", "name": "", "arguments": ""}
        )
        name, arguments = function.get("name"), function.get("arguments")
        if isinstance(name, str) and not call["name"]:
            call["name"] = name[:64]
        written = json.dumps(arguments) if isinstance(arguments, dict) else arguments
        if isinstance(written, str):
            call["arguments"] = (call["arguments"] + written)[:LONGEST_ARGUMENTS]


def _belongs(key: object, index: object) -> bool:
    """Whether a piece without an id of its own goes on with the call under `key`."""
    return isinstance(key, tuple) and (index is None or key[0] == index)


async def answer(
    client: Client, backend: str, body: Mapping[str, Any], request: ChatRequest
) -> AsyncGenerator[Text | Calls | Done, None]:
    """The events of one chat answer to `request`, of which `body` was made; streamed or whole, read past `Done` so that the
    connection is kept."""
    said, parts = sent(body), chat_parts(request.messages)
    reply, ended = ChatReply(backend, client.server, said), False
    if not body["stream"]:
        text = reply.take(json.dumps(await client.fetch("POST", PATH, body, sent=said, parts=parts)))
        for event in (*([Text(text)] if text else []), *_ending(reply)):
            yield event
        return
    async with aclosing(client.events(PATH, body, sent=said, parts=parts)) as events:
        try:
            async for data in events:
                if data == END_OF_STREAM:
                    ended = True
                    for event in _ending(reply):
                        yield event
                elif text := reply.take(data):
                    yield Text(text)
        except Cut:
            if not reply.begun:
                raise
    if not ended:
        if reply.calls and reply.finish is not None:
            yield Calls(reply.calls)
        yield reply.unended()


def _ending(reply: ChatReply) -> list[Calls | Done]:
    return [*([Calls(reply.calls)] if reply.calls else []), reply.done()]
