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

VERSION = 7

GONE_DAYS = 14
"""An index whose folders are gone is kept this long after its last use: a disk may only be unplugged."""

UNUSED_DAYS = 120

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
CREATE TABLE changed (path TEXT PRIMARY KEY, age INTEGER);
CREATE TABLE roots (path TEXT PRIMARY KEY);
CREATE TABLE counted (paths INTEGER);
INSERT INTO counted VALUES (0);
CREATE VIRTUAL TABLE words USING fts5 (t, content='', tokenize="unicode61 remove_diacritics 0 tokenchars '_$'");
CREATE VIRTUAL TABLE frequencies USING fts5vocab (words, row);
"""


def store_file(folder: Path, roots: Sequence[Path]) -> Path:
    """The file of a workspace's index; its name tells nothing of the workspace."""
    key = hashlib.sha256("\0".join(sorted(map(str, roots))).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return folder / f"index-{VERSION}-{key}.sqlite3"


def note_use(connection: sqlite3.Connection, file: Path, roots: Sequence[Path]) -> None:
    """Writes down whose index it is, and that it is used: what `prune` goes by."""
    names = [(str(root).encode("utf-8", "replace").decode(),) for root in roots]
    connection.executemany("INSERT OR IGNORE INTO roots (path) VALUES (?)", names)
    os.utime(file)


def prune(folder: Path, own: Path) -> None:
    """Removes the indexes of folders that are gone, and those that nobody has used for long. `own` has just been used."""
    for file in folder.glob("index-*.sqlite3"):
        try:
            days = (own.stat().st_mtime - file.stat().st_mtime) / 86_400
            if file != own and days > GONE_DAYS and (days > UNUSED_DAYS or not _there(file)):
                discard(file)
                Path(f"{file}.lock").unlink(missing_ok=True)
        except OSError:
            continue


def _there(file: Path) -> bool:
    """Whether one of the index's folders is still there."""
    try:
        connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=0)
    except sqlite3.Error:
        return False
    try:
        return any(Path(row[0]).exists() for row in connection.execute("SELECT path FROM roots"))
    except sqlite3.OperationalError as error:
        return "locked" in str(error)
    except sqlite3.Error:
        return False
    finally:
        connection.close()


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
