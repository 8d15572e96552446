"""All questions of a replay, commit by commit: each is a task in a tree and with servers of its own, kept when it is done.

Both modes have a server each: what stands in the file while somebody asks by hand would tell the server how the line begins.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.errors import BackendError
from backends.registry import BackendConfig
from editors.headless.history import Commit, History
from editors.headless.nursery import Nursery
from editors.headless.past import AddedLine, Point, points
from editors.headless.replay import drawn
from editors.headless.replays.pointing import point
from editors.headless.replays.sitting import Sitting
from editors.headless.replays.tree import PastTree
from editors.headless.replays.typing_again import type_again
from editors.headless.replays.upstream import Paid, Upstream, is_served
from editors.headless.runs.failing import NO_USE, in_words
from editors.headless.runs.measures import VISIBLE
from editors.headless.runs.rows import Pair, Row
from editors.headless.scratch import Scratch
from editors.headless.stage import Stage, Timeline

MODES = ("point", "typing")
HOPELESS = 3
"""Lines in a row that fail, after which no more are asked: the backend is gone, and what is done is kept."""


class Stopped(Exception):
    """The backend does not answer any more; the message is what it said last."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to ask. `tokens`: see `typing_again`; `flags` are settings of the server, without where its backend is."""

    lines: int
    commits: int
    start: str
    seed: int
    modes: Sequence[str]
    tokens: int
    config: BackendConfig
    flags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Task:
    commit: Commit
    lines: Sequence[tuple[AddedLine, Sequence[Point]]]

    @property
    def name(self) -> str:
        return self.commit.hash


def tasks(history: History, wish: Wish) -> list[Task]:
    """The drawn lines by commit, with the places to ask at: the same for every backend and setting."""
    chance = random.Random(wish.seed)
    found = drawn(history, wish.lines, wish.commits, wish.seed, wish.start)
    return [Task(commit, [(line, points(line, chance)) for line in lines]) for commit, lines in found]


class Replay:
    """Use as a context manager: it holds the past tree and the way to the model."""

    def __init__(self, history: History, wish: Wish) -> None:
        """Raises `BackendError` where no such backend may be asked."""
        self._wish = wish
        served = is_served(wish.config.name)
        self._upstream = Upstream(wish.config, os.environ) if served else None
        self._folder = Scratch("replay")
        self._tree = PastTree(history, Path(self._folder.name))
        self._nursery = Nursery(self._tree.root, self._tree.home, indexed=not served)
        self._failing = 0

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self._nursery.close()
        self._folder.cleanup()
        if self._upstream is not None:
            self._upstream.close()

    def rows(self, task: Task) -> list[Row]:
        """A row for each line of a commit. Raises `Stopped` when the backend seems to be gone."""
        self._tree.enter(task.commit.parent)
        self._tree.learn(excerpts=self._upstream is not None)
        found = [_Asked(line) for line, _ in task.lines]
        if "point" in self._wish.modes:
            places = iter([places for _, places in task.lines])
            self._sit(found, lambda sitting, line: point(sitting, line, next(places)), ("--set=prefetch=false",))
        if "typing" in self._wish.modes:
            self._sit(found, lambda sitting, line: type_again(sitting, line, self._wish.tokens), ())
        return [one.row() for one in found]

    def _sit(self, found: Sequence[_Asked], ask: Ask, more: Sequence[str]) -> None:
        """One editor's session over the lines of a commit."""
        for_server = lambda url: (*self._backend(url), *self._wish.flags, *more)  # noqa: E731
        left = list(found)
        while left:
            with Stage(self._nursery, Timeline(), for_server) as stage:
                upstream = self._upstream
                if upstream is not None:
                    stage.asked = lambda connection: upstream.answer(stage, connection)  # noqa: B023 - within this turn
                sitting = Sitting(stage, self._tree.root)
                # After a failure a server asks nothing for a while, and what it does not ask would look like nothing to say.
                while left and self._one(sitting, left.pop(0), ask):
                    pass

    def _one(self, sitting: Sitting, one: _Asked, ask: Ask) -> bool:
        """Whether nothing failed."""
        measures, waits = ask(sitting, one.line)
        paid = self._upstream.settle() if self._upstream is not None else Paid()
        one.add(measures, waits, paid, served=self._upstream is not None)
        self._count(paid.failures)
        return not paid.failures

    def _backend(self, url: str) -> Sequence[str]:
        config = self._wish.config
        model = ("--model", config.model) if config.model else ()
        there = self._upstream.flags(url, self._tree.home) if self._upstream is not None else ()
        return ("--backend", config.name, *model, *there, "--set=daily_tokens=0", "--set=daily_cost=0")

    def _count(self, failures: Sequence[BackendError]) -> None:
        self._failing = self._failing + 1 if failures else 0
        if failures and (self._failing >= HOPELESS or isinstance(failures[-1], NO_USE)):
            raise Stopped(in_words(failures[-1]))


Ask = Callable[[Sitting, AddedLine], tuple[dict[str, Pair], list[float]]]


class _Asked:
    """A line, and what has come of it so far."""

    def __init__(self, line: AddedLine) -> None:
        self.line = line
        self._measures: dict[str, Pair] = {}
        self._waits: list[float] = []
        self._paid = Paid()
        self._served = False

    def add(self, measures: Mapping[str, Pair], waits: Sequence[float], paid: Paid, *, served: bool) -> None:
        self._measures |= measures
        self._waits += waits
        self._served = served
        self._paid.requests += paid.requests
        self._paid.tokens += paid.tokens
        self._paid.cost += paid.cost
        self._paid.failures += paid.failures

    def row(self) -> Row:
        line, paid = self.line, self._paid
        facets = {"language": line.language, "part": "tests" if line.is_test else "source"}
        name = f"{line.commit.hash[:12]}:{line.path}:{line.hunk}.{line.number}"
        if paid.failures:
            return Row(name, line.commit.hash, facets, failed=in_words(paid.failures[-1]))
        costs: dict[str, Pair] = {}
        if self._served:
            costs = {
                "requests per line": (float(paid.requests), 1.0),
                "tokens per line": (float(paid.tokens), 1.0),
                "cost per line": (paid.cost, 1.0),
            }
        return Row(name, line.commit.hash, facets, self._measures | costs, {VISIBLE: tuple(self._waits)})
