"""The process that reads a repository and writes its index: `python -I -c … ROOT`, its orders as JSON on standard input.

It runs at the lowest priority, ends when its parent does (standard input closes), and never imports anything from the
project it reads: `-I` keeps the working folder and PYTHON* out of the import path.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from backends.workspace.collect import Collector, Read
from backends.workspace.index import Index, Unusable, load, save
from backends.workspace.learnable import language_to_learn, without_secrets
from backends.workspace.lock import lock_of, only_one
from context.privacy import Gate
from context.private_folder import make_private
from context.walker import WalkedFile, read, walk

MOST_TOKENS = 8_000_000
"""About one and a half million lines; what is walked later is left out."""

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from backends.workspace.building import main; main()"


class Build:
    """The process, as its parent holds it. When it has ended by itself, `target` is up to date or could not be made."""

    def __init__(self, roots: Sequence[Path], exclude: Sequence[str], target: Path) -> None:
        """Raises OSError where it cannot be started."""
        make_private(target.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, str(_PACKAGE_ROOT)],
            cwd=target.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        orders = {"roots": [str(root) for root in roots], "exclude": list(exclude), "target": str(target)}
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(orders).encode() + b"\n")
            self._process.stdin.flush()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float) -> int:
        """The exit status: 0 when all went well."""
        return self._process.wait(seconds)

    def end(self) -> None:
        """Ends it now if it still runs."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.kill()
        self._process.wait()


def main() -> None:
    orders = json.loads(sys.stdin.buffer.readline())
    if hasattr(os, "nice"):
        os.nice(15)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    roots, target = [Path(root) for root in orders["roots"]], Path(orders["target"])
    with only_one(lock_of(target)):  # Of two servers on one folder the second finds what the first has built.
        refresh(roots, Gate(roots, exclude=orders["exclude"]), target)


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):  # Not through the buffer, whose lock would outlive the main thread.
        pass
    os._exit(1)


def refresh(roots: list[Path], gate: Gate, target: Path) -> bool:
    """Brings the index at `target` up to date; False where it was. Files that did not change are not read again."""
    try:
        old: Index | None = load(target)
    except Unusable:
        old = None
    found = {gate.relative(file.path): file for file in _files(roots, gate)}
    if old is not None and [(f.size, f.mtime_ns) for f in found.values()] == old.stamps and list(found) == old.paths:
        return False
    save(_index(found, old, gate), target)
    return True


def _files(roots: list[Path], gate: Gate) -> Iterator[WalkedFile]:
    for root in roots:
        for file in walk(root, gate):
            if language_to_learn(file.path) is not None:
                yield file


def _index(found: dict[str, WalkedFile], old: Index | None, gate: Gate) -> Index:
    collected = Collector()
    files: list[Read] = []
    for path, file in found.items():
        stamp = (file.size, file.mtime_ns)
        number = old.number_of.get(path) if old is not None else None
        if old is not None and number is not None and old.stamps[number] == stamp:
            files.append(collected.again(old, number))
        else:
            text = read(file.path)
            language = language_to_learn(file.path) or ""
            files.append(
                collected.nothing(path, stamp)
                if text is None
                else collected.read(path, stamp, language, without_secrets(text, gate))
            )
        if collected.tokens > MOST_TOKENS:
            break
    return collected.index(files, last=True)
