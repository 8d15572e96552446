"""Talking over Mistral's chat API, for explanations, edits and reviews. Its client waits longer than a completion's does."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import urlsplit

from backends import chat_body
from backends.address import is_local
from backends.api import Calls, Card, ChatRequest, Done, Text
from backends.chat_models import fitting, known
from backends.chat_reply import answer
from backends.errors import BackendError, BadRequest, QuotaSpent, RateLimited, Unauthorised
from backends.http import Client
from backends.keys import Secret
from backends.mistral import DEFAULT_URL, HOSTS, KEY_MEND
from backends.pace import Pace, has_no_plan
from backends.refusal import Refusal, wait_of
from backends.wiring import Wiring
from context.clock import Clock

NAME = "mistral"
CHARS_PER_TOKEN = 3.0
"""Fewer than code really has, so that a prompt that is said to fit does."""


class MistralChat:
    """A `Chatter`. `model` "" takes the first of `chat_models.MISTRAL` that the prompt fits into."""

    def __init__(
        self,
        root: str = DEFAULT_URL,
        *,
        key: Secret | None,
        clock: Clock,
        model: str = "",
        wiring: Wiring | None = None,
    ) -> None:
        self._model, self._pace, self._sends = model, Pace(clock), not is_local(root)
        self._lacks_key = not key and urlsplit(root).hostname in HOSTS
        self._client = Client(
            NAME, root, key=key, wiring=wiring, clock=clock, explain=self._explain, note=self._pace.note
        )

    def card(self, request: ChatRequest | None = None) -> Card:
        name = self._choose(request)
        model = known(name)
        context = model.context_tokens if model else fitting(0).context_tokens
        return Card(NAME, name, self._sends, context, self._client.origin)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Text | Calls | Done, None]:
        server = self._client.server
        if self._lacks_key:
            raise Unauthorised(NAME, f"No key is set for {server}, so nothing was sent.", KEY_MEND)
        if (wait := self._pace.wait()) > 0:
            raise RateLimited(NAME, f"{server} allows no more requests now.", f"Ask again in {wait:.0f} s.", wait)
        name = self._choose(request)
        model = known(name)
        body = chat_body.mistral(request, name, predicts=model is not None and model.predicts)
        async with aclosing(answer(self._client, NAME, body, request)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        await self._client.aclose()

    def _choose(self, request: ChatRequest | None) -> str:
        if request is None:
            return self._model or fitting(0).name
        length = sum(len(message.text) for message in request.messages)
        return request.model or self._model or fitting(int(length / CHARS_PER_TOKEN) + request.max_tokens).name

    def _explain(self, refused: Refusal) -> BackendError | None:
        """What this API means by a refusal, where that is more than its status says."""
        server, status, said = self._client.server, refused.status, refused.words.lower()
        if status == 401 and refused.keyed:
            return Unauthorised(NAME, f"{server} does not accept the key (401).", KEY_MEND)
        if status == 429 and has_no_plan(refused.headers):
            what = "The plan of this key does not include the model that was asked: its limit is 0 requests (429)."
            return QuotaSpent(NAME, what, "Choose another plan or key, or set `chat_model`.")
        if status == 429:
            wait = wait_of(refused.headers)
            self._pace.hold(wait)
            return RateLimited(
                NAME, f"{server} allows no more requests now (429).", f"Ask again in {wait:.0f} s.", wait
            )
        if status in (400, 404) and ("invalid model" in said or refused.kind == "invalid_model"):
            what = f"The chat model is not known at {server}, or is retired."
            return BadRequest(NAME, what, "Set `chat_model` to one that is.")
        if status in (400, 413, 422) and any(sign in said for sign in ("context", "too large", "too long")):
            return BadRequest(NAME, "The prompt is longer than the model reads.", "Choose a smaller stretch of text.")
        return None
