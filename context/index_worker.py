"""The process that fills the index: at low priority, beside the process of the editor, gone when that is gone.

Started by `context/indexing.py`. Reads one JSON line from stdin (`folder`, `roots`, `exclude`), then commands: `pause`,
`resume`; the end of stdin ends the process at once, which is how it dies with its parent. Writes one JSON line for each
batch of files: `done`, `of`. Runs nothing of the workspace and imports nothing from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import threading
from pathlib import Path

from context.grammars import language_of
from context.index import Index, changed_files, remove, write
from context.index_store import connect
from context.privacy import Gate
from context.walker import WalkedFile, read, walk

BATCH = 40
"""Files in one transaction: small, so that the editor's process never waits long to put in a file of its own."""


def main() -> None:
    if hasattr(os, "nice"):
        os.nice(15)
    asked = json.loads(sys.stdin.readline())
    roots = [Path(root) for root in asked["roots"]]
    running = threading.Event()
    running.set()
    threading.Thread(target=_obey, args=(running,), daemon=True).start()
    with contextlib.suppress(BrokenPipeError):
        fill(Path(asked["folder"]), roots, tuple(asked["exclude"]), running)


def fill(folder: Path, roots: list[Path], exclude: tuple[str, ...], running: threading.Event) -> None:
    """Brings the workspace's store up to date with the disk; at once done where another process is at it."""
    gate = Gate(roots, exclude=exclude)
    index = Index(folder, roots, gate)
    known = index.stamps()
    alone = _lock(Path(f"{index.file}.lock"))
    if alone is None:
        _tell(0, 0)
        return
    walked = [file for root in roots for file in walk(root, gate) if language_of(file.path)]
    fresh, gone = changed_files(known, walked)
    # What was written last is asked for first.
    fresh.sort(key=lambda file: -file.mtime_ns)
    index.close()
    store = connect(index.file)
    store.execute("PRAGMA busy_timeout = 10000")
    _remove(store, gone)
    for start in range(0, len(fresh), BATCH):
        running.wait()
        _write(store, gate, fresh[start : start + BATCH])
        _tell(min(start + BATCH, len(fresh)), len(fresh))
    _tell(len(fresh), len(fresh))
    store.close()
    alone.close()


def _write(store: sqlite3.Connection, gate: Gate, files: list[WalkedFile]) -> None:
    # Reading is done before the transaction, so that a slow disk holds no lock.
    texts = [(file, read(file.path)) for file in files]
    store.execute("BEGIN IMMEDIATE")
    for file, text in texts:
        if text is None:
            remove(store, file.path)
        else:
            _write_one(store, gate, file, text)
    store.execute("COMMIT")


def _write_one(store: sqlite3.Connection, gate: Gate, file: WalkedFile, text: str) -> None:
    """The fence for a bug of ours: one file that cannot be analysed must not keep the others out."""
    try:
        write(store, gate, file.path, text, file.size, file.mtime_ns)
    except sqlite3.Error:
        raise
    except Exception:
        remove(store, file.path)


def _remove(store: sqlite3.Connection, paths: list[Path]) -> None:
    store.execute("BEGIN IMMEDIATE")
    for path in paths:
        remove(store, path)
    store.execute("COMMIT")


def _lock(file: Path) -> sqlite3.Connection | None:
    """A lock that the system takes back when the process ends; None where another process has it."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    lock = sqlite3.connect(file, timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        return None
    return lock


def _tell(done: int, of: int) -> None:
    sys.stdout.write(json.dumps({"done": done, "of": of}) + "\n")
    sys.stdout.flush()


def _obey(running: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == "pause":
            running.clear()
        elif line.strip() == "resume":
            running.set()
    os._exit(0)


if __name__ == "__main__":
    main()
