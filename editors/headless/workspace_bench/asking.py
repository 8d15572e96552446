"""Processor time of questions to the workspace model at its own seam, as an editor's session puts them.

A file is opened and asked in at once. Then one goes from place to place in it: a line is made whole again and another is cut
off, so that nothing but the tokens of the files is kept from one to the next. Last, a line is typed key by key.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backends.api import Done, FimRequest
from backends.workspace.backend import WorkspaceInfiller
from context.clock import MonotonicClock
from context.privacy import FimContext, Gate
from context.snapshot import Snapshot
from editors.headless.runs.progress import Progress
from editors.headless.workspace_bench.places import KINDS, File, Place
from lsp_server.eagerness import DIALS, Eagerness

FIRST = "first question in a file"
HAND, UNASKED = "by hand", "unasked"
KEY, EDIT = "unasked, each further key of a line", "edit"
ALL = "all"

Times = dict[str, list[float]]


class Session:
    """One server's life. `least` has for each place the least of several times, `every` all of them."""

    def __init__(self, folder: Path, store: Path) -> None:
        self._folder, self._gate = folder, Gate([folder])
        self._backend = WorkspaceInfiller([folder], self._gate, store, MonotonicClock())
        self._floor = DIALS[Eagerness.NORMAL].floor
        self._version = 0
        self.least: Times = {}
        self.every: Times = {}
        self.calibration: list[float] = []

    async def start(self) -> None:
        await self._backend.prepare(60.0)

    async def end(self) -> None:
        await self._backend.aclose()

    async def work_in(self, file: File, repeat: int) -> None:
        first = file.places[0]
        self.write(file, file.text)
        self.write(file, first.prefix + first.after)
        self._keep(FIRST, [await self.ask(file, first.prefix, first.after, 0.0)])
        for what, floor in ((HAND, 0.0), (UNASKED, self._floor)):
            times: list[list[float]] = [[] for _ in file.places]
            for _ in range(repeat):
                for place, spent in zip(file.places, times, strict=True):
                    self._keep(EDIT, [self.write(file, file.text)])
                    self._keep(EDIT, [self.write(file, place.prefix + place.after)])
                    spent.append(await self.ask(file, place.prefix, place.after, floor))
            for place, spent in zip(file.places, times, strict=True):
                self._keep(f"{what}, {place.kind}", spent)
                self._keep(f"{what}, {ALL}", spent)
        self.write(file, file.text)
        await self._type(file, first)
        self.calibration.append(_timed(_calibrate))

    async def _type(self, file: File, place: Place) -> None:
        for column in range(place.column, len(place.line) + 1):
            prefix = place.before + place.line[:column]
            self._keep(EDIT, [self.write(file, prefix + place.after)])
            spent = await self.ask(file, prefix, place.after, self._floor)
            if column > place.column:
                self._keep(KEY, [spent])

    def write(self, file: File, text: str) -> float:
        self._version += 1
        snapshot = Snapshot(file.path, self._folder / file.path, file.language, self._version, text)
        return _timed(lambda: self._backend.observe(snapshot))

    async def ask(self, file: File, before: str, after: str, floor: float) -> float:
        context = FimContext(file.path, file.language, *self._gate.clear_around(before, after))
        request = FimRequest(context, max_tokens=64, stop=("\n",), floor=floor)
        began = time.process_time()
        async for event in self._backend.stream(request):
            if isinstance(event, Done):
                break
        return time.process_time() - began

    def _keep(self, what: str, times: list[float]) -> None:
        self.least.setdefault(what, []).append(min(times))
        self.every.setdefault(what, []).extend(times)


async def ask(folder: Path, store: Path, files: list[File], repeat: int, progress: Progress) -> dict[str, Any]:
    session = Session(folder, store)
    await session.start()
    await session.work_in(files[0], 1)  # What is loaded once in a server's life is not what a question costs.
    for times in (session.least, session.every):
        times.clear()
    session.calibration.clear()
    for file in files:
        await session.work_in(file, repeat)
        progress.step()
    await session.end()
    order = [FIRST, *(f"{what}, {kind}" for what in (HAND, UNASKED) for kind in (ALL, *KINDS)), KEY, EDIT]
    return {
        "times": {what: _figures(session.least[what], session.every[what]) for what in order},
        "calibration": _figures(session.calibration, session.calibration),
        "resident": _resident(),
    }


def _figures(least: list[float], every: list[float]) -> dict[str, float]:
    """Milliseconds."""
    return {
        "p50": 1000 * float(np.percentile(least, 50)),
        "p99": 1000 * float(np.percentile(least, 99)),
        "p99_of_every": 1000 * float(np.percentile(every, 99)),
        "number": len(least),
    }


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _calibrate() -> None:
    """The same work on every machine, of the same sort: looking up, and passing over arrays."""
    seen: dict[int, int] = {}
    for number in range(20_000):
        seen[number & 255] = number
    numbers = np.arange(20_000, dtype=np.int32)
    for number in range(20):
        np.flatnonzero(numbers == number)
        np.argsort(numbers)


def _resident() -> int:
    """Bytes that this process holds now; 0 where the system does not say."""
    try:
        fields = Path("/proc/self/statm").read_text().split()
    except OSError:
        return 0
    import resource

    return int(fields[1]) * resource.getpagesize()
