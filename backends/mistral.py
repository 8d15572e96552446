"""Codestral over Mistral's fill-in-the-middle API, and every server that speaks the same contract: a model host, a gateway.

The API is strict: a request with any field beyond the twelve it knows is refused, so `body_of` makes exactly those, and
`tests/wire/fim_request.schema.json` holds it to them. Contract: POST /v1/fim/completions and GET /v1/models of the public API
description at https://docs.mistral.ai/api.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from backends.address import is_local
from backends.api import Card, Done, FimRequest, Finish, Text, Usage
from backends.audit import Part, fim_parts
from backends.errors import AGAIN, BackendError, BadRequest, QuotaSpent, RateLimited, Unauthorised
from backends.http import END_OF_STREAM, Client, Cut
from backends.keys import Secret
from backends.mistral_models import Model, models_in, named
from backends.pace import Pace, has_no_plan
from backends.refusal import Refusal, wait_of
from backends.reply import Reply
from backends.wiring import Wiring
from context.clock import Clock
from context.privacy import FimContext

DEFAULT_URL = "https://api.mistral.ai"
DEFAULT_MODEL = "codestral-latest"
COMPLETIONS = "/v1/fim/completions"
MODELS = "/v1/models"
CONTEXT_TOKENS = 128_000
KEY_MEND = "Set one with `infill key set`, or in MISTRAL_API_KEY."
HOSTS = ("api.mistral.ai", "api.eu.mistral.ai", "api.us.mistral.ai", "codestral.mistral.ai")
"""Where nothing is answered without a key; other servers of this contract may need none."""

HEADER = "+++++ "
"""What stands before each file's name in a prompt of several files: the form that Continue sends to Codestral
(`AutocompleteTemplate.ts`)."""


@dataclass(frozen=True, slots=True)
class Persona:
    """What a server of this contract is called, and what it has by default."""

    name: str = "mistral"
    model: str = DEFAULT_MODEL
    context_tokens: int = CONTEXT_TOKENS
    key_mend: str = (
        "A key of api.mistral.ai and one of codestral.mistral.ai are two kinds, and each opens only its own address: "
        "set the right one with `infill key set`, or change `base_url`."
    )
    fills_not: str = "Set `model` to one that does: {able}."
    """What to do about a model that is not for completing code; `able` are those of the server that are."""


class Mistral:
    """An `Infiller`. `root` as `address.root_of` gives it; the key goes to its origin alone."""

    def __init__(
        self,
        root: str = DEFAULT_URL,
        *,
        key: Secret | None,
        clock: Clock,
        model: str = "",
        wiring: Wiring | None = None,
        persona: Persona | None = None,
    ) -> None:
        self._persona = persona or Persona()
        self._model = model or self._persona.model
        self._clock, self._pace = clock, Pace(clock)
        self._salt = secrets.token_bytes(16)
        self._client = Client(
            self._persona.name,
            root,
            key=key,
            wiring=wiring,
            clock=clock,
            explain=self._explain,
            note=self._pace.note,
        )
        is_here = is_local(root) or (wiring is not None and wiring.socket is not None)
        self._lacks_key = not key and urlsplit(root).hostname in HOSTS
        self.card = Card(
            name=self._persona.name,
            model=self._model,
            sends=not is_here,
            context_tokens=self._persona.context_tokens,
            origin=self._client.origin,
        )

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        if request.ahead and self._pace.is_scarce():
            yield Done(Finish.STOP, Usage())
            return
        async with aclosing(self._ask(body_of(request, self._model, self._salt), fim_parts(request.context))) as events:
            async for event in events:
                yield event

    def preview(self, request: FimRequest) -> Mapping[str, object]:
        """See `backends.preview`."""
        return body_of(request, self._model, self._salt)

    async def check(self) -> str:
        """Completes one token, then asks what is known of the model: a key may be good for the one and not for the other."""
        started = self._clock.now()
        probe = {"model": self._model, "prompt": "def add(a, b):\n    return ", "max_tokens": 1, "stream": True}
        try:
            async with aclosing(self._ask(probe)) as events:
                async for _ in events:
                    pass
        except BadRequest as error:
            able = ", ".join(each.id for each in await self._models() if each.fills)
            raise error.anew(f"{error.mend} It has {able}." if able else "") from error
        milliseconds = (self._clock.now() - started) * 1000
        models = await self._models()
        model = named(models, self._model)
        if model is not None and model.fills is False:
            able = ", ".join(each.id for each in models if each.fills) or "none here"
            what = f"The model {self._model} does not fill in the middle."
            raise BadRequest(self._persona.name, what, self._persona.fills_not.format(able=able))
        about = model.sentence(self._model) if model else f"the model is {self._model}."
        return f"{self._client.server} completes code, in {milliseconds:.0f} ms for one token; {about}"

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _ask(self, body: Mapping[str, Any], parts: Sequence[Part] = ()) -> AsyncGenerator[Text | Done, None]:
        name, server = self._persona.name, self._client.server
        if self._lacks_key:
            raise Unauthorised(name, f"No key is set for {server}, so nothing was sent.", KEY_MEND)
        if (wait := self._pace.wait()) > 0:
            raise RateLimited(name, f"{server} allows no more requests now.", f"{AGAIN[:-1]} in {wait:.0f} s.", wait)
        sent = f"{body['prompt']}{body.get('suffix', '')}"
        reply = Reply(name, server, sent)
        ended = False
        async with aclosing(self._client.events(COMPLETIONS, body, sent=sent, parts=parts)) as events:
            try:
                async for data in events:
                    if data == END_OF_STREAM:
                        ended = True
                        yield reply.done()
                    elif text := reply.take(data):
                        yield Text(text)
            except Cut:
                if not reply.begun:
                    raise
        if not ended:
            yield reply.unended()

    async def _models(self) -> tuple[Model, ...]:
        """The server's list; empty where there is none to be had, since completing works without one."""
        try:
            return models_in(await self._client.fetch("GET", MODELS))
        except BackendError:
            return ()

    def _explain(self, refused: Refusal) -> BackendError | None:
        """What this API means by a refusal, where that is more than its status says."""
        name, server, status = self._persona.name, self._client.server, refused.status
        said = refused.words.lower()
        if status == 401 and refused.keyed:
            return Unauthorised(name, f"{server} does not accept the key (401).", self._persona.key_mend)
        if status == 429 and has_no_plan(refused.headers):
            what = f"The plan of this key does not include {self._model}: its limit is 0 requests (429)."
            return QuotaSpent(name, what, "Waiting does not help: choose another plan, key or `model`.")
        if status == 429:
            self._pace.hold(wait_of(refused.headers))
        if status in (400, 404, 422) and ("fim is not enabled" in said or refused.code == "3051"):
            what = f"The model {self._model} does not fill in the middle."
            return BadRequest(name, what, f"Set `model` to {self._persona.model or 'one that does'}.")
        if status in (400, 404) and ("invalid model" in said or refused.kind == "invalid_model"):
            what = f"The model {self._model} is not known at {server}, or is retired."
            return BadRequest(name, what, f"Set `model` to {self._persona.model or 'one that is'}.")
        if status == 404 and ("no route" in said or said in ("not found", "file not found")):
            what = f"{server} completes no code under this path (404)."
            mend = f"Set `base_url` to the host alone, such as {DEFAULT_URL}; behind LiteLLM it ends in /mistral."
            return BadRequest(name, what, mend)
        if status in (400, 413, 422) and any(sign in said for sign in ("context", "too large", "too long")):
            return BadRequest(name, f"The prompt is longer than {self._model} reads.", "Lower `context_tokens`.")
        return None


def body_of(request: FimRequest, model: str, salt: bytes) -> dict[str, Any]:
    """The request as the API takes it: what is not set is not sent.

    `prompt_cache_key` is a hash of the document's path under `salt`: requests of one document share the provider's cache, and
    neither the path nor its likeness in another session can be read from it.
    """
    context = request.context
    body: dict[str, Any] = {
        "model": request.model or model,
        "prompt": prompt_of(context),
        "suffix": str(context.suffix),
        "max_tokens": request.max_tokens,
        "stream": True,
        "prompt_cache_key": hashlib.blake2b(
            context.path.encode("utf-8", "replace"), key=salt, digest_size=16
        ).hexdigest(),
    }
    stop = [*request.stop, *((f"\n{HEADER}",) if context.excerpts else ())]
    if stop:
        body["stop"] = stop
    if request.temperature is not None:
        body["temperature"] = min(max(request.temperature, 0.0), 1.5)
    if request.seed is not None:
        body["random_seed"] = abs(request.seed)
    return body


def prompt_of(context: FimContext) -> str:
    """The prefix alone, or behind the excerpts as files of one prompt, each under its name."""
    if not context.excerpts:
        return str(context.prefix)
    files = [f"{HEADER}{excerpt.path}\n{excerpt.text}" for excerpt in context.excerpts]
    return "\n\n".join([*files, f"{HEADER}{context.path}\n{context.prefix}"])
