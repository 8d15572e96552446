"""A busy hand at a real server with a moody endpoint: documents come and go, requests are cancelled, settings and files change.

Everything is seeded but the time it takes. What is measured is what the process holds: memory, descriptors, threads, tasks.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from editors.headless.self_test.endpoint import Asked, FaultServer, stream
from editors.headless.self_test.faults import FAULTS
from tests.endpoint import endpoint
from tests.provider import fim
from tests.raw_client import ROOT, RawClient, inline, replace

ANSWERS = (
    "value",
    "total + 1",
    "first(second)\n    return third",
    "    for each in everything:\n        print(each)\n",
)
QUICK_FAULTS = tuple(fault for fault in FAULTS if not fault.settings and fault.name != "silence")
SETTINGS = ({"eagerness": "low"}, {"eagerness": "high"}, {"prefetch": False}, {})


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the process holds at a moment; `rss` in bytes."""

    rss: int
    descriptors: int
    threads: int
    tasks: int


@dataclass
class Report:
    """`waits` are seconds from a request to its reply; `vitals` the process at rest, once a second or so."""

    steps: int = 0
    waits: list[float] = field(default_factory=list)
    vitals: list[Vitals] = field(default_factory=list)
    popups: int = 0

    def wait_at(self, share: float) -> float:
        return sorted(self.waits)[int(share * (len(self.waits) - 1))]


class Soak:
    """One editor, one server, one endpoint; `run(seconds)`."""

    def __init__(self, client: RawClient, server: FaultServer, folder: Path, seed: int) -> None:
        self._client, self._server, self._folder = client, server, folder
        self._chance = random.Random(seed)
        self._lines: dict[str, list[str]] = {}
        self._version = 1
        self._process = psutil.Process(client.process.pid)
        self.report = Report()
        server.answer = self._moody

    def run(self, seconds: float) -> Report:
        """Works in bouts of a hundred steps; after each the process comes to rest and is looked at."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for _ in range(100):
                self._step()
            self._rest()
            self.report.vitals.append(self._vitals())
            self._server.asked.clear()
            self._client.replies.clear()
        self.report.popups = sum(each["method"] == "window/showMessage" for each in self._client.notified)
        return self.report

    async def _moody(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if self._chance.random() < 0.03:
            return await self._chance.choice(QUICK_FAULTS).answer(asked, writer)
        pieces = self._chance.choice(ANSWERS).split(" ")
        pause = self._chance.choice((0.0, 0.0, 0.01, 0.05))
        return await stream(fim(*(f"{piece} " for piece in pieces)), pause=pause)(asked, writer)

    def _step(self) -> None:
        self.report.steps += 1
        kind = self._chance.choices(
            (self._type, self._ask_by_hand, self._paste, self._reopen, self._save, self._configure, self._move_files),
            (80, 8, 4, 2, 3, 1, 2),
        )[0]
        kind(self._document())

    def _document(self) -> str:
        uri = (self._folder / f"module_{self._chance.randrange(12)}.py").as_uri()
        if uri not in self._lines:
            self._open(uri)
        return uri

    def _open(self, uri: str) -> None:
        source = self._chance.choice(sorted((ROOT / "context").glob("*.py")))
        self._lines[uri] = source.read_text().split("\n")[:300]
        self._version += 1
        self._client.open("\n".join(self._lines[uri]), uri, self._version)

    def _type(self, uri: str) -> None:
        """A few keys at the end of a line, each with an unasked request; most of them are overtaken."""
        lines = self._lines[uri]
        row = self._chance.randrange(len(lines))
        asked: list[tuple[int, float]] = []
        for key in self._chance.choice(("self.", "x = ", "return", "('", "\n    ")):
            self._edit(uri, row, len(lines[row]), key)
            if key == "\n":
                row += 1
            number = self._client.ask("textDocument/inlineCompletion", inline(row, len(lines[row]), uri, 2))
            asked.append((number, time.perf_counter()))
            if self._chance.random() < 0.7:
                self._client.notify("$/cancelRequest", {"id": number})
        for number, began in asked:
            self._client.reply(number)
            self.report.waits.append(time.perf_counter() - began)

    def _ask_by_hand(self, uri: str) -> None:
        row = self._chance.randrange(len(self._lines[uri]))
        answer = self._client.request("textDocument/inlineCompletion", inline(row, len(self._lines[uri][row]), uri, 1))
        for item in (answer.get("result") or {}).get("items", [])[:1]:
            if self._chance.random() < 0.5:
                told = {name: item["command"][name] for name in ("command", "arguments")}
                self._client.request("workspace/executeCommand", told)

    def _paste(self, uri: str) -> None:
        lines = self._lines[uri]
        start = self._chance.randrange(len(lines))
        block = lines[start : start + 20] if len(lines) < 2_000 else []
        end = start if block else min(len(lines) - 1, start + 200)
        self._version += 1
        text = "\n".join([*block, ""]) if block else ""
        self._client.change(replace((start, 0), (end, 0), text), uri=uri, version=self._version)
        lines[start:end] = block

    def _reopen(self, uri: str) -> None:
        self._client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        del self._lines[uri]

    def _save(self, uri: str) -> None:
        (self._folder / Path(uri).name).write_text("\n".join(self._lines[uri]))
        self._client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})

    def _configure(self, _uri: str) -> None:
        settings = self._chance.choice(SETTINGS)
        self._client.notify("workspace/didChangeConfiguration", {"settings": {"infill": settings}})

    def _move_files(self, _uri: str) -> None:
        path = self._folder / f"other_{self._chance.randrange(5)}.py"
        there = path.exists()
        path.unlink() if there else path.write_text("def other(value):\n    return value\n" * 20)
        changes = [{"uri": path.as_uri(), "type": 3 if there else 1}]
        self._client.notify("workspace/didChangeWatchedFiles", {"changes": changes})

    def _edit(self, uri: str, row: int, column: int, text: str) -> None:
        lines = self._lines[uri]
        self._version += 1
        self._client.change(replace((row, column), (row, column), text), uri=uri, version=self._version)
        new = (lines[row][:column] + text + lines[row][column:]).split("\n")
        lines[row : row + 1] = new

    def _rest(self) -> None:
        """Two answered requests apart from each other: what was cancelled before them is done with."""
        for _ in range(2):
            self._client.request("infill/status", None)

    def _vitals(self) -> Vitals:
        held = self._process
        return Vitals(held.memory_info().rss, held.num_fds(), held.num_threads(), self._tasks())

    def _tasks(self) -> int:
        path = Path(os.environ["SOAK_VITALS"])
        path.unlink(missing_ok=True)
        until = time.monotonic() + 10
        while not path.exists() and time.monotonic() < until:
            self._process.send_signal(signal.SIGUSR1)
            self._client.request("infill/status", None)
        return int(path.read_text())


@contextmanager
def soaking(folder: Path, seed: int) -> Iterator[Soak]:
    """A server in `folder` and its endpoint. The environment is the caller's to set up."""
    folders: list[dict[str, Any]] = [{"uri": folder.as_uri(), "name": "project"}]
    command = [sys.executable, "-P", str(ROOT / "tests" / "soaked_server.py")]
    with endpoint() as server:
        os.environ["INFILL_BASE_URL"] = server.url
        with RawClient(command, workspaceFolders=folders) as client:
            yield Soak(client, server, folder, seed)
