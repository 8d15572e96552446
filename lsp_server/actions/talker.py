"""One conversation with a model: every word goes through the privacy gate, every request into the ledger, tools have a limit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from backends.api import Calls, ChatRequest, Chatter, Done, Finish, Message, Role, Schema, ToolCall, Usage
from backends.reply import CHARS_PER_TOKEN
from context.clock import Clock
from context.privacy import Gate
from lsp_server.actions.tools import Toolbox
from lsp_server.usage import Asked, Ledger, cost_of

log = logging.getLogger(__name__)

MOST_TURNS = 8
"""Rounds of tools in one answer; after them the model has to answer without."""
LARGEST_ANSWER = 120_000
"""Characters at which an answer is no longer read."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message before the gate has judged it. `system` is only ever our own words; `files` are those whose text it holds."""

    role: Role
    text: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`whole` is False where the answer was cut off by a limit or the connection."""

    text: str
    whole: bool
    usage: Usage


def silent(_text: str) -> None:
    """For a caller that does not watch the answer grow."""


class Talker:
    """For one action. `language` is the document's, for the ledger; `report` gets a line of progress for each tool that runs."""

    def __init__(
        self,
        chatter: Chatter,
        gate: Gate,
        clock: Clock,
        ledger: Ledger,
        *,
        model: str = "",
        language: str = "",
        report: Callable[[str], None] = silent,
    ) -> None:
        self._chatter, self._gate, self._clock, self._ledger = chatter, gate, clock, ledger
        self._model, self._language, self._report = model, language, report
        self.usage = Usage()

    async def ask(
        self,
        said: Sequence[Said],
        *,
        tools: Toolbox | None = None,
        schema: Schema | None = None,
        prediction: str = "",
        max_tokens: int = 2048,
        watch: Callable[[str], None] = silent,
    ) -> Answer:
        """One answer, after as many rounds of tools as it needs. `watch` gets its pieces. Raises `BackendError`."""
        request = ChatRequest(
            tuple(Message(each.role, self._gate.clear(each.text), files=each.files) for each in said),
            model=self._model,
            max_tokens=max_tokens,
            schema=schema,
            prediction=self._gate.clear(prediction) if prediction else None,
            tools=tools.offered if tools else (),
        )
        text = ""
        for turn in range(MOST_TURNS + 1):
            if turn == MOST_TURNS:
                request = replace(request, tools=())
            piece, calls, whole = await self._once(request, len(text), watch)
            text += piece
            if not calls or tools is None or not request.tools:
                return Answer(text, whole, self.usage)
            request = await self._with_tools(request, piece, calls, tools)
        raise AssertionError("unreachable: the last turn has no tools")

    async def _once(
        self, request: ChatRequest, before: int, watch: Callable[[str], None]
    ) -> tuple[str, tuple[ToolCall, ...], bool]:
        """One request: its text, the tools it asks for, and whether it came to its own end."""
        started, first, usage = self._clock.now(), 0.0, Usage(estimated=True)
        calls: tuple[ToolCall, ...] = ()
        text, whole, outcome = "", False, "cancelled"
        try:
            async with aclosing(self._chatter.chat(request)) as events:
                async for event in events:
                    match event:
                        case Calls():
                            calls = event.calls
                        case Done():
                            usage, whole = event.usage, event.finish is Finish.STOP
                        case _:
                            first = first or self._clock.now() - started
                            text += event.text
                            watch(event.text)
                            if before + len(text) > LARGEST_ANSWER:
                                break
            outcome = "done"
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            card = self._chatter.card(request)  # a server that names its model does so with its first answer
            if (
                usage.estimated and not usage.prompt and (text or outcome == "cancelled")
            ):  # what was given up is billed too
                usage = _estimated(request, text)
            now = self._clock.now()
            at, day = self._ledger.stamp()
            self._ledger.asked(
                Asked(
                    at, day, card.name, card.model, self._language, usage.prompt, usage.completion, usage.cached,
                    usage.estimated, cost_of(usage, card), 1000 * first, 1000 * (now - started), outcome,
                )
            )  # fmt: skip
            self.usage = _sum(self.usage, usage)
        return text, calls, whole

    async def _with_tools(
        self, request: ChatRequest, text: str, calls: tuple[ToolCall, ...], tools: Toolbox
    ) -> ChatRequest:
        clear = self._gate.clear
        answers = []
        for call in calls:
            self._report(tools.describe(call))
            found = await tools.run(call)
            answers.append(Message(Role.TOOL, clear(found.text), call_id=call.id, files=found.files))
        asked = Message(Role.ASSISTANT, clear(text), calls)
        return replace(request, messages=(*request.messages, asked, *answers))


def _estimated(request: ChatRequest, text: str) -> Usage:
    prompt = sum(len(message.text) for message in request.messages)
    return Usage(round(prompt / CHARS_PER_TOKEN), round(len(text) / CHARS_PER_TOKEN), estimated=True)


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt + other.prompt,
        one.completion + other.completion,
        one.cached + other.cached,
        one.estimated or other.estimated,
    )
