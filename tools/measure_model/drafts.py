"""What drafts win or lose on real text: the same answers without them, as the host decides, and with one at every step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backends.host.drafts import Passes
from backends.host.jobs import Job, Tally
from backends.host.memory import Precision
from backends.host.prompting import Prompter
from backends.host.scheduler import Scheduler
from context.clock import MonotonicClock
from editors.headless.host_bench.subject import Watched
from tools.measure_model.cursors import Cursor
from tools.measure_model.hosted import Hosted

LENGTHS = (10, 48)
"""Tokens of an answer: the rest of a line, and a block."""
WAYS = ("without", "as the host decides", "at every step")


class Free(Passes):
    """Drafts that are believed to cost nothing."""

    def cost(self, tokens: int, extra: int) -> float:
        return 0.0


@dataclass(slots=True)
class Sum:
    cpu: float = 0.0
    passes: int = 0
    tally: Tally = field(default_factory=lambda: Tally(0))
    texts: list[list[int]] = field(default_factory=list)

    def add(self, cpu: float, passes: int, tally: Tally, text: list[int]) -> None:
        old = self.tally
        self.cpu += cpu
        self.passes += passes
        self.texts.append(text)
        self.tally = Tally(
            0, 0, old.completion + tally.completion, old.drafted + tally.drafted, old.accepted + tally.accepted
        )


def measured(folder: Path, cursors: Sequence[Cursor], threads: int) -> Iterator[str]:
    hosted = Hosted.of(folder, Precision.INT8, threads)
    hosted.engine.reader = Watched(hosted.engine.reader)
    for length in LENGTHS:
        yield from _table(length, asyncio.run(_measured(hosted, cursors, length)))


async def _measured(hosted: Hosted, cursors: Sequence[Cursor], length: int) -> list[Sum]:
    schedulers = [Scheduler(hosted.engine, MonotonicClock(), drafts=way != WAYS[0]) for way in WAYS]
    schedulers[2]._passes = Free()
    model, sums = hosted.loaded.model, [Sum() for _ in WAYS]
    prompter = Prompter(model.vocabulary, model.format, 4096)
    try:
        for at, cursor in enumerate(cursors):
            ids = prompter.prompt(cursor.before, cursor.below, max_tokens=length).ids
            await _write(schedulers[0], hosted, Job(ids, 1))
            for step in range(len(WAYS)):
                which = (at + step) % len(WAYS)
                sums[which].add(*await _write(schedulers[which], hosted, Job(ids, length)))
    finally:
        for scheduler in schedulers:
            await scheduler.close()
    return sums


async def _write(scheduler: Scheduler, hosted: Hosted, job: Job) -> tuple[float, int, Tally, list[int]]:
    """Seconds of processor time, passes, and what came."""
    watched: Any = hosted.engine.reader
    before, began = len(watched.ends), time.process_time()
    answer = scheduler.run(job)
    async with aclosing(answer):
        tokens = [token async for token in answer]
    took = time.process_time() - began
    await watched.idle()
    return took, len(watched.ends) - before, answer.tally, tokens


def _table(length: int, sums: Sequence[Sum]) -> Iterator[str]:
    about = f"{length} tokens, {len(sums[0].texts)} answers"
    yield f"{about:34}{'ms of CPU a token':>26}{'speed':>8}{'tokens a pass':>15}{'drafted':>8}{'right':>9}{'differ':>8}"
    plain = sums[0].cpu / sums[0].tally.completion
    for way, each in zip(WAYS, sums, strict=True):
        told = each.tally
        cost = each.cpu / told.completion
        right = told.accepted / told.drafted if told.drafted else 0.0
        differ = sum(one != other for one, other in zip(each.texts, sums[0].texts, strict=True))
        yield (
            f"  {way:32}{1000 * cost:26.1f}{plain / cost:8.2f}{told.completion / each.passes:15.2f}"
            f"{told.drafted:8}{right:9.1%}{differ:8}"
        )
