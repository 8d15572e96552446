"""Real commits of a git repository, read without a checkout: their added lines, and the tree before them.

Everything comes from git objects (`git log`, `git cat-file`, `git archive`), so a bare mirror is enough and nothing of
the repository is run. Hooks, filters and attributes of the repository are not used.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines [old, old_end) of the file before gave way to lines [new, new_end) of the file after; numbers from 0."""

    old: int
    old_end: int
    new: int
    new_end: int


@dataclass(frozen=True, slots=True)
class Changed:
    """One file of a commit. `before` is "" for a new file."""

    path: str
    before: str
    after: str
    hunks: tuple[Hunk, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    parent: str
    time: int


class Repository:
    """A git repository at `folder`: a work tree, or a bare git directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def commits(self, most: int) -> list[Commit]:
        """The newest commits with one parent, newest first."""
        told = self._git("log", f"-{most}", "--no-merges", "--format=%H %P %ct", "HEAD").decode()
        rows = (line.split() for line in told.splitlines())
        return [Commit(row[0], row[1], int(row[2])) for row in rows if len(row) == 3]

    def changed(self, commit: Commit, endings: tuple[str, ...]) -> Iterator[Changed]:
        """The files with one of the endings that the commit added lines to. Renames are seen as a new file."""
        patch = self._git(
            "diff-tree", "-r", "-p", "-U0", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--diff-filter=AM",
            commit.parent, commit.id, "--", *(f":(icase)*{ending}" for ending in endings),
        ).decode("utf-8", "replace")  # fmt: skip
        for part in re.split(r"^diff --git ", patch, flags=re.M)[1:]:
            named = re.search(r"^\+\+\+ b/(.+?)\t?$", part, re.M)
            hunks = [_hunk(match) for line in part.splitlines() if (match := _HUNK.match(line))]
            if named is None or not hunks:
                continue
            path = named[1]
            after = self.text(commit.id, path)
            before = "" if "\nnew file mode" in part else self.text(commit.parent, path)
            if after is not None and before is not None:
                yield Changed(path, before, after, tuple(hunks))

    def text(self, revision: str, path: str) -> str | None:
        """A file's text at a revision; None where it is not there or not UTF-8."""
        try:
            return self._git("cat-file", "blob", f"{revision}:{path}").decode("utf-8")
        except (subprocess.CalledProcessError, UnicodeDecodeError):
            return None

    def together(self, before: Commit, path: str, most: int) -> list[str]:
        """The files most often changed in one commit with `path`, among the 2,000 commits up to the parent of `before`."""
        told = self._git(
            "log", "-300", "--no-merges", "--format=%x00", "--name-only", "--full-diff", before.parent, "--", path
        )
        counts: dict[str, int] = {}
        for commit in told.decode("utf-8", "replace").split("\0"):
            files = [line for line in commit.splitlines() if line and line != path]
            if len(files) <= 20:
                for file in files:
                    counts[file] = counts.get(file, 0) + 1
        return sorted(counts, key=lambda file: (-counts[file], file))[:most]

    def unpack(self, revision: str, folder: Path) -> None:
        """Puts the tree of a revision into an empty folder, without `.git`: the past, with the future out of reach."""
        with tarfile.open(fileobj=io.BytesIO(self._git("archive", "--format=tar", revision))) as archive:
            archive.extractall(folder, filter="data")

    def differences(self, old: str, new: str) -> Iterator[tuple[str, bool]]:
        """Paths that differ between two revisions, and whether each is there in the new one."""
        told = self._git("diff-tree", "-r", "--no-renames", "--name-status", "-z", old, new).decode(
            "utf-8", "surrogateescape"
        )
        fields = told.split("\0")
        for status, path in zip(fields[::2], fields[1::2], strict=False):
            yield path, status != "D"

    def blob(self, revision: str, path: str) -> bytes | None:
        try:
            return self._git("cat-file", "blob", f"{revision}:{path}")
        except subprocess.CalledProcessError:
            return None

    def _git(self, *arguments: str) -> bytes:
        safely = (
            "--no-pager",
            "-c",
            "core.quotePath=false",
            "-c",
            "core.attributesFile=",
            "-c",
            "core.fsmonitor=false",
        )
        command = ["git", "-C", str(self._folder), *safely, *arguments]
        return subprocess.run(command, check=True, capture_output=True, timeout=600).stdout


def _hunk(match: re.Match[str]) -> Hunk:
    """Git counts from 1, and names the line *before* an empty side."""
    old, new = int(match[1]), int(match[3])
    old_count = int(match[2]) if match[2] is not None else 1
    new_count = int(match[4]) if match[4] is not None else 1
    old_start = old if old_count == 0 else old - 1
    new_start = new if new_count == 0 else new - 1
    return Hunk(old_start, old_start + old_count, new_start, new_start + new_count)
