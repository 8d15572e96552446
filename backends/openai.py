"""Any server that speaks OpenAI's `/v1/completions`: vLLM, LiteLLM, Ollama, LM Studio, transformers serve and others.

The prompt is built here, by `templates.py`, because servers ignore `suffix`, refuse it, or append it to the answer. The
exception is a server with a form of its own for the model (Ollama, LiteLLM's route to Mistral): it is given both fields.

The list of models is read once, before the first completion. It names the model where none is set, tells what stands behind
an alias, and bounds the context. A server without such a list is asked all the same.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from backends import served
from backends.address import is_local
from backends.api import Card, Done, FimRequest, Finish, Text
from backends.audit import Part, fim_parts
from backends.diagnosis import REFUSALS, Refused, diagnose, no_form
from backends.errors import BackendError, BadReply, BadRequest
from backends.http import END_OF_STREAM, Client, Cut
from backends.keys import Secret
from backends.models import recognise
from backends.refusal import Refusal
from backends.reply import Reply
from backends.served import Served
from backends.stops import SERVER_LIMIT, StopScanner
from backends.templates import SUFFIX, TEMPLATES, two_fields
from backends.wiring import Wiring
from context.clock import Clock
from context.privacy import FimContext

log = logging.getLogger(__name__)

NAME = "openai"
UNKNOWN_CONTEXT = 4096
ANSWER_ROOM = 512
"""Tokens of the context that are kept for the answer."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model and how it is asked: `template` is a name in `TEMPLATES`, or `SUFFIX`."""

    model: str
    template: str
    context_tokens: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """`suffix` is None where the prompt itself marks the hole."""

    text: str
    suffix: str | None
    stop: tuple[str, ...]


class OpenAI:
    """`root` is an address as `address.root_of` gives it; `model` "" takes the server's first that can fill in the middle;
    `template` overrides what the model's name says. Raises `BadRequest` for a template that does not exist."""

    def __init__(
        self,
        root: str,
        *,
        model: str = "",
        template: str = "",
        key: Secret | None = None,
        wiring: Wiring | None = None,
        clock: Clock,
    ) -> None:
        if template not in ("", SUFFIX, *TEMPLATES):
            mend = f"Set `fim_template` to one of {', '.join(TEMPLATES)}, {SUFFIX}."
            raise BadRequest(NAME, f"There is no template {template}.", mend)
        self._root, self._model, self._template, self._clock = root, model, template, clock
        self._client = Client(NAME, root, key=key, wiring=wiring, clock=clock, explain=_keep)
        self._served: tuple[Served, ...] | None = None
        self._default: Chosen | None = None
        self._asks_usage = True

    @property
    def card(self) -> Card:
        known = recognise(self._model)
        context = self._default.context_tokens if self._default else known.context_tokens if known else UNKNOWN_CONTEXT
        model = self._default.model if self._default else self._model
        return Card(
            NAME, model, not is_local(self._root), max(context - ANSWER_ROOM, context // 2), self._client.origin
        )

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        chosen = await self._choose(request.model or self._model)
        prompt = _prompt(chosen.template, request.context, request.stop)
        while True:
            body = self._body(chosen, prompt, request.max_tokens, request.temperature, request.seed)
            try:
                async with aclosing(self._answer(body, prompt, fim_parts(request.context))) as answer:
                    async for event in answer:
                        yield event
                return
            except Refused as error:
                if not self._asks_usage or "stream_options" not in error.refused.words:
                    raise await self._why(chosen, error.refused) from None
                self._asks_usage = False  # an older server; the answer's tokens are estimated from here on

    def preview(self, request: FimRequest) -> Mapping[str, object] | None:
        """See `backends.preview`. None where the server's list of models decides how it is asked."""
        name = request.model or self._model
        known = recognise(name)
        template = self._template or (known.template if known else "")
        chosen = self._default or (Chosen(name, template, 0) if name and template else None)
        if chosen is None:
            return None
        prompt = _prompt(chosen.template, request.context, request.stop)
        return self._body(chosen, prompt, request.max_tokens, request.temperature, request.seed)

    async def check(self) -> str:
        """Asks for one token, because a list of models says nothing of whether completions work."""
        chosen = await self._choose(self._model)
        template = TEMPLATES.get(chosen.template)
        prefix, suffix = "def add(a, b):\n    return ", "\n"
        text = template.alone.format(prefix=prefix, suffix=suffix, path="add.py") if template else prefix
        prompt = Prompt(text, None if template else suffix, ())
        started = self._clock.now()
        try:
            async with aclosing(self._answer(self._body(chosen, prompt, 1, 0.0, None), prompt)) as answer:
                async for _ in answer:
                    pass
        except Refused as error:
            raise await self._why(chosen, error.refused) from None
        took = (self._clock.now() - started) * 1000
        form = f"in the {chosen.template} form" if template else "with prompt and suffix"
        return f"{self._client.origin} completes with {chosen.model}, asked {form}, one token in {took:.0f} ms."

    async def aclose(self) -> None:
        await self._client.aclose()

    def _body(
        self, chosen: Chosen, prompt: Prompt, max_tokens: int, temperature: float | None, seed: int | None
    ) -> dict[str, object]:
        """Only what is set: servers differ in what they forgive."""
        body: dict[str, object] = {
            "model": chosen.model,
            "prompt": prompt.text,
            "max_tokens": max_tokens,
            "stream": True,
        }
        optional = {
            "suffix": prompt.suffix,
            "temperature": temperature,
            "seed": seed,
            "stop": list(prompt.stop[:SERVER_LIMIT]) or None,
            "stream_options": {"include_usage": True} if self._asks_usage else None,
        }
        return body | {name: value for name, value in optional.items() if value is not None}

    async def _answer(
        self, body: dict[str, object], prompt: Prompt, parts: Sequence[Part] = ()
    ) -> AsyncGenerator[Text | Done, None]:
        """One request's stream: to the server's end, or to a stop string that the server let pass."""
        sent = prompt.text + (prompt.suffix or "")
        reply, stops, ended = Reply(NAME, self._client.origin, sent), StopScanner(prompt.stop), False
        async with aclosing(self._client.events("/v1/completions", body, sent=sent, parts=parts)) as events:
            try:
                async for data in events:
                    if data == END_OF_STREAM:
                        ended = True
                        if rest := stops.rest():
                            yield Text(rest)
                        yield reply.done()
                    elif text := stops.feed(reply.take(data)):
                        yield Text(text)
                    if stops.stopped:
                        yield reply.done(Finish.STOP)
                        return
            except Cut:
                if not reply.begun:
                    raise
        if ended:
            return
        if reply.finish and (rest := stops.rest()):
            yield Text(rest)
        yield reply.unended()

    async def _choose(self, name: str) -> Chosen:
        """The model to ask, and how. Raises `BadRequest` where that cannot be known."""
        if self._default and name in (self._model, self._default.model):
            return self._default
        models = await self._list()
        entry = self._named(name, models) if name else self._first_able(models)
        known = entry.known
        template = self._template or (SUFFIX if entry.by_ollama else known.template if known else "")
        if not template:
            raise no_form(NAME, entry.name)
        context = entry.context_tokens or (known.context_tokens if known else UNKNOWN_CONTEXT)
        chosen = Chosen(entry.name, template, context)
        if name == self._model:
            self._default = chosen
            log.info("%s is asked for a model in the %s form", self._client.origin, template)
        return chosen

    def _named(self, name: str, models: tuple[Served, ...]) -> Served:
        """What the server lists under the name, which for Ollama goes on with ":latest"; the name alone where it lists none."""
        return next((entry for entry in models if entry.name in (name, f"{name}:latest")), Served(name))

    def _first_able(self, models: tuple[Served, ...]) -> Served:
        origin = self._client.origin
        if not models:
            raise BadRequest(NAME, f"{origin} does not say which models it serves.", "Set `model`.")
        able = next((entry for entry in models if entry.known), models[0] if self._template else None)
        if able is None:
            what = f"{origin} serves no model that is known to fill in the middle, but {served.listed(models)}."
            raise BadRequest(NAME, what, "Serve one that is, or set `model` and `fim_template`.")
        return able

    async def _list(self) -> tuple[Served, ...]:
        """What the server says it serves; empty where it does not say, which is no failure yet."""
        if self._served is None:
            try:
                self._served = served.read(await self._client.fetch("GET", "/v1/models"))
            except (Refused, BadReply) as error:
                log.info("%s lists no models: %s", self._client.origin, type(error).__name__)
                return ()
        return self._served

    async def _why(self, chosen: Chosen, refused: Refusal) -> BackendError:
        """Forgets the model and the list: the server may have been started again with another."""
        self._default = self._served = None
        return diagnose(NAME, self._root, chosen.model, refused, await self._list())


def _keep(refused: Refusal) -> BackendError | None:
    """Refusals that want a second look, which takes another request and so cannot be made here."""
    return Refused(NAME, refused) if refused.status in REFUSALS else None


def _prompt(template: str, context: FimContext, stop: tuple[str, ...]) -> Prompt:
    """The user's stop strings stand first: they save the most tokens where a server takes only a few."""
    if template == SUFFIX:
        text, suffix = two_fields(context)
        return Prompt(text, suffix or "\n", stop)  # Ollama takes "" for a request without a hole
    family = TEMPLATES[template]
    return Prompt(family.prompt(context), None, (*stop, *family.stop))
