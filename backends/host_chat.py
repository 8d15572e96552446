"""Talking with the model host's model, where that is one that talks: Mistral's chat contract over the host's socket or port."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from backends import chat_body
from backends.api import Calls, Card, ChatRequest, Done, Text
from backends.chat_reply import answer
from backends.discovery import Host
from backends.errors import BackendError, BadRequest
from backends.http import Client
from backends.refusal import Refusal
from backends.running_host import USUAL_CONTEXT
from backends.to_host import NAME, ToHost

MEND = "Serve a model with a chat template, such as an -Instruct one, or choose another backend."


class HostChat:
    """A `Chatter`. The one model that is loaded is asked, whatever the request names; it calls no tools of its own accord."""

    def __init__(self, way: ToHost) -> None:
        self._way = way
        self._host: Host | None = None
        self._client: Client | None = None

    def card(self, request: ChatRequest | None = None) -> Card:
        host = self._way.find()
        if host is None:
            return Card(NAME, self._way.model, False, USUAL_CONTEXT)
        return Card(NAME, host.model, False, host.context_tokens, host.root)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Text | Calls | Done, None]:
        host = await self._way.reach()
        client = await self._client_of(host)
        asked = replace(request, tools=())
        body = chat_body.mistral(asked, host.model, predicts=False)
        async with aclosing(answer(client, NAME, body, asked)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _client_of(self, host: Host) -> Client:
        if self._client is None or host != self._host:
            await self.aclose()
            self._host = host
            self._client = Client(
                NAME,
                host.root,
                key=host.token,
                wiring=self._way.wiring_to(host),
                clock=self._way.clock,
                explain=_explain,
            )
        return self._client


def _explain(refused: Refusal) -> BackendError | None:
    """What the host means by a refusal, where that is more than its status says."""
    said = refused.words.lower()
    if refused.status == 400 and "chat template" in said:
        return BadRequest(NAME, "The model that the host has loaded cannot talk.", MEND)
    if refused.status == 400 and "too long" in said:
        return BadRequest(NAME, "The prompt is longer than the model reads.", "Choose a smaller stretch of text.")
    return None
