"""The index of the workspace in the life of a session: scanned at its start and after a branch switch, told of what changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from context.clock import Clock
from context.index import Index
from context.indexing import Indexing, Progress
from context.privacy import Gate
from context.walker import MOST_FILES
from lsp_server.api import Editor
from lsp_server.api import Progress as Bar

log = logging.getLogger(__name__)

TOO_MANY = f"The first {MOST_FILES:,} files were read; those that come later are left out."
LOOK_AGAIN = 2.0  # seconds between two looks at whether the branch was switched


class WorkspaceIndex:
    """`index` answers from the first moment on with what is in the store. `folder` is where stores are kept."""

    def __init__(
        self, folder: Path, roots: Sequence[Path], gate: Gate, exclude: Sequence[str], clock: Clock, editor: Editor
    ) -> None:
        self.index = Index(folder, roots, gate)
        self._roots, self._clock, self._editor = tuple(roots), clock, editor
        self._indexing = Indexing(self.index, roots, exclude=exclude, told=self._told)
        self._bar: Bar | None = None
        self._cut = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._heads = self._branch()
        self._look_at = clock.now() + LOOK_AGAIN
        self._run(self._scan)

    def look(self) -> None:
        """Scans again where something was committed or checked out, and where the store was lost. Cheap: called with every
        request."""
        if self._clock.now() < self._look_at:
            return
        self._look_at = self._clock.now() + LOOK_AGAIN
        heads = self._branch()
        if heads != self._heads or self.index.lost:
            self._heads, self.index.lost = heads, False
            self._run(self._scan)

    def changed(self, paths: Sequence[Path]) -> None:
        """Files were written, made or removed, by whatever program."""
        self._run(lambda: self._changed(paths))

    def pause(self, paused: bool) -> None:
        """Whether reading in waits. What changes meanwhile is read in afterwards."""
        if paused:
            self._indexing.pause()
        else:
            self._indexing.resume()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self._indexing.stop()
        self.index.close()

    async def _changed(self, paths: Sequence[Path]) -> None:
        try:
            await self._indexing.changed(paths)
        except OSError as error:
            log.warning("a change cannot be indexed: %s", type(error).__name__)

    async def _scan(self) -> None:
        try:
            await self._indexing.scan()
        except OSError as error:
            log.warning("the workspace cannot be indexed: %s", type(error).__name__)
        finally:
            if self._bar is not None:
                self._bar.end(TOO_MANY if self._cut else "")
                self._bar = None

    def _told(self, progress: Progress) -> None:
        if progress.cut and not self._cut:
            log.warning(TOO_MANY)
        self._cut = progress.cut
        if progress.of and self._bar is None:
            self._bar = self._editor.progress("Infill reads the workspace")
            self._bar.when_cancelled(lambda: self._run(self._indexing.stop))
        if self._bar is not None and progress.of:
            self._bar.report(f"{progress.done} of {progress.of} files", 100 * progress.done // progress.of)

    def _run(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        task = asyncio.create_task(work(), name="infill-index")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _branch(self) -> tuple[int, ...]:
        return tuple(_written_at(root / ".git" / name) for root in self._roots for name in ("HEAD", "logs/HEAD"))


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
