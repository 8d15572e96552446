"""One thread that owns the model, and asyncio in front: jobs go in, streams of tokens come out.

Each turn of the loop takes in what came, lets go what was cancelled or replaced, gives sequences to those that wait, and makes
one pass of the model over the next tokens of everybody's text. Nothing polls: the thread sleeps until a job comes.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from dataclasses import dataclass
from itertools import count

from backends.host.answers import Stream
from backends.host.attention import Interrupted, Row
from backends.host.choosing import likeliest
from backends.host.drafts import AHEAD, Passes
from backends.host.engine import Engine
from backends.host.jobs import (
    Answer,
    Finish,
    HostBroke,
    HostBusy,
    HostClosing,
    HostError,
    HostOutOfMemory,
    Job,
    TooLong,
)
from backends.host.running import Running
from backends.host.turns import ON_CPU, ON_GPU, Pace, Turns
from context.clock import Clock

MOST_WAITING = 256
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """How busy the host is: jobs that wait and that run, and what has been read and written since it began, in tokens."""

    waiting: int
    running: int
    cache_bytes: int
    prompt: int
    cached: int
    completion: int
    drafted: int
    accepted: int


class Scheduler:
    """Made on any thread; `run` and `close` are called on one event loop."""

    def __init__(self, engine: Engine, clock: Clock, *, pace: Pace | None = None, drafts: bool = True) -> None:
        self._engine, self._clock = engine, clock
        self._turns = Turns(pace or (ON_GPU if engine.device.type == "cuda" else ON_CPU))
        self._drafts = drafts and engine.reader.crops
        self._passes = Passes()
        self._numbers = count()
        self._changed = threading.Condition()
        self._inbox: deque[Running] = deque()
        self._closed = False
        self._waiting: list[Running] = []
        self._active: list[Running] = []
        self._total = dict.fromkeys(("prompt", "cached", "completion", "drafted", "accepted"), 0)
        self._thread = threading.Thread(target=self._serve, name="model", daemon=True)
        self._thread.start()

    def run(self, job: Job) -> Answer:
        """Raises `TooLong` and `HostBusy` at once; what goes wrong later is raised by the answer."""
        needed = len(job.ids) + job.max_tokens
        if not job.ids or not 0 <= min(job.ids) <= max(job.ids) < self._engine.vocabulary:
            raise ValueError("a job needs a prompt of token ids of the model's vocabulary")
        if needed > self._engine.context or not self._engine.reader.fits(needed + AHEAD):
            raise TooLong(len(job.ids), job.max_tokens, self._engine.context)
        if (waiting := len(self._waiting) + len(self._inbox)) >= MOST_WAITING:
            raise HostBusy(waiting)
        if self._closed:
            raise HostClosing
        stream = Stream(len(job.ids), lambda: self._cancel(run))
        run = Running(job, next(self._numbers), stream.tell)
        with self._changed:
            self._inbox.append(run)
            self._changed.notify()
        return stream

    def load(self) -> Load:
        with self._changed:
            there = (*self._inbox, *self._waiting, *self._active)
            total = {name: sum(getattr(run.tally, name) for run in there) for name in self._total}
            total = {name: total[name] + done for name, done in self._total.items()}
            running = sum(not run.ended for run in self._active)
            return Load(len(self._waiting) + len(self._inbox), running, self._engine.reader.bytes, **total)

    async def close(self) -> None:
        """Ends every answer with `HostClosing`, and returns when the thread has let go of the model."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        await asyncio.to_thread(self._thread.join)

    def _cancel(self, run: Running) -> None:
        with self._changed:
            run.cancelled = True
            self._changed.notify()

    def _serve(self) -> None:
        with self._engine.thread():
            while self._collect():
                try:
                    self._step()
                except Exception as error:  # a bug ends the answers at hand, and not the host
                    _log.exception("a pass of the model failed")
                    self._fail([*self._active, *self._waiting], HostBroke(type(error).__name__))
            for run in self._inbox:
                run.end(HostClosing())
            for run in (*self._waiting, *self._active):
                run.end(HostClosing())
                self._release(run)

    def _collect(self) -> bool:
        """Waits until there is something to do, and takes in new jobs; False when it is time to stop."""
        with self._changed:
            while not (self._closed or self._inbox or self._waiting or self._active):
                self._changed.wait()
            while self._inbox:
                run = self._inbox.popleft()
                self._replace_older(run)
                self._waiting.append(run)
            return not self._closed

    def _replace_older(self, run: Running) -> None:
        if not run.job.document:
            return
        for older in (*self._waiting, *self._active):
            if (older.job.client, older.job.document) == (run.job.client, run.job.document):
                older.end(Finish.REPLACED)

    def _step(self) -> None:
        self._let_go()
        self._turns.meet(run.job.client for run in (*self._waiting, *self._active))
        self._admit()
        shares = self._turns.share(self._active)
        alone = len(shares) == 1 and shares[0][1] > self._turns.pace.beside
        plain = len(shares)
        cost = self._passes.cost(plain, AHEAD)
        reading: list[tuple[Running, Row]] = []
        for run, most in shares:
            draft = AHEAD if self._drafts and not alone and plain <= self._turns.pace.rows // (1 + AHEAD) else 0
            reading.append((run, run.row(most, draft, cost)))
        if not reading:
            if not self._active:  # nothing is at work that would make room for those who wait
                self._fail(list(self._waiting), HostOutOfMemory())
            return

        def interrupted() -> bool:
            return all(run.cancelled for run, _ in reading) or (
                alone and any(new.job.typing for new in tuple(self._inbox))
            )

        began = self._clock.now()
        try:
            logits = self._engine.read([row for _, row in reading], interrupted)
        except Interrupted:
            return
        except HostOutOfMemory as error:
            self._fail([run for run, _ in reading], error)
            return
        tokens = sum(len(row.ids) for _, row in reading)
        for (run, row), mine, best in zip(reading, logits, likeliest(logits), strict=True):
            self._turns.charge(run, len(row.ids))
            run.take(row, mine, best)
        self._passes.record(tokens, self._clock.now() - began)  # by now a GPU has done what it was told to

    def _let_go(self) -> None:
        """Of whoever has ended, gave up, or ran out of time. What was read stays for the next."""
        now = self._clock.now()
        for run in (*self._waiting, *self._active):
            if run.job.deadline is not None and now >= run.job.deadline:
                run.end(Finish.DEADLINE)
            if run.ended or run.cancelled:
                self._release(run)

    def _release(self, run: Running) -> None:
        with self._changed:
            (self._waiting if run in self._waiting else self._active).remove(run)
            for name in self._total:
                self._total[name] += getattr(run.tally, name)
        if run.sequence is not None:
            self._engine.reader.give(run.sequence)
            run.sequence = None  # or it would live until the client has read its answer, dropped or not

    def _admit(self) -> None:
        """Gives sequences to the most urgent. Batch work lends its own back while somebody who types finds no room."""
        for run in self._turns.order(self._waiting):
            full = len(self._active) >= self._turns.pace.rows
            sequence = None if full else self._engine.take(run.ids, run.job.document, run.room)
            if sequence is None:
                resting = [other for other in self._active if not other.job.typing]
                if run.job.typing and resting:
                    self._rest(resting[-1])
                    self._admit()
                return
            run.begin(sequence)
            with self._changed:
                self._waiting.remove(run)
                self._active.append(run)

    def _rest(self, run: Running) -> None:
        self._engine.reader.give(run.sequence)
        run.sequence = None
        with self._changed:
            self._active.remove(run)
            self._waiting.append(run)

    def _fail(self, runs: list[Running], error: HostError) -> None:
        """Ends `runs` and forgets their sequences, whose state nobody knows."""
        for run in runs:
            run.end(error)
            if run.sequence is not None:
                self._engine.reader.drop(run.sequence)
                run.sequence = None
            self._release(run)
