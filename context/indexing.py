"""Keeps the index up to date: a worker process for the whole workspace, single files in this process as they change."""

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
from context.walker import read

logger = logging.getLogger(__name__)

MANY = 30
"""Files beyond which a change (a branch switch, a formatter) is the worker's to read in, not this process's."""

LONG = 100_000
"""Characters of a file that is the worker's too: taking it in here would be felt while typing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Files read in, of how many; `of` is 0 before they are counted."""

    done: int = 0
    of: int = 0


class Indexing:
    """For the event loop. `told` is called with each step of progress."""

    def __init__(
        self,
        index: Index,
        roots: Sequence[Path],
        *,
        exclude: Sequence[str] = (),
        told: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._index, self._roots, self._exclude, self._told = index, tuple(roots), tuple(exclude), told
        self._process: asyncio.subprocess.Process | None = None

    async def scan(self) -> bool:
        """Reads in what has changed in the workspace, in a process of its own; False where that ended badly.

        Cancelling ends the process. A second scan while one runs ends the first.
        """
        await self.stop()
        process = self._process = await asyncio.create_subprocess_exec(
            *_command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._index.file.parent if self._index.file.parent.is_dir() else None,
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        )
        try:
            asked = {
                "folder": str(self._index.file.parent),
                "roots": list(map(str, self._roots)),
                "exclude": self._exclude,
            }
            self._say(process, json.dumps(asked))
            assert process.stdout is not None
            async for line in process.stdout:
                report = json.loads(line)
                self._told(Progress(report["done"], report["of"]))
            ended = await process.wait()
            if ended > 0:  # below 0 it was ended, by us or by the system
                logger.warning("the indexing process ended with %d", ended)
            return ended == 0
        finally:
            await self._end(process)
            self._index.refresh()

    async def changed(self, paths: Sequence[Path]) -> None:
        """Takes in files that were written, made or removed, as the editor's watcher tells.

        While a scan runs it holds the store, and every file would be waited for: then the scan begins again.
        """
        if len(paths) > MANY or not await self._taken_in(paths):
            await self.scan()

    async def _taken_in(self, paths: Sequence[Path]) -> bool:
        """Reads files into the index here; False where that is the worker's to do."""
        for path in paths:
            text = await asyncio.to_thread(read, path)
            if self._process is not None or len(text or "") > LONG:
                return False
            if text is None:
                self._index.forget(path)
            else:
                self._index.put(path, text)
        return True

    def pause(self) -> None:
        """Lets a running scan wait, for a machine on battery or a busy moment."""
        if self._process is not None:
            self._say(self._process, "pause")

    def resume(self) -> None:
        if self._process is not None:
            self._say(self._process, "resume")

    async def stop(self) -> None:
        if self._process is not None:
            await self._end(self._process)

    def _say(self, process: asyncio.subprocess.Process, line: str) -> None:
        assert process.stdin is not None
        if not process.stdin.is_closing():
            process.stdin.write(line.encode() + b"\n")

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._process is process:
            self._process = None


def _command() -> list[str]:
    """Isolated mode: neither the working folder, nor the user's site, nor PYTHON* variables can name a module to import."""
    ours = str(Path(context.__file__).parent.parent)
    return [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {ours!r}); from context.index_worker import main; main()",
    ]
