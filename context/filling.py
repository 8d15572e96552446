"""Brings the index up to date with the disk: the whole workspace, or single files, in transactions that take a moment.

For the worker process alone. Between two batches it asks what else there is to do, so that a file that was just saved need
not wait for the workspace.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from context.git.changes import lately_changed
from context.grammars import language_of
from context.index_rows import Rows, name_of, note_changed, remove, rows_of, write
from context.index_store import connect, note_use, store_file
from context.privacy import Gate
from context.walker import MOST_FILES, WalkedFile, looks_generated, read, walk

log = logging.getLogger(__name__)

BATCH = 40
BATCH_CHARACTERS = 100_000
"""Files, or characters of them, in one transaction: to write them takes some 20 ms."""

WAIT_MS = 10_000
"""How long a transaction waits for that of another process."""

ASK_EVERY = 500
"""Walked files between two questions whether there is something else to do."""


class Filling:
    """`between` is called where the work may be interrupted; when it returns True the scan begins again. `told` is called
    with files read in, of how many, `cut` where a folder has more files than are looked at."""

    def __init__(
        self,
        folder: Path,
        roots: Sequence[Path],
        exclude: Sequence[str],
        *,
        between: Callable[[], bool] = lambda: False,
        told: Callable[[int, int], None] = lambda done, of: None,
        cut: Callable[[], None] = lambda: None,
    ) -> None:
        self.file = store_file(folder, roots)
        self._roots, self._between, self._told, self._cut = tuple(roots), between, told, cut
        self._gate = Gate(roots, exclude=exclude)
        self._connection: sqlite3.Connection | None = None
        self._opened_as: int = 0

    def scan(self) -> None:
        """Reads in all that is new or changed, what was written last first, and forgets what is gone."""
        note_use(self._store(), self.file, self._roots)
        while not self._scanned():
            pass

    def take_in(self, paths: Sequence[Path]) -> None:
        """Single files that were written, made or removed."""
        batch: list[Rows | Path] = []
        for path in paths:
            allowed = language_of(path) and self._gate.refusal(path, cross_file=True) is None
            text = read(path) if allowed else None
            batch.append(path if text is None else self._rows(path, text, *_stamp(path)))
        self._write(batch)
        with _writing(self._store()) as store:
            for one in batch:
                note_changed(store, [one.path] if isinstance(one, Rows) else [])

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _scanned(self) -> bool:
        """False where it has to begin again."""
        walked: dict[Path, list[WalkedFile]] = {root: [] for root in self._roots}
        for root, files in walked.items():
            for number, file in enumerate(walk(root, self._gate)):
                if language_of(file.path):
                    files.append(file)
                if number + 1 == MOST_FILES:
                    self._cut()
                if number % ASK_EVERY == ASK_EVERY - 1 and self._between():
                    return False
        known = {
            row[0]: (row[1], row[2])
            for row in self._store().execute("SELECT path, size, mtime_ns FROM files").fetchall()
        }
        fresh, gone = changed_files(known, [file for files in walked.values() for file in files])
        fresh.sort(key=lambda file: -file.mtime_ns)
        done = 0
        for batch in _batches(gone, BATCH):
            self._write(batch)
            if self._between():
                return False
        for rows in self._read(fresh):
            self._write(rows)
            done += len(rows)
            self._told(done, len(fresh))
            if self._between():
                return False
        self._note_changes(walked)
        self._told(len(fresh), len(fresh))
        return True

    def _read(self, files: Sequence[WalkedFile]) -> Iterator[list[Rows | Path]]:
        batch: list[Rows | Path] = []
        characters = 0
        for file in files:
            text = read(file.path)
            batch.append(file.path if text is None else self._rows(file.path, text, file.size, file.mtime_ns))
            characters += len(text or "")
            if len(batch) >= BATCH or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch

    def _rows(self, path: Path, text: str, size: int, mtime_ns: int) -> Rows | Path:
        """The fence for a bug of ours: one file that cannot be analysed must not keep the others out."""
        if looks_generated(text):
            return path
        try:
            return rows_of(self._store(), self._gate, path, text, size, mtime_ns)
        except sqlite3.Error:
            raise
        except Exception as bug:
            log.warning("a file could not be analysed for the index: %s", type(bug).__name__)
            return path

    def _write(self, batch: Sequence[Rows | Path]) -> None:
        """In one transaction: files as they were read, and paths of what is to be forgotten."""
        with _writing(self._store()) as store:
            for one in batch:
                if isinstance(one, Rows):
                    write(store, one)
                else:
                    remove(store, one)

    def _note_changes(self, walked: dict[Path, list[WalkedFile]]) -> None:
        """What git says is being worked on, instead of what was noted before."""
        found = [lately_changed(root, files) for root, files in walked.items()]
        with _writing(self._store()) as store:
            store.execute("DELETE FROM changed")
            for paths in found:
                note_changed(store, paths)

    def _store(self) -> sqlite3.Connection:
        """Opened anew where another process has thrown the file away, which was broken then."""
        if self._connection is not None and self._opened_as != _inode(self.file):
            self.close()
        if self._connection is None:
            self._connection = connect(self.file)
            self._connection.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
            self._opened_as = _inode(self.file)
        return self._connection


class _writing:
    """A transaction: kept where its block ends, given up where it does not."""

    def __init__(self, store: sqlite3.Connection) -> None:
        self._store = store

    def __enter__(self) -> sqlite3.Connection:
        self._store.execute("BEGIN IMMEDIATE")
        return self._store

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._store.execute("COMMIT" if kind is None else "ROLLBACK")


def changed_files(
    known: dict[str, tuple[int, int]], walked: Sequence[WalkedFile]
) -> tuple[list[WalkedFile], list[Path]]:
    """Which walked files are new or differ in size or time from what is known, and which known ones are gone."""
    there = {name_of(file.path) for file in walked}
    fresh = [file for file in walked if known.get(name_of(file.path)) != (file.size, file.mtime_ns)]
    return fresh, [Path(path) for path in known if path not in there]


def _batches(paths: Sequence[Path], size: int) -> Iterator[list[Rows | Path]]:
    for start in range(0, len(paths), size):
        yield list(paths[start : start + size])


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.lstat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _inode(file: Path) -> int:
    try:
        return file.stat().st_ino
    except OSError:
        return 0
