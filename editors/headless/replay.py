"""`infill bench replay`: what would have been offered while a repository's own commits were written.

Lines are drawn from the newest commits. For each, the workspace is what it was before its commit, and the file is as it was
when the line was about to be written; nothing later exists. `point` asks once at the start of a line, between two of its
tokens, and within a name; `typing` types the whole line and asks after every token and within names.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol

from backends.api import Done, FimRequest, Infiller, Learner, Text
from backends.workspace.backend import WorkspaceInfiller
from backends.workspace.index import Index
from backends.workspace.vocabulary import Kind
from context.clock import Clock
from context.privacy import FimContext, Gate
from context.snapshot import Snapshot
from editors.headless.history import Commit, History
from editors.headless.metrics import edit_similarity, exact
from editors.headless.past import AddedLine, Past, Point, added_lines, points, token_spans

SHORTEST = 3
"""Characters of an automatic suggestion that is worth showing."""
TYPED_BEFORE_ASKING = (1, 2, 3, 5)
"""Characters of a name after which `typing` asks within it."""


class Answerer(Protocol):
    """What is measured: a backend, or a baseline. `knows_workspace`: it looks at more than the open file."""

    knows_workspace: bool

    def enter(self, index: Index) -> None:
        """The workspace is now the one that `index` holds."""
        ...

    def write(self, path: str, language: str, text: str) -> None:
        """A file has this text now."""
        ...

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        """One line to insert, "" for none, and its confidence."""
        ...


class Backend:
    """An embedded or remote backend as an `Answerer`. The workspace model is handed the past as its index."""

    knows_workspace = True

    def __init__(self, infiller: Infiller, gate: Gate) -> None:
        self._infiller, self._gate, self._version = infiller, gate, 0

    def enter(self, index: Index) -> None:
        if isinstance(self._infiller, WorkspaceInfiller):
            self._infiller.adopt(index)

    def write(self, path: str, language: str, text: str) -> None:
        if isinstance(self._infiller, Learner):
            self._version += 1
            self._infiller.observe(Snapshot(path, None, language, self._version, text))

    async def answer(self, path: str, language: str, before: str, after: str, floor: float) -> tuple[str, float]:
        prefix, suffix = self._gate.clear_around(before, after)
        text, confidence = "", 0.0
        request = FimRequest(FimContext(path, language, prefix, suffix), max_tokens=64, stop=("\n",), floor=floor)
        async for event in self._infiller.stream(request):
            if isinstance(event, Done):
                break
            assert isinstance(event, Text)
            text += event.text
            confidence = event.confidence or 0.0
        return text, confidence


@dataclass(frozen=True, slots=True)
class PointResult:
    commit: str
    path: str
    test: bool
    kind: str
    first_of_hunk: bool
    truth_length: int
    exact: bool
    similarity: float
    confidence: float
    shown_length: int
    shown_right: bool
    shown_confidence: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class TypingResult:
    commit: str
    path: str
    test: bool
    length: int
    asked: int
    shown: int
    accepted: int
    completed: int
    milliseconds: float


def drawn(
    history: History, lines: int, commits: int, seed: int, start: str = "HEAD"
) -> Iterator[tuple[Commit, list[AddedLine]]]:
    """`lines` lines of the newest `commits` commits, drawn evenly over all lines, by commit."""
    pool = [line for commit in history.commits(commits, start=start) for line in added_lines(history, commit)]
    chance = random.Random(seed)
    numbers = sorted(chance.sample(range(len(pool)), min(lines, len(pool))))
    for commit, group in groupby(numbers, key=lambda number: pool[number].commit):
        yield commit, [pool[number] for number in group]


async def replay(
    folder: Path,
    answerer: Answerer,
    clock: Clock,
    *,
    lines: int,
    commits: int,
    seed: int,
    floor: float,
    start: str = "HEAD",
) -> AsyncIterator[PointResult | TypingResult]:
    """Both modes on the same lines. `floor` is the confidence that automatic suggestions need."""
    history = History(folder)
    past = Past(history)
    chance = random.Random(seed)
    try:
        for commit, added in drawn(history, lines, commits, seed, start):
            if answerer.knows_workspace:
                answerer.enter(past.index(commit.parent))
            previous: AddedLine | None = None
            for line in added:
                for text in line.so_far(previous):
                    answerer.write(line.path, line.language, text)
                previous = line
                before, after = line.around()
                for point in points(line, chance):
                    yield await at_point(point, before, after, answerer, clock, floor)
                yield await typed_out(line, before, after, answerer, clock, floor)
    finally:
        history.close()


async def at_point(
    point: Point, before: str, after: str, answerer: Answerer, clock: Clock, floor: float
) -> PointResult:
    """Asks by hand and unasked. `before` and `after` are the file around the line."""
    line, truth = point.line, point.truth
    prefix = before + line.text[: point.column]
    began = clock.now()
    best, confidence = await answerer.answer(line.path, line.language, prefix, after, 0.0)
    spent = clock.now() - began
    shown, sure = await answerer.answer(line.path, line.language, prefix, after, floor)
    worth = len(shown.strip()) >= SHORTEST
    return PointResult(
        line.commit.hash,
        line.path,
        line.is_test,
        point.kind,
        line.number == 0,
        len(truth),
        exact(best, truth),
        edit_similarity(best, truth),
        confidence,
        len(shown) if worth else 0,
        worth and truth.startswith(shown),
        sure,
        1000 * spent,
    )


async def typed_out(
    line: AddedLine, before: str, after: str, answerer: Answerer, clock: Clock, floor: float
) -> TypingResult:
    """Types the line, and takes what is right."""
    text = line.text.rstrip()
    at = len(text) - len(text.lstrip())
    length = len(text) - at
    places = _asking_places(text, line.language)
    asked = shown = accepted = completed = 0
    ghost = ""
    spent = 0.0
    while at < len(text):
        if at in places:
            asked += 1
            began = clock.now()
            offered, _ = await answerer.answer(line.path, line.language, before + text[:at], after, floor)
            spent += clock.now() - began
            if len(offered.strip()) < SHORTEST:
                ghost = ""
            else:
                shown += offered != ghost
                if text.startswith(offered, at):
                    accepted += 1
                    completed += len(offered)
                    at += len(offered)
                    ghost = ""
                    continue
                ghost = offered
        ghost = ghost[1:] if ghost.startswith(text[at]) else ""
        at += 1
    return TypingResult(
        line.commit.hash,
        line.path,
        line.is_test,
        length,
        asked,
        shown,
        accepted,
        completed,
        1000 * spent / max(asked, 1),
    )


def _asking_places(text: str, language: str) -> set[int]:
    """Line start, before and after every token, and some characters into names."""
    places = {len(text) - len(text.lstrip())}
    for start, end, kind in token_spans(text, language):
        places |= {start, end}
        if kind == Kind.NAME:
            places |= {start + typed for typed in TYPED_BEFORE_ASKING if start + typed < end}
    return {place for place in places if place < len(text)}


def as_row(result: PointResult | TypingResult) -> dict[str, object]:
    """For JSON Lines: outcomes only, no text of the repository."""
    return {"mode": "point" if isinstance(result, PointResult) else "typing", **asdict(result)}
