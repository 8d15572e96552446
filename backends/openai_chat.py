"""Talking to any server with OpenAI's `/v1/chat/completions`: vLLM, LiteLLM, Ollama, LM Studio, llama.cpp and others.

The first model that the server lists is asked where none is set. A server that refuses a JSON schema is asked again without:
the prompt describes the same form, and what comes is checked either way.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from backends import chat_body, refusal, served
from backends.address import is_local
from backends.api import Calls, Card, ChatRequest, Done, Text
from backends.chat_reply import answer
from backends.diagnosis import REFUSALS, TOO_LONG_WORDS, Refused
from backends.errors import BackendError, BadReply, BadRequest
from backends.http import Client
from backends.keys import Secret
from backends.refusal import Refusal
from backends.wiring import Wiring
from context.clock import Clock

log = logging.getLogger(__name__)

UNKNOWN_CONTEXT = 8192


class OpenAIChat:
    """A `Chatter`. `backend` is the name that messages and the ledger use."""

    def __init__(
        self,
        root: str,
        *,
        backend: str = "openai",
        model: str = "",
        key: Secret | None = None,
        wiring: Wiring | None = None,
        clock: Clock,
    ) -> None:
        self._backend, self._root, self._model = backend, root, model
        self._client = Client(backend, root, key=key, wiring=wiring, clock=clock, explain=self._keep)
        self._found: tuple[str, int] | None = None
        self._strict = self._asks_usage = self._tools = True

    def card(self, request: ChatRequest | None = None) -> Card:
        model, context = self._found or (self._model, UNKNOWN_CONTEXT)
        asked = request.model if request and request.model else model
        return Card(self._backend, asked, not is_local(self._root), context, self._client.origin)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Text | Calls | Done, None]:
        model = request.model or await self._choose()
        while True:
            asked = request if self._tools else replace(request, tools=())
            body = chat_body.openai(asked, model, strict=self._strict)
            if not self._asks_usage:
                body.pop("stream_options", None)
            try:
                async with aclosing(answer(self._client, self._backend, body, request)) as events:
                    async for event in events:
                        yield event
                return
            except Refused as error:
                if not self._does_without(error.refused, body):
                    raise self._why(error.refused, model) from None

    async def aclose(self) -> None:
        await self._client.aclose()

    def _does_without(self, refused: Refusal, body: dict[str, object]) -> bool:
        """Whether the refusal names a field that can be left out, which from then on it is."""
        words = refused.words.lower()
        if "stream_options" in words and "stream_options" in body:
            self._asks_usage = False
        elif (
            any(sign in words for sign in ("response_format", "json_schema", "guided", "grammar"))
            and "response_format" in body
        ):
            self._strict = False
        elif "tool" in words and "tools" in body:
            self._tools = False
        else:
            return False
        log.info("%s is asked without a field that it does not take", self._client.origin)
        return True

    def _why(self, refused: Refusal, model: str) -> BackendError:
        self._found = None
        words = refused.words.lower()
        if any(said in words for said in TOO_LONG_WORDS):
            what = f"The prompt is too long for {model} as {self._client.server} runs it."
            return BadRequest(self._backend, what, "Choose a smaller stretch of text.")
        if refused.status in (404, 405, 501) and "model" not in words:
            what = f"{self._client.server} has no /v1/chat/completions ({refused.status}): it cannot talk."
            return BadRequest(self._backend, what, "Set `base_url` to a server that chats.")
        return refusal.as_error(self._backend, self._client.server, refused)

    async def _choose(self) -> str:
        """The model to ask: the one set, else the first that the server lists."""
        if self._found is None:
            models = await self._list()
            named = next((entry for entry in models if entry.name == self._model), None)
            first = models[0] if models and not self._model else named
            if first is None and not self._model:
                what = f"{self._client.server} does not say which models it serves."
                raise BadRequest(self._backend, what, "Set `chat_model`.")
            self._found = (
                (first.name, first.context_tokens or UNKNOWN_CONTEXT) if first else (self._model, UNKNOWN_CONTEXT)
            )
        return self._found[0]

    async def _list(self) -> tuple[served.Served, ...]:
        try:
            return served.read(await self._client.fetch("GET", "/v1/models"))
        except (BadReply, BadRequest) as error:
            log.info("%s lists no models: %s", self._client.origin, type(error).__name__)
            return ()

    def _keep(self, refused: Refusal) -> BackendError | None:
        return Refused(self._backend, refused) if refused.status in REFUSALS else None
