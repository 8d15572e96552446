"""A repository's past, read from git objects: the user's working tree is never touched, and nothing is checked out."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from editors.headless import git_as_data

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


class NoHistory(Exception):
    """The folder is not a git repository, or git is not installed. The message says which."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `old_start` … (1-based, `old_count` of them; for 0, the line after which to insert) became `lines`."""

    old_start: int
    old_count: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edited:
    """One file of a commit: its text before it ("" for a new file), and its hunks from top to bottom."""

    path: str
    before: str
    hunks: tuple[Hunk, ...]

    @property
    def old_lines(self) -> list[str]:
        return self.before.replace("\r\n", "\n").split("\n") if self.before else []


@dataclass(frozen=True, slots=True)
class Commit:
    hash: str
    parent: str


class History:
    """`folder` is a repository or its git directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._run("rev-parse", "--git-dir")
            self._blobs = git_as_data.conversation(folder, "cat-file", "--batch")
        except FileNotFoundError as error:
            raise NoHistory("The program `git` is not on the PATH.") from error
        except (OSError, subprocess.CalledProcessError) as error:
            if b"safe.directory" in getattr(error, "stderr", b""):
                what = "is another user's, and git reads it only where its setting `safe.directory` names it."
                raise NoHistory(f"{folder} {what}") from error
            raise NoHistory(f"{folder} has no git history that can be read.") from error

    def close(self) -> None:
        self._blobs.communicate()

    def commits(self, newest: int, *, since: str = "", start: str = "HEAD") -> Iterator[Commit]:
        """The newest commits that have exactly one parent, newest first. Raises `NoHistory` where there is no such start."""
        since_arguments = [f"--since={since}"] if since else []
        try:
            first = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{start}^{{commit}}").split()[0]
        except (subprocess.CalledProcessError, IndexError):
            raise NoHistory(f"{self._folder} has no commit {start}.") from None
        out = self._run(
            "log", "--no-merges", f"--max-count={newest}", "--format=%H %P", *since_arguments, first.decode(), "--"
        ).decode()
        for line in out.splitlines():
            commit, *parents = line.split()
            if len(parents) == 1:
                yield Commit(commit, parents[0])

    def files(self, commit: str) -> dict[str, str]:
        """Path → object of every regular file in the tree of `commit`."""
        found: dict[str, str] = {}
        for entry in self._run("ls-tree", "-r", "-z", commit).split(b"\0"):
            about, _, path = entry.partition(b"\t")
            if path and about.startswith(b"100"):
                found[path.decode("utf-8", "replace")] = about.split()[2].decode()
        return found

    def text(self, blob: str) -> str:
        """The object's text; "" where it is binary."""
        data = self.data(blob)
        return "" if b"\0" in data[:8000] else data.decode("utf-8", "replace")

    def edits(self, commit: Commit) -> Iterator[Edited]:
        """The files that the commit changed; of a moved file, what was changed besides. None where the history was cut off
        (a shallow clone)."""
        try:
            shown = ("-p", "-U0", "-M", "--full-index", "--no-ext-diff", "--no-textconv")
            out = self._run("diff-tree", *shown, commit.parent, commit.hash)
        except subprocess.CalledProcessError:
            return
        path, blob, hunks, lines = "", "", list[Hunk](), list[str]()
        head: tuple[int, int] | None = None

        def finish() -> None:
            nonlocal head
            if head is not None:
                hunks.append(Hunk(*head, tuple(lines)))
                lines.clear()
                head = None

        for line in [*out.split(b"\n"), b"diff "]:
            match = _HUNK.match(line)
            if match:
                finish()
                head = (int(match[1]), int(match[2] or 1))
            elif head is not None and line.startswith(b"+"):
                lines.append(line[1:].decode("utf-8", "replace").rstrip("\r"))
            elif line.startswith(b"diff "):
                finish()
                if path and hunks:
                    yield Edited(path, self.text(blob) if blob.strip("0") else "", tuple(hunks))
                path, blob = "", ""
                hunks.clear()
            elif head is None and line.startswith(b"index "):
                blob = line.split()[1].split(b"..")[0].decode()
            elif head is None and line.startswith(b"+++ b/"):
                path = line[6:].decode("utf-8", "replace").rstrip("\t")

    def together(self, commit: str, path: str, most: int) -> list[str]:
        """The files most often changed in one commit with `path`, up to and including `commit`."""
        out = self._run(
            "log", "--no-merges", "--max-count=300", "--format=%x00", "--name-only", "--full-diff", commit, "--", path
        )
        counts: dict[str, int] = {}
        for change in out.decode("utf-8", "replace").split("\0"):
            files = [line for line in change.splitlines() if line and line != path]
            if len(files) <= 20:  # A commit that touches everything says nothing of what belongs together.
                for file in files:
                    counts[file] = counts.get(file, 0) + 1
        return sorted(counts, key=lambda file: (-counts[file], file))[:most]

    def lately(self, commit: str) -> list[str]:
        """The files that the newest commits along first parents changed, up to and including `commit`, newest first."""
        out = self._run("log", "--first-parent", "-m", "--max-count=12", "--format=%x00", "--name-only", commit, "--")
        changes = [change.split("\n") for change in out.decode("utf-8", "replace").split("\0")]
        return list(dict.fromkeys(path for change in changes if len(change) <= 32 for path in change if path))

    def data(self, name: str) -> bytes:
        """The object as it is; b"" where there is none."""
        assert self._blobs.stdin is not None and self._blobs.stdout is not None
        self._blobs.stdin.write(name.encode() + b"\n")
        self._blobs.stdin.flush()
        about = self._blobs.stdout.readline().split()
        if len(about) != 3:
            return b""
        data = self._blobs.stdout.read(int(about[2]))
        self._blobs.stdout.read(1)
        return data

    def _run(self, *arguments: str) -> bytes:
        return git_as_data.output(self._folder, *arguments)
