"""The files of a repository as they were before a commit, in a folder of the bench's own, and the server's indexes of them.

There is no `.git` in it, and nothing later than the commit that was entered. The user's own tree is never touched: every file is
written from git's objects.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from backends.workspace.backend import index_file
from backends.workspace.building import refresh
from context.ignore_files import AI_IGNORE_FILES, NO_AI
from context.index import Index
from context.indexing import Indexing
from context.privacy import Gate
from context.walker import LARGEST
from editors.headless.history import History

RULE_FILES = frozenset((".gitignore", *AI_IGNORE_FILES, NO_AI))


class Judged(Gate):
    """Judges each path once. There are no links in a past tree, and while its rule files are the same, so is what they say: to
    ask them again about every file at every commit would be most of the work."""

    def __init__(self, roots: Sequence[Path]) -> None:
        super().__init__(roots)
        self._judged: dict[tuple[Path | None, bool], str | None] = {}

    def refusal(self, path: Path | None, *, cross_file: bool = False) -> str | None:
        key = path, cross_file
        if key not in self._judged:
            self._judged[key] = super().refusal(path, cross_file=cross_file)
        return self._judged[key]


class PastTree:
    """`root` is the tree; `cache` is where a server that runs with `home` as its user's folder keeps its indexes."""

    def __init__(self, history: History, folder: Path) -> None:
        self._history = history
        self.root, self.home = folder / "tree", folder / "home"
        self.cache = self.home / "infill"
        self._blobs: dict[str, str] = {}
        self._gate, self._rules = Judged([self.root]), dict[str, str]()
        for each in (self.root, self.cache):
            each.mkdir(parents=True)

    def enter(self, commit: str) -> None:
        """Makes the tree that of `commit`, by what differs."""
        blobs = {path: blob for path, blob in self._history.files(commit).items() if _is_safe(path)}
        for path in self._blobs.keys() - blobs.keys():
            (self.root / path).unlink(missing_ok=True)
        for path, blob in blobs.items():
            if self._blobs.get(path) != blob:
                self._put(self.root / path, blob)
        self._blobs = blobs
        rules = {path: blob for path, blob in blobs.items() if PurePosixPath(path).name.lower() in RULE_FILES}
        if rules != self._rules:
            self._gate, self._rules = Judged([self.root]), rules

    def learn(self, *, excerpts: bool) -> None:
        """Brings up to date what a server would have learnt of this tree in the background: the workspace model's index, or
        with `excerpts` the one that excerpts are chosen from."""
        if not excerpts:
            refresh([self.root], self._gate, index_file(self.cache, [self.root]))
            return
        index = Index(self.cache / "index", [self.root], self._gate)
        try:
            asyncio.run(Indexing(index, [self.root]).scan())
        finally:
            index.close()

    def _put(self, path: Path, blob: str) -> None:
        """A file whose time of change says which blob it is, so that an index of it is known to be current."""
        text = self._history.data(blob)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)  # a folder that has become a file
        for parent in path.parents:
            if parent.is_file():
                parent.unlink()  # a file that has become a folder
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if len(text) <= LARGEST else b"")
        seconds = int(blob[:8], 16)
        os.utime(path, (seconds, seconds))


def _is_safe(path: str) -> bool:
    """No git folder, and nothing that leads out of the tree."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and not any(part in ("..", ".git") for part in parts)
