"""Whose tokens the next pass of the model reads. Pure policy, without a model or a thread.

Somebody types: they go before batch work, which rests meanwhile. Among those who type, whoever has the last few tokens of a
prompt or of an answer to read goes first, since these cost next to nothing; long prompts share what is left of the pass, first
for the client that was served least, then for the newest job. The counts of served tokens are those of fair queueing: who comes
back after a pause begins at the least of those at work, and cannot save up turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backends.host.running import Running

FEW = 16


@dataclass(frozen=True, slots=True)
class Pace:
    """Prompt tokens in one pass: `alone` when nobody else is at work, `beside` otherwise, so that no answer waits long for its
    next token; `rows` sequences at most."""

    alone: int
    beside: int
    rows: int


ON_CPU = Pace(alone=256, beside=64, rows=32)
ON_GPU = Pace(alone=2048, beside=512, rows=64)


class Turns:
    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._served: dict[str, float] = {}

    def meet(self, clients: Iterable[str]) -> None:
        """To be told before each pass who is there at all."""
        there = set(clients)
        least = min((self._served[client] for client in there if client in self._served), default=0.0)
        self._served = {client: self._served.get(client, least) for client in there}

    def order(self, jobs: Iterable[Running]) -> list[Running]:
        """Most urgent first."""
        return sorted(jobs, key=lambda run: (not run.job.typing, self._served[run.job.client], -run.number))

    def share(self, active: Sequence[Running]) -> list[tuple[Running, int]]:
        """Of the jobs that hold a sequence: who reads now, and how many tokens at most."""
        typing = [run for run in active if run.job.typing]
        ordered = self.order(typing or active)
        ordered.sort(key=lambda run: run.left > FEW)
        budget = self.pace.alone if len(ordered) == 1 else self.pace.beside
        shares = []
        for run in ordered[: self.pace.rows]:
            if run.left <= FEW:
                shares.append((run, run.left))
            elif budget > 0:
                shares.append((run, min(run.left, budget)))
            budget -= run.left if run.left > 1 else 0
        return shares

    def charge(self, run: Running, tokens: int) -> None:
        self._served[run.job.client] += tokens
