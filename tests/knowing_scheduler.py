"""A scheduler without a model: it knows what the author wants to write, keeps to constraints, and tells how it was treated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from backends.host.jobs import Finish, HostError, Job, Tally
from backends.host.vocabulary import Vocabulary

Scores = Callable[[Job, list[int]], torch.Tensor]
"""The logits after a prompt and the tokens that were written so far."""


@dataclass
class Scheduler:
    """`scores` stands in for the model. `error` is raised in place of an answer; with `gate` every token waits for a permit."""

    scores: Scores
    error: HostError | None = None
    gate: asyncio.Semaphore | None = None
    jobs: list[Job] = field(default_factory=list)
    cancelled: int = 0
    computed: int = 0

    def run(self, job: Job) -> _Answer:
        self.jobs.append(job)
        if self.error is not None:
            raise self.error
        return _Answer(self, job)


class _Answer:
    def __init__(self, scheduler: Scheduler, job: Job) -> None:
        self._scheduler, self._job, self._written = scheduler, job, []
        self.finish: Finish | None = None
        self.tally = Tally(len(job.ids))

    def __aiter__(self) -> _Answer:
        return self

    async def __anext__(self) -> int:
        if self.finish is not None or len(self._written) >= self._job.max_tokens:
            self.finish = self.finish or Finish.LENGTH
            raise StopAsyncIteration
        if self._scheduler.gate is not None:
            await self._scheduler.gate.acquire()
        else:
            await asyncio.sleep(0)
        logits = self._scheduler.scores(self._job, self._written)
        if self._job.constraint is not None:
            self._job.constraint.mask(logits)
        token = int(logits.argmax())
        self._scheduler.computed += 1
        if token in self._job.stop_ids:
            self.finish = Finish.STOP
            raise StopAsyncIteration
        if self._job.constraint is not None:
            self._job.constraint.accept(token)
        self._written.append(token)
        self.tally = Tally(len(self._job.ids), completion=len(self._written))
        return token

    async def aclose(self) -> None:
        if self.finish is None and len(self._written) < self._job.max_tokens:
            self._scheduler.cancelled += 1


def writes(vocabulary: Vocabulary, text: str, stop: int) -> Scores:
    """A model that writes `text` from where a control token, or the beginning, precedes it: it goes on with whatever part of it
    stands there already, prefers long tokens, and then stops."""
    wanted = text.encode()

    def scores(job: Job, written: list[int]) -> torch.Tensor:
        ids = [*job.ids, *written]
        last = max((place for place, id in enumerate(ids) if id in vocabulary.controls), default=-1)
        there = b"".join(vocabulary.bytes_of[id] for id in ids[last + 1 :])
        rest = (
            wanted[len(there) :]
            if wanted.startswith(there)
            else wanted[len(b"".join(vocabulary.bytes_of[i] for i in written)) :]
        )
        row = torch.zeros(vocabulary.size)
        if not rest:
            row[stop] = 1.0
        for length in range(1, len(rest) + 1):
            for id in vocabulary.starting_with(rest[:length])[:1]:
                if vocabulary.bytes_of[id] == rest[:length]:
                    row[id] = 1.0 + length
        return row

    return scores


def random_scores(size: int, seed: int = 0) -> Scores:
    """A model of noise, another one for each seed."""
    generator = torch.Generator().manual_seed(seed)
    return lambda job, written: torch.randn(size, generator=generator) * 3
