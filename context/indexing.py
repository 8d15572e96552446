"""Keeps the index up to date, from the side of the editor's process: a worker process reads, analyses and writes.

Parsing holds the interpreter lock, so nothing is read in here, not even a single file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import context
from context.index import Index

logger = logging.getLogger(__name__)

MANY = 500
"""Files beyond which a change (a branch switch, a formatter) is a scan: walking then costs less than naming each."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Files read in, of how many; `of` is 0 where there are none. `cut` says that there are more than are looked at."""

    done: int = 0
    of: int = 0
    cut: bool = False


class Indexing:
    """For the event loop. `told` is called with each step of progress."""

    def __init__(
        self,
        index: Index,
        roots: Sequence[Path],
        *,
        exclude: Sequence[str] = (),
        told: Callable[[Progress], object] = lambda _: None,
    ) -> None:
        self._index, self._roots, self._exclude, self._told = index, tuple(roots), tuple(exclude), told
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._orders = 0
        self._paused = False

    async def scan(self) -> bool:
        """Reads in what has changed in the workspace; False where that ended badly. One that runs begins again."""
        return await self._order({"do": "scan"})

    async def changed(self, paths: Sequence[Path]) -> bool:
        """Takes in files that were written, made or removed, as the editor's watcher tells; before a scan that runs."""
        if len(paths) > MANY:
            return await self.scan()
        return await self._order({"do": "files", "paths": list(map(str, paths))})

    def pause(self) -> None:
        """Lets all reading wait, for a machine on battery or a busy moment. Nothing that was ordered is lost."""
        self._paused = True
        self._say({"do": "pause"})

    def resume(self) -> None:
        self._paused = False
        self._say({"do": "resume"})

    async def stop(self) -> None:
        """Ends the process; what it had not ended counts as gone wrong."""
        async with self._starting:
            process, self._process = self._process, None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()
        if self._listening is not None:
            await asyncio.wait([self._listening])

    async def _order(self, order: dict[str, object]) -> bool:
        async with self._starting:
            if self._process is None:
                await self._start()
        self._orders += 1
        number = self._orders
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[number] = ended
        self._say({**order, "number": number})
        try:
            return await ended
        finally:
            self._waiting.pop(number, None)

    async def _start(self) -> None:
        folder = self._index.file.parent
        process = self._process = await asyncio.create_subprocess_exec(
            *_command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder if folder.is_dir() else None,
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        )
        self._say({"folder": str(folder), "roots": list(map(str, self._roots)), "exclude": self._exclude})
        if self._paused:
            self._say({"do": "pause"})
        self._listening = asyncio.create_task(self._listen(process), name="infill-index-reports")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        cut = False
        async for line in process.stdout:
            report = json.loads(line)
            self._index.refresh()
            if "ended" in report:
                cut = False
                self._settle(report["ended"], True)
            elif "cut" in report:
                cut = True
            else:
                self._told(Progress(report["done"], report["of"], cut))
        ended = await process.wait()
        if ended > 0:  # below 0 it was ended, by us or by the system
            logger.warning("the indexing process ended with %d", ended)
        if self._process is process:
            self._process = None
        self._index.refresh()
        for number in list(self._waiting):
            self._settle(number, False)

    def _settle(self, number: int, well: bool) -> None:
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(well)

    def _say(self, order: dict[str, object]) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(json.dumps(order).encode() + b"\n")


def _command() -> list[str]:
    """Isolated mode: neither the working folder, nor the user's site, nor PYTHON* variables can name a module to import."""
    ours = str(Path(context.__file__).parent.parent)
    return [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {ours!r}); from context.index_worker import main; main()",
    ]
