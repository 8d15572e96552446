"""llama.cpp's own server, by its `/infill`: it knows the model's fill-in-the-middle tokens from the model file.

The server builds the prompt from token ids, so nothing the user writes can act as a control token, except in the field
`prompt`, whose tokens it does parse: that field stays empty. Other files go in `input_extra`, where the server puts them
before the hole and keeps them in its cache. Of the prefix it takes at most three quarters of its batch (`-b`), of the suffix a
quarter. The stream ends with an event whose `stop` is true; there is no `[DONE]`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from backends.address import is_local
from backends.api import Card, Done, FimRequest, Finish, Text
from backends.audit import Part, fim_parts
from backends.errors import BackendError, BadReply, BadRequest, RateLimited
from backends.http import Client, Cut
from backends.keys import Secret
from backends.refusal import Refusal
from backends.reply import Reply
from backends.wiring import Wiring
from context.clock import Clock

log = logging.getLogger(__name__)

NAME = "llama_cpp"
DEFAULT_URL = "http://127.0.0.1:8080"
UNKNOWN_CONTEXT = 4096
ANSWER_ROOM = 512
"""Tokens of the context that are kept for the answer."""
ANY_SLOT = -1
LOADING = 2.0
"""Seconds until a server that still loads its model is asked again."""
LAST_EVENT = ("content", "stop", "stop_type", "tokens_evaluated", "tokens_predicted", "timings")
"""What the last event is to hold; otherwise it repeats the whole prompt."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `/props` tells."""

    model: str = ""
    context_tokens: int = UNKNOWN_CONTEXT

    @staticmethod
    def read(props: Any) -> Loaded:
        found = props if isinstance(props, dict) else {}
        names = (found.get("model_alias"), found.get("model_path"))
        name = next((name for name in names if isinstance(name, str) and name), "")
        settings = found.get("default_generation_settings")
        size = settings.get("n_ctx") if isinstance(settings, dict) else None
        return Loaded(PurePath(name).name, size if isinstance(size, int) and size > 0 else UNKNOWN_CONTEXT)


class LlamaReply(Reply):
    """An answer in llama.cpp's own form: `content` in each event, and the reason and the counts in the one that has `stop`."""

    def _take_chunk(self, chunk: dict[str, Any]) -> str:
        if chunk.get("stop") is True:
            self.finish = Finish.LENGTH if chunk.get("stop_type") == "limit" else Finish.STOP
            timings = chunk.get("timings")
            cached = timings.get("cache_n") if isinstance(timings, dict) else 0
            self._take_counts(chunk.get("tokens_evaluated"), chunk.get("tokens_predicted"), cached)
        content = chunk.get("content")
        return content if isinstance(content, str) else ""


class LlamaCpp:
    """An `Infiller`. `model` is needed only by a server that runs several; `slot` pins requests to one of the server's, by
    default it takes the one whose cache fits best."""

    def __init__(
        self,
        root: str = DEFAULT_URL,
        *,
        model: str = "",
        slot: int = ANY_SLOT,
        key: Secret | None = None,
        wiring: Wiring | None = None,
        clock: Clock,
    ) -> None:
        self._root, self._model, self._slot, self._clock = root, model, slot, clock
        self._longest = (wiring or Wiring()).total
        self._client = Client(NAME, root, key=key, wiring=wiring, clock=clock, explain=self._explain)
        self._loaded: Loaded | None = None

    @property
    def card(self) -> Card:
        model = self._model or (self._loaded.model if self._loaded else "")
        context = self._loaded.context_tokens if self._loaded else UNKNOWN_CONTEXT
        return Card(
            NAME, model, not is_local(self._root), max(context - ANSWER_ROOM, context // 2), self._client.origin
        )

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        if self._loaded is None:
            self._loaded = await self._look()
        async with aclosing(self._infill(self._asked(request), fim_parts(request.context))) as answer:
            async for event in answer:
                yield event

    def preview(self, request: FimRequest) -> Mapping[str, object]:
        """See `backends.preview`."""
        return self._whole(self._asked(request))

    async def check(self) -> str:
        """Asks for one token: /health and /props say nothing of whether the model has fill-in-the-middle tokens."""
        self._loaded = await self._look()
        started = self._clock.now()
        body = {"input_prefix": "def add(a, b):\n    return ", "input_suffix": "\n", "n_predict": 1}
        async with aclosing(self._infill(body, ())) as answer:
            async for _ in answer:
                pass
        took = (self._clock.now() - started) * 1000
        model = self._model or self._loaded.model or "its model"
        return (
            f"{self._client.origin} infills with {model}, {self._loaded.context_tokens} tokens of context, "
            f"one token in {took:.0f} ms."
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    def _asked(self, request: FimRequest) -> dict[str, object]:
        context = request.context
        return {
            "input_prefix": context.prefix,
            "input_suffix": context.suffix,
            "input_extra": [{"filename": excerpt.path, "text": excerpt.text} for excerpt in context.excerpts],
            "n_predict": request.max_tokens,
            "stop": list(request.stop),
            "temperature": request.temperature,
            "seed": request.seed,
            "model": request.model or self._model or None,
        }

    def _whole(self, body: dict[str, object]) -> dict[str, object]:
        """With what every request says."""
        always = {
            "prompt": "",
            "stream": True,
            "cache_prompt": True,
            "id_slot": self._slot,
            # A little before our own patience ends, so that what there is arrives in order.
            "t_max_predict_ms": int(self._longest * 800),
            "response_fields": LAST_EVENT,
        }
        return {name: value for name, value in body.items() if value is not None} | always

    async def _infill(self, body: dict[str, object], parts: Sequence[Part]) -> AsyncGenerator[Text | Done, None]:
        sent = parts[0].text if parts else ""
        reply = LlamaReply(NAME, self._client.origin, sent)
        events = self._client.events("/infill", self._whole(body), sent=sent, parts=parts, is_last=_is_last)
        async with aclosing(events):
            try:
                async for data in events:
                    if text := reply.take(data):
                        yield Text(text)
                    if reply.finish:
                        yield reply.done()
            except Cut:
                if not reply.begun:
                    raise
        if reply.finish is None:
            yield reply.unended()

    async def _look(self) -> Loaded:
        """What the server has loaded; a server too old or too shy to say is no failure."""
        try:
            return Loaded.read(await self._client.fetch("GET", "/props"))
        except (BadRequest, BadReply) as error:
            log.info("%s does not describe itself: %s", self._client.origin, type(error).__name__)
            return Loaded()

    def _explain(self, refused: Refusal) -> BackendError | None:
        origin, words = self._client.origin, refused.words.lower()
        if refused.status == 503 and "loading" in words:
            return RateLimited(
                NAME, f"{origin} is still loading its model.", f"Asking again in {LOADING:.0f} s.", LOADING
            )
        if refused.status == 501 or "infill is not supported" in words:
            mend = "Load one that has them, such as Qwen2.5-Coder, or set `backend` to `openai` and `fim_template`."
            return BadRequest(NAME, f"The model at {origin} has no fill-in-the-middle tokens.", mend)
        if refused.kind == "exceed_context_size_error" or "context size" in words:
            mend = "Lower `context_tokens`, or start the server with a larger `-c`."
            return BadRequest(NAME, f"The prompt is too long for {origin}.", mend)
        if refused.status in (404, 405):
            mend = "Correct `base_url`, or set `backend` to `openai` for another kind of server."
            return BadRequest(NAME, f"{origin} has no /infill: it is no llama.cpp server.", mend)
        return None


def _is_last(data: str) -> bool:
    """Unescaped quotes stand only around a key, never in the text of the completion."""
    return re.search(r'"stop"\s*:\s*true', data) is not None
