"""The file of a run, as JSON Lines: what it is, then each task with its rows as soon as it is done, then that it is finished.

A task is written with one call, so that a run killed at any point loses at most the task in flight: the next one with the same
plan reads what is there, cuts off a half-written line, and goes on. Tasks that failed are asked again; their later line counts.

    {"run": {"bench": …, "plan": {…}, …}}
    {"task": …, "rows": [{"id": …, "group": …, "facets": {…}, "measures": {…}, "times": {…}}, …]}
    {"finished": {…}}
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from context.private_folder import make_private
from editors.headless.runs.rows import Row


class Unfit(Exception):
    """The file cannot be gone on with; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Run:
    """A journal as it was read. `about` is its first line, `finished` its last where the run came to its end."""

    about: Mapping[str, Any]
    tasks: Mapping[str, Sequence[Row]]
    finished: Mapping[str, Any] | None = None

    @property
    def rows(self) -> list[Row]:
        return [row for rows in self.tasks.values() for row in rows]


@dataclass(slots=True)
class _Read:
    run: Run
    whole: int = 0  # bytes up to the end of the last whole line


class Journal:
    """Use as a context manager; `path` None keeps everything in memory.

    `plan` is what decides the questions: a file of the same plan is gone on with, or read back where it is `finished`; one of
    another plan is refused.
    """

    def __init__(
        self, path: Path | None, plan: Mapping[str, Any], about: Mapping[str, Any], *, again: bool = False
    ) -> None:
        self._descriptor = -1
        self.path = path
        self._tasks: dict[str, Sequence[Row]] = {}
        self.resumed = 0
        self.finished = False
        head = {**about, "plan": dict(plan)}
        self.about: Mapping[str, Any] = head
        if path is None:
            return
        make_private(path.parent)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._lock()
            self._take_up(path, head, again=again)
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def has(self, task: str) -> bool:
        """Whether the task is done and nothing of it failed."""
        rows = self._tasks.get(task)
        return rows is not None and not any(row.failed for row in rows)

    def add(self, task: str, rows: Sequence[Row]) -> None:
        self._tasks[task] = rows
        self._write({"task": task, "rows": [row.as_json() for row in rows]})

    def finish(self, said: Mapping[str, Any]) -> None:
        """Once: a run that was read back says so already."""
        if not self.finished:
            self._write({"finished": dict(said)})
            self.finished = True

    @property
    def rows(self) -> list[Row]:
        """In the order in which their tasks were first done."""
        return [row for rows in self._tasks.values() for row in rows]

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unfit(f"{self.path} is being written by another run.") from None

    def _take_up(self, path: Path, head: Mapping[str, Any], *, again: bool) -> None:
        read = _read(path)
        if not again and read.run.about:
            self._go_on(path, read, head["plan"])
            return
        os.ftruncate(self._descriptor, 0)
        self._write({"run": head})

    def _go_on(self, path: Path, read: _Read, plan: Mapping[str, Any]) -> None:
        if other := _difference(read.run.about.get("plan", {}), plan):
            raise Unfit(f"{path} holds a run with {other}. Name another file, or say --again to replace it.")
        os.ftruncate(self._descriptor, read.whole)
        self.about = read.run.about
        self._tasks = dict(read.run.tasks)
        self.finished = read.run.finished is not None
        self.resumed = sum(map(self.has, self._tasks))

    def _write(self, said: Mapping[str, Any]) -> None:
        if self._descriptor >= 0:
            line = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
            data = line.encode("utf-8", "replace")
            while data:
                data = data[os.write(self._descriptor, data) :]


def read(path: Path) -> Run:
    """A run from its file, finished or not. Raises `Unfit` where it is none."""
    try:
        found = _read(path).run
    except OSError as error:
        raise Unfit(f"{path} cannot be read: {error.strerror or 'it is gone'}.") from None
    if not found.about:
        raise Unfit(f"{path} is no file of a run of `infill bench`.")
    return found


def _read(path: Path) -> _Read:
    about: Mapping[str, Any] = {}
    finished: Mapping[str, Any] | None = None
    tasks: dict[str, Sequence[Row]] = {}
    whole = 0
    for number, (line, size) in enumerate(_lines(path)):
        try:
            said = json.loads(line)
            if number == 0:
                about = dict(said["run"])
            elif "task" in said:
                tasks[str(said["task"])] = [Row.of_json(row) for row in said["rows"]]
            else:
                finished = dict(said["finished"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Unfit(f"{path} is no file of a run of `infill bench`: line {number + 1} is something else.") from None
        whole += size
    return _Read(Run(about, tasks, finished), whole)


def _lines(path: Path) -> Iterator[tuple[bytes, int]]:
    """The whole lines of the file with their sizes; one that a killed run left without its end is none."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line, len(line)


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The first setting in which two plans differ, in words; "" where they are the same."""
    known = json.loads(json.dumps(new))
    for name in {**old, **known}:
        if old.get(name) != known.get(name):
            return f"{name} {_said(old.get(name))} where this one has {_said(known.get(name))}"
    return ""


def _said(value: object) -> str:
    return "nothing" if value in (None, "", [], {}) else json.dumps(value)
