"""From a request's text to an answer's text: the prompt is laid out, its job runs, tokens become text, and the end is told.

Everything here is about one loaded model. It knows nothing of HTTP; `backends/host/http.py` is its only caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from backends.host import conversation
from backends.host.bodies import ChatBody, FimBody
from backends.host.chat import Chat, NoConversation
from backends.host.formats import Format
from backends.host.healing import Healing
from backends.host.jobs import Answer, Finish, Job, Tally
from backends.host.least import AtLeast
from backends.host.loops import Loop
from backends.host.prompting import Prompter
from backends.host.replies import FINISHES, Refused
from backends.host.vocabulary import Vocabulary
from backends.host.writing import Writer
from context.clock import Clock

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from backends.host.schema import Grammars

FIM_TOKENS = 256
CHAT_TOKENS = 2048
"""The longest answer where the request does not say."""
LATE = 0.75
"""Share of the time for one answer after which what must follow a schema is brought to its end."""
SPELLING = 32
"""Tokens beyond the answer's own that may spell what was healed."""


class Runs(Protocol):
    """The scheduler, as this file needs it."""

    def run(self, job: Job) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Talk:
    """A piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class End:
    """The last event. `calls` are tool calls in the API's form."""

    finish: str
    tally: Tally
    calls: list[dict[str, Any]] | None = None


Events = AsyncGenerator[Talk | End, None]


@dataclass(slots=True)
class Model:
    """What the service knows of the model that is loaded. `eos` are the tokens that its configuration ends with; `chosen` says
    that the user named the form."""

    name: str
    tokenizer: PreTrainedTokenizerBase
    vocabulary: Vocabulary
    format: Format
    context_tokens: int
    eos: frozenset[int] = frozenset()
    aliases: tuple[str, ...] = ()
    chosen: bool = False
    chat: Chat = field(init=False)

    def __post_init__(self) -> None:
        self.chat = Chat(self.tokenizer, self.vocabulary, self.eos)

    @property
    def fills(self) -> bool:
        """Whether completing code is what it is for: it has tokens for a hole, is no chat model, or is to go on from a text."""
        return self.format.template is not None or not self.chat.is_there or self.chosen


class Service:
    """Answers requests with one model. `limit` in seconds bounds each of them; `count` is told what each has cost, also of
    those whose client has had enough, which are most of them."""

    def __init__(
        self,
        model: Model,
        scheduler: Runs,
        clock: Clock,
        *,
        limit: float = 60.0,
        count: Callable[[Tally], None] = lambda tally: None,
    ) -> None:
        self._count = count
        self.model, self._scheduler, self._clock, self._limit = model, scheduler, clock, limit
        self._prompter = Prompter(model.vocabulary, model.format, model.context_tokens)
        self._laying = ThreadPoolExecutor(1, thread_name_prefix="infill-prompts")  # long texts take milliseconds
        self._grammars: asyncio.Task[Grammars] | None = None

    async def fill(self, body: FimBody, client: str) -> Events:
        """The text between `prompt` and `suffix`. Raises `Refused` before its first event, or a `HostError`."""
        self._must_be_known(body.model)
        most = min(FIM_TOKENS if body.max_tokens is None else body.max_tokens, self.model.context_tokens // 2)
        prompt = await self._laid(
            lambda: self._prompter.prompt(
                body.prompt, body.suffix or "", max_tokens=most + SPELLING, document=body.prompt_cache_key or ""
            )
        )
        vocabulary, form = self.model.vocabulary, self.model.format
        constraint: Healing | AtLeast | None = Healing(vocabulary, prompt.healed) if prompt.healed else None
        if body.min_tokens:
            constraint = AtLeast(form.stop_ids, min(body.min_tokens, most), constraint)
        job = self._job(
            body,
            Job(
                prompt.ids,
                most + min(len(prompt.healed), SPELLING),
                form.stop_ids,
                document=body.prompt_cache_key or "",
                client=client,
                constraint=constraint,
            ),
        )
        writer = Writer(vocabulary, healed=prompt.healed, stops=(*body.stops, *form.stops), most=most)
        async with aclosing(self._written(job, writer)) as events:
            async for event in events:
                yield event

    async def talk(self, body: ChatBody, client: str) -> Events:
        """The next message of a conversation. Raises as `fill` does."""
        self._must_be_known(body.model)
        model = self.model
        if not model.chat.is_there:
            raise Refused(400, f"The model {model.name} has no chat template: it completes code and cannot talk.")
        if (body.n or 1) > 1 or body.presence_penalty or body.frequency_penalty:
            raise Refused(400, "This host gives one answer, without penalties: leave out `n` and the penalties.")
        begun, schema = conversation.begun(body), conversation.schema(body)
        try:
            ids = await self._laid(lambda: model.chat.ids(conversation.turns(body), begun))
        except NoConversation as error:
            raise Refused(400, str(error)) from error
        room = model.context_tokens - len(ids)
        most = min(CHAT_TOKENS if body.max_tokens is None else body.max_tokens, max(room, 0))
        if most <= 0 and body.max_tokens != 0:
            what = f"The prompt of {len(ids)} tokens is too long for the model's context of {model.context_tokens}."
            raise Refused(400, what, code="3051")
        constraint = await self._held_to(schema, most) if schema is not None and most else None
        job = self._job(body, Job(ids, most, model.chat.ends, client=client, typing=False, constraint=constraint))
        writer = Writer(model.vocabulary, stops=body.stops if schema is None else (), most=most)
        async with aclosing(self._written(job, writer, Loop() if schema is None else None)) as events:
            if conversation.forced(body):
                yield await _call(events)
                return
            if begun:
                yield Talk(begun)
            async for event in events:
                yield event

    async def _written(self, job: Job, writer: Writer, loop: Loop | None = None) -> Events:
        """The events of one job, which is given up when `loop` has closed."""
        if not job.max_tokens:
            yield End("length", Tally(len(job.ids)))
            return
        answer = self._scheduler.run(job)
        try:
            async with aclosing(answer):
                async for token in answer:
                    if text := writer.feed(token):
                        yield Talk(text)
                    if writer.ended or (loop is not None and loop.has_closed(token)):
                        break
        finally:
            self._count(answer.tally)
        if text := writer.rest():
            yield Talk(text)
        tally = replace(answer.tally, prompt=len(job.ids), completion=writer.written)
        yield End("stop" if writer.stopped else FINISHES.get(_finish(answer, writer), "length"), tally)

    def _job(self, body: FimBody | ChatBody, job: Job) -> Job:
        """With what both requests say alike."""
        return replace(
            job,
            temperature=body.temperature or 0.0,
            top_p=1.0 if body.top_p is None else body.top_p,
            seed=body.random_seed,
            deadline=self._clock.now() + self._limit,
        )

    def _must_be_known(self, name: str) -> None:
        if name not in (self.model.name, *self.model.aliases):
            raise Refused(
                400, f"Invalid model: {name[:100]}. This host has {self.model.name}.", kind="invalid_model", code="1500"
            )

    async def _laid(self, work: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._laying, work)

    async def _held_to(self, schema: Mapping[str, object], most: int) -> Any:
        """The constraint of a schema. What the vocabulary needs for it is made once, by whoever asks first."""
        from backends.host.schema import Grammars, Unfit

        if self._grammars is None:
            model = self.model
            making = asyncio.to_thread(Grammars, model.tokenizer, model.vocabulary, model.chat.ends)
            self._grammars = asyncio.create_task(making, name="infill-grammars")
        grammars, late = await asyncio.shield(self._grammars), self._clock.now() + LATE * self._limit
        try:
            return await asyncio.to_thread(grammars.constraint, schema, most, lambda: self._clock.now() >= late)
        except Unfit as error:
            raise Refused(422, f"The JSON schema cannot be held to: {error}") from error


async def _call(events: Events) -> End:
    """The end of an answer that is a tool call."""
    said, end = "", End("length", Tally(0))
    async for event in events:
        if isinstance(event, Talk):
            said += event.text
        else:
            end = event
    calls = conversation.called(said)
    return replace(end, finish="tool_calls", calls=calls) if calls else end


def _finish(answer: Answer, writer: Writer) -> Finish | None:
    return Finish.LENGTH if writer.ended else answer.finish
