"""The index's file on disk: private, rebuilt when it is of another version or broken, shared by several processes."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from context.private_folder import make_private

logger = logging.getLogger(__name__)

VERSION = 6

_SCHEMA = """
CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE, folder TEXT, size INTEGER, mtime_ns INTEGER, hash BLOB,
                    language TEXT, stem TEXT);
CREATE INDEX files_stem ON files (stem);
CREATE INDEX files_folder ON files (folder);
CREATE TABLE chunks (id INTEGER PRIMARY KEY, file INTEGER, first INTEGER, text TEXT);
CREATE INDEX chunks_file ON chunks (file);
CREATE TABLE definitions (file INTEGER, name TEXT, kind TEXT, first INTEGER, last INTEGER, indent INTEGER, signature TEXT,
                          doc TEXT, owner TEXT);
CREATE INDEX definitions_name ON definitions (name);
CREATE INDEX definitions_file ON definitions (file);
CREATE TABLE imports (file INTEGER, line INTEGER, text TEXT);
CREATE INDEX imports_file ON imports (file);
CREATE VIRTUAL TABLE words USING fts5 (t, content='', tokenize="unicode61 remove_diacritics 0 tokenchars '_$'");
CREATE VIRTUAL TABLE frequencies USING fts5vocab (words, row);
"""


def store_file(folder: Path, roots: Sequence[Path]) -> Path:
    """The file of a workspace's index; its name tells nothing of the workspace."""
    key = hashlib.sha256("\0".join(sorted(map(str, roots))).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return folder / f"index-{key}.sqlite3"


def connect(file: Path) -> sqlite3.Connection:
    """Opens the store, made anew where it is missing, of another version, or not a database. Raises OSError, sqlite3.Error."""
    make_private(file.parent)
    try:
        return _open(file)
    except sqlite3.OperationalError:
        raise  # Locked, full or read-only: not the file's fault, and no reason to throw it away.
    except sqlite3.DatabaseError:
        logger.warning("the index is broken and is built anew")
        discard(file)
        return _open(file)


def discard(file: Path) -> None:
    """Removes the store; the next `connect` makes an empty one."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{file}{ending}").unlink(missing_ok=True)


def _open(file: Path) -> sqlite3.Connection:
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its side files the same rights.
    connection = sqlite3.connect(file, timeout=0.05, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            connection.close()
            discard(file)
            return _open(file)
        if version == 0:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        connection.execute("SELECT count(*) FROM files").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
