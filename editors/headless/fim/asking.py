"""Asks a backend for the holes of a set: several at once, and no faster than it allows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from backends.api import Done, FimRequest, Infiller, Usage
from backends.errors import RateLimited
from context.clock import Clock
from context.privacy import FimContext, Gate
from editors.headless.fim.sets import Hole
from editors.headless.imagined import CHARS_PER_TOKEN

ENDINGS: Mapping[str, str] = {"python": "py", "javascript": "js", "typescript": "ts", "csharp": "cs"}
TRIES = 5
"""Times a hole is asked for that the backend was too busy for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`requests` counts those that were refused for haste too; seconds are to the first text, 0 where there was none."""

    text: str
    usage: Usage
    requests: int
    first: float


class Asker:
    """One for all workers: a backend that asks to wait is waited for by all of them."""

    def __init__(self, infiller: Infiller, gate: Gate, clock: Clock, max_tokens: int) -> None:
        self._infiller, self._gate, self._clock, self._max_tokens = infiller, gate, clock, max_tokens
        self._closed_until = 0.0

    async def answer(self, hole: Hole) -> Answer:
        """Raises `BackendError`."""
        for number in range(1, TRIES + 1):
            while (wait := self._closed_until - self._clock.now()) > 0:
                await self._clock.sleep(wait)
            try:
                return await self._once(hole, number)
            except RateLimited as error:
                self._closed_until = max(self._closed_until, self._clock.now() + error.after)
                if number == TRIES:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def _once(self, hole: Hole, number: int) -> Answer:
        prefix, suffix = self._gate.clear_around(hole.prefix, hole.suffix)
        context = FimContext(f"hole.{ENDINGS.get(hole.language, hole.language)}", hole.language, prefix, suffix)
        stop = ("\n",) if hole.one_line else ()
        request = FimRequest(context, max_tokens=self._max_tokens, stop=stop, by_hand=True)
        text, usage, first, began = "", Usage(), 0.0, self._clock.now()
        async with aclosing(self._infiller.stream(request)) as events:
            async for event in events:
                if isinstance(event, Done):
                    usage = event.usage
                    break
                first = first or self._clock.now() - began
                text += event.text
        if not usage.prompt and self._infiller.card.origin:
            sent = round((len(hole.prefix) + len(hole.suffix)) / CHARS_PER_TOKEN)
            usage = Usage(sent, usage.completion or round(len(text) / CHARS_PER_TOKEN), estimated=True)
        return Answer(text.partition("\n")[0] if hole.one_line else text, usage, number, first)


async def in_turns(number: int, holes: list[Hole], work: Callable[[Hole], Awaitable[None]]) -> None:
    """Does the work for every hole, `number` of them at once. The first failure of the work itself ends all of it."""
    waiting = iter(holes)

    async def worker() -> None:
        for hole in waiting:
            await work(hole)

    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            group.create_task(worker())
