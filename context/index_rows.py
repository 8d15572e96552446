"""What the index keeps of one file: worked out first, without holding the store, then written in a moment."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from context.analysis import Analysis, analyse, stem_of, words, words_of_path
from context.grammars import language_of
from context.privacy import Gate


@dataclass(frozen=True, slots=True)
class Rows:
    """A file as it was read. `analysis` is None where the store has its text already; `documents` are the words of each chunk."""

    path: Path
    size: int
    mtime_ns: int
    hash: bytes
    analysis: Analysis | None
    documents: tuple[str, ...] = ()


def rows_of(store: sqlite3.Connection, gate: Gate, path: Path, text: str, size: int, mtime_ns: int) -> Rows:
    """Reads the text as far as it is new to the store. This is what indexing costs; nothing is locked meanwhile."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
    known = store.execute("SELECT hash FROM files WHERE path = ?", (name_of(path),)).fetchone()
    if known is not None and known[0] == digest:
        return Rows(path, size, mtime_ns, digest, None)
    analysis = analyse(language_of(path), gate.clear(text))
    documents = tuple(_document(name_of(path), chunk.text) for chunk in analysis.chunks)
    return Rows(path, size, mtime_ns, digest, analysis, documents)


def write(store: sqlite3.Connection, rows: Rows) -> bool:
    """Puts one file into the store, within the caller's transaction; False where its text is what the store has."""
    name, analysis = name_of(rows.path), rows.analysis
    if analysis is None:
        store.execute("UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?", (rows.size, rows.mtime_ns, name))
        return False
    if not _take_out(store, name):
        _count_paths(store)
    file = store.execute(
        "INSERT INTO files (path, folder, size, mtime_ns, hash, language, stem) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(name, str(Path(name).parent), rows.size, rows.mtime_ns, rows.hash),
            *(language_of(rows.path), stem_of(Path(name))),
        ),
    ).lastrowid
    for chunk, document in zip(analysis.chunks, rows.documents, strict=True):
        row = store.execute(
            "INSERT INTO chunks (file, first, text) VALUES (?, ?, ?)", (file, chunk.first, chunk.text)
        ).lastrowid
        store.execute("INSERT INTO words (rowid, t) VALUES (?, ?)", (row, document))
    store.executemany(
        "INSERT INTO definitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(file, d.name, d.kind, d.first, d.end, d.indent, d.signature, d.doc, d.owner) for d in analysis.definitions],
    )
    store.executemany("INSERT INTO imports VALUES (?, ?, ?)", [(file, line, text) for line, text in analysis.imports])
    return True


def remove(store: sqlite3.Connection, path: Path) -> bool:
    """Takes one file out of the store, within the caller's transaction."""
    known = _take_out(store, name_of(path))
    if known:
        _count_paths(store)
    return known


def _count_paths(store: sqlite3.Connection) -> None:
    """Notes that there is a path more or less: what an import means hangs on that, and not on what the files hold."""
    store.execute("UPDATE counted SET paths = paths + 1")


def _take_out(store: sqlite3.Connection, name: str) -> bool:
    row = store.execute("SELECT id FROM files WHERE path = ?", (name,)).fetchone()
    if row is None:
        return False
    for chunk, text in store.execute("SELECT id, text FROM chunks WHERE file = ?", row).fetchall():
        store.execute("INSERT INTO words (words, rowid, t) VALUES ('delete', ?, ?)", (chunk, _document(name, text)))
    for table in ("chunks", "definitions", "imports"):
        store.execute(f"DELETE FROM {table} WHERE file = ?", row)
    store.execute("DELETE FROM files WHERE id = ?", row)
    return True


def note_changed(store: sqlite3.Connection, paths: Sequence[Path]) -> None:
    """Writes down which files are being worked on, those that were changed last first, within the caller's transaction."""
    rows = [(name_of(path), age) for age, path in enumerate(paths)]
    store.executemany("INSERT OR REPLACE INTO changed (path, age) VALUES (?, ?)", rows)


def name_of(path: Path | str) -> str:
    """The path as the store has it. A file name need not be UTF-8, text in SQLite must: odd bytes become question marks."""
    return str(path).encode("utf-8", "replace").decode()


@lru_cache(maxsize=5_000)
def path_of(name: str) -> Path:
    """The path that `name_of` made a name of. The last ones are kept, since reading one takes as long as finding it."""
    return Path(name)


def _document(name: str, text: str) -> str:
    return " ".join((*words_of_path(Path(name)), *words(text)))
