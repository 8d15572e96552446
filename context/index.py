"""What is known of the workspace's files: definitions, imports, and a text index of stretches that read as one thing.

It is kept on disk as text that the gate has cleared, so a secret is not in it, and is filled by a worker process
(`context/indexing.py`); the process of the editor only asks. A broken or locked
store is an empty answer, never an error to the caller.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from context.analysis import stem_of
from context.clock import Clock
from context.grammars import language_of
from context.index_rows import name_of, note_changed, path_of, remove, rows_of, write
from context.index_store import connect, discard, store_file
from context.outline import Definition
from context.privacy import Gate
from context.ranking import Ranking
from context.walker import LARGEST, looks_generated

logger = logging.getLogger(__name__)

LOOK_EVERY = 50_000
"""Steps of the store's machine between two looks at the time, some tenths of a millisecond."""

MOST_KEPT = 24
MOST_TERMS = 40
MOST_ROWS = 2_500
"""Words are taken from the rarest on until they occur in this many stretches together, which bounds a query's time."""


_CHUNKS = "SELECT c.id, f.path, c.first, c.text FROM chunks AS c JOIN files AS f ON f.id = c.file WHERE c.id IN ({})"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines of a file that the text index found; a higher score is a better match."""

    path: Path
    first: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition and the file that holds it."""

    path: Path
    definition: Definition


class Index:
    """For one thread. `folder` is where stores are kept; `roots` is the workspace.

    `generation` counts what may have changed the answers; `lost` says that the store was broken and is empty now.
    """

    def __init__(self, folder: Path, roots: Sequence[Path], gate: Gate) -> None:
        self.file = store_file(folder, roots)
        self._gate = gate
        self._connection: sqlite3.Connection | None = None
        self._frequencies: dict[str, int] = {}
        self._stretches = 0
        self._asked = 0
        self.generation = 0
        self._ranking = Ranking(self._answer)
        self._read_before: dict[int, tuple[Path, int, str]] = {}
        self._state: tuple[int, int] = (0, 0)
        self._kept: dict[Path, list[Stretch]] = {}
        self._kept_at = 0
        self.lost = False
        self._clock: Clock | None = None
        self._limit = 0.0

    def put(self, path: Path, text: str, *, size: int = 0, mtime_ns: int = 0) -> bool:
        """Takes in a file's text as it is now; True where that changed the index. Some milliseconds for 1,000 lines."""
        language = language_of(path)
        if not language or len(text) > LARGEST or looks_generated(text) or self._gate.refusal(path, cross_file=True):
            return self.forget(path)
        self.generation += 1
        with self._writing() as store:
            return store is not None and write(store, rows_of(store, self._gate, path, text, size, mtime_ns))

    def forget(self, path: Path) -> bool:
        """Removes a file that is gone or may not be shown any more."""
        self.generation += 1
        with self._writing() as store:
            return store is not None and remove(store, path)

    def note_changed(self, paths: Sequence[Path]) -> None:
        """Forgets what was being worked on, for these files."""
        with self._writing() as store:
            if store is not None:
                store.execute("DELETE FROM changed")
                note_changed(store, paths)

    def lately_changed(self, limit: int = 12) -> list[Path]:
        """The files that are being worked on, as git and the editor told, those that were changed last first."""
        rows = self._ask(
            "SELECT path FROM changed WHERE path IN (SELECT path FROM files) ORDER BY age, rowid DESC LIMIT ?", limit
        )
        return [path_of(row[0]) for row in rows]

    def paths(self) -> list[str]:
        return [row[0] for row in self._ask("SELECT path FROM files")]

    def similar(self, wanted: Sequence[str], limit: int = 40) -> list[Stretch]:
        """The stretches that match the words best by BM25, best first. A word given twice counts twice."""
        self._look()
        best = self._ranking.best(self._telling(wanted), limit)
        missing = [number for number, _ in best if number not in self._read_before]
        if missing:
            marks = ",".join("?" * len(missing))
            for number, path, first, text in self._ask(_CHUNKS.format(marks), *missing):
                self._read_before[number] = path_of(path), first, text
        return [Stretch(*self._read_before[number], score) for number, score in best if number in self._read_before]

    def stretches(self, path: Path) -> list[Stretch]:
        """All stretches of a file in order; kept for some files, which are asked for again at each new line."""
        if self._kept_at != self.generation:
            self._kept.clear()
            self._kept_at = self.generation
        known = self._kept.get(path)
        if known is None:
            while len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            known = self._kept[path] = self._read(path)
        return known

    def _read(self, path: Path) -> list[Stretch]:
        rows = self._ask(
            "SELECT first, text FROM chunks WHERE file = (SELECT id FROM files WHERE path = ?) ORDER BY first",
            name_of(path),
        )
        return [Stretch(path, first, text, 0.0) for first, text in rows]

    def path_changes(self) -> int:
        """How often a path came to the index or left it. A known file that is read again changes nothing here."""
        rows = self._ask("SELECT paths FROM counted")
        return int(rows[0][0]) if rows else 0

    def named(self, stem: str, limit: int = 3) -> list[Path]:
        """Files whose name is `stem` but for endings and what marks a test."""
        return [
            path_of(row[0])
            for row in self._ask("SELECT path FROM files WHERE stem = ? ORDER BY path LIMIT ?", stem, limit)
        ]

    def there(self, names: Sequence[str]) -> set[str]:
        """Those of the paths that it knows, in one question for up to some hundred."""
        marks = ",".join("?" * len(names))
        rows = self._ask(f"SELECT path FROM files WHERE path IN ({marks})", *map(name_of, names)) if names else []
        known = {row[0] for row in rows}
        return {name for name in names if name_of(name) in known} if known else known

    def inside(self, folder: Path, limit: int = 400) -> list[Path]:
        """The files that lie directly in a folder."""
        rows = self._ask("SELECT path FROM files WHERE folder = ? ORDER BY path LIMIT ?", name_of(folder), limit)
        return [path_of(row[0]) for row in rows]

    def ending(self, tail: str, limit: int = 200) -> list[Path]:
        """The files whose path ends with `tail`, whole parts with forward slashes, the shortest path first."""
        rows = self._ask(
            "SELECT path FROM files WHERE stem = ? AND substr(path, ?) = ? ORDER BY length(path), path LIMIT ?",
            stem_of(PurePosixPath(tail)),
            -len(tail) - 1,
            f"{os.sep}{tail.replace('/', os.sep)}",
            limit,
        )
        return [path_of(row[0]) for row in rows]

    def defined(self, name: str, limit: int = 20) -> list[Defined]:
        """Where a name is defined."""
        return self._definitions("WHERE d.name = ? LIMIT ?", name, limit)

    def members(self, owner: str, limit: int = 60) -> list[Defined]:
        """What belongs to a class, struct or the like of this name, in any file."""
        return self._definitions("WHERE d.owner = ? LIMIT ?", owner, limit)

    def outline(self, path: Path) -> list[Definition]:
        """The definitions of a file in order of place."""
        return [found.definition for found in self._definitions("WHERE f.path = ? ORDER BY d.first", name_of(path))]

    def imports(self, path: Path) -> list[str]:
        """The texts of a file's imports."""
        rows = self._ask(
            "SELECT text FROM imports WHERE file = (SELECT id FROM files WHERE path = ?) ORDER BY line", name_of(path)
        )
        return [row[0] for row in rows]

    def frequency(self, word: str) -> float:
        """The share of stretches that hold a word (lower case)."""
        return self._count(word) / max(self._total(), 1)

    def until(self, clock: Clock, limit: float) -> None:
        """Ends questions at a time of `clock`; what was not found by then is not found."""
        self._clock, self._limit = clock, limit

    def refresh(self) -> None:
        """Forgets what was counted, after another process has written much."""
        self._asked = 0
        self.generation += 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _look(self) -> None:
        """Forgets what was read of the store when this process or another has written since."""
        rows = self._ask("PRAGMA data_version")
        state = (self.generation, rows[0][0] if rows else 0)
        if state != self._state:
            self._state = state
            self._ranking.forget()
            self._read_before.clear()

    def _telling(self, wanted: Sequence[str]) -> dict[str, int]:
        """The rarest of the words that are known at all, and how often each counts: common ones cost time and move no rank."""
        self._total()
        known = {word: count for word in dict.fromkeys(wanted) if (count := self._count(word))}
        chosen: dict[str, int] = {}
        rows = 0
        for word in sorted(known, key=lambda word: (known[word], word))[:MOST_TERMS]:
            rows += known[word]
            if rows > MOST_ROWS and chosen:
                break
            chosen[word] = min(wanted.count(word), 3)
        return chosen

    def _count(self, word: str) -> int:
        known = self._frequencies.get(word)
        if known is None:
            rows = self._answer("SELECT doc FROM frequencies WHERE term = ?", word)
            known = rows[0][0] if rows else 0
            if rows is not None:
                self._frequencies[word] = known
        return known

    def _total(self) -> int:
        """The number of stretches, looked up anew now and then, with the counts of words."""
        self._asked -= 1
        if self._asked < 0:
            self._asked = 20_000
            self._frequencies.clear()
            rows = self._ask("SELECT count(*) FROM chunks")
            self._stretches = rows[0][0] if rows else 0
        return self._stretches

    def _definitions(self, where: str, *values: object) -> list[Defined]:
        rows = self._ask(
            "SELECT f.path, d.name, d.kind, d.first, d.last, d.indent, d.signature, d.doc, d.owner"
            f" FROM definitions AS d JOIN files AS f ON f.id = d.file {where}",
            *values,
        )
        return [Defined(path_of(row[0]), Definition(*row[1:])) for row in rows]

    def _ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._answer(sql, *values) or []

    def _answer(self, sql: str, *values: object) -> list[tuple[Any, ...]] | None:
        """The rows, or None where the store did not answer, or not in time: what was not found then may be there."""
        store = self._opened()
        if store is None:
            return None
        try:
            return store.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            if not self._late():
                self._failed(error)
            return None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection | None]:
        """A transaction, or None where the store cannot be written now."""
        store = self._opened()
        try:
            if store is not None:
                store.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._failed(error)
            store = None
        try:
            yield store
            if store is not None:
                store.execute("COMMIT")
                self._asked = min(self._asked, 2_000)
        except sqlite3.Error as error:
            self._failed(error)
            if store is not None and store.in_transaction:
                store.execute("ROLLBACK")

    def _opened(self) -> sqlite3.Connection | None:
        if self._connection is None:
            try:
                self._connection = connect(self.file)
                self._connection.set_progress_handler(self._late, LOOK_EVERY)
            except (OSError, sqlite3.Error) as error:
                logger.warning("the index cannot be opened: %s", type(error).__name__)
        return self._connection

    def _late(self) -> bool:
        return self._clock is not None and self._clock.now() >= self._limit

    def _failed(self, error: sqlite3.Error) -> None:
        logger.warning("the index did not answer: %s", type(error).__name__)
        if not isinstance(error, sqlite3.OperationalError):
            self.close()
            discard(self.file)
            self.lost = True
