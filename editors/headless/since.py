"""Which lines of which files changed since a revision: git's objects against the files as they lie there.

`git diff` would run the filters that a repository's configuration names; this only lists a tree and the index, and reads blobs.
"""

from __future__ import annotations

import difflib
import hashlib
import subprocess
from collections.abc import Container, Iterator
from pathlib import Path

from context.walker import not_worth_reading
from editors.headless import git_as_data
from editors.headless.exits import Exit, Stop
from lsp_server.actions.edits import lines_of

LARGEST = 1_000_000
AROUND = 3
"""Lines before and after a change that belong to what is reviewed."""


def changed(root: Path, revision: str) -> Iterator[tuple[Path, list[tuple[int, int]]]]:
    """Each tracked file that differs or is new, with its changed stretches as lines from 0, the second one past the last."""
    if revision.startswith("-"):
        raise Stop(Exit.USAGE, "A revision does not begin with a dash.")
    then: set[bytes] = set()
    failing = f"git does not know the revision {revision} here."
    tree = _git(root, "ls-tree", "-r", "-z", "--full-tree", f"{revision}^{{tree}}", failing=failing)
    for entry in tree.split(b"\0"):
        head, _, name = entry.partition(b"\t")
        then.add(name)
        if not name or not head.startswith(b"100"):
            continue
        path = root / name.decode("utf-8", "surrogateescape")
        id = head.split()[2].decode()
        new = _text(path)
        if new is None or _id_of(path, len(id)) == id:
            continue
        old = _git(root, "cat-file", "blob", id).decode("utf-8", "replace")
        if spans := _spans(old, new):
            yield path, spans
    for path in _listed(root, "--cached", but=then):
        if lines := lines_of(_text(path) or ""):
            yield path, [(0, len(lines))]


def untracked(root: Path) -> list[Path]:
    """What git neither tracks nor ignores, as far as it could be reviewed: it is no part of what changed."""
    return [path for path in _listed(root, "--others", "--exclude-standard") if _text(path)]


def _listed(root: Path, *which: str, but: Container[bytes] = ()) -> Iterator[Path]:
    """Each file once, also one that a merge left with several versions."""
    for name in dict.fromkeys(_git(root, "ls-files", "-z", *which).split(b"\0")):
        if name and name not in but:
            yield root / name.decode("utf-8", "surrogateescape")


def top_of(folder: Path) -> Path:
    failing = f"{folder} is in no git repository."
    return Path(_git(folder, "rev-parse", "--show-toplevel", failing=failing).decode().rstrip("\n"))


def _spans(old: str, new: str) -> list[tuple[int, int]]:
    before, after = ([line.rstrip() for line in lines_of(text)] for text in (old, new))
    spans: list[tuple[int, int]] = []
    for kind, _, _, first, last in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if kind == "equal":
            continue
        first, last = max(0, first - AROUND), min(len(after), last + AROUND)
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans


def _text(path: Path) -> str | None:
    if not_worth_reading(path.name) or path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
        return None
    data = path.read_bytes()
    return None if b"\0" in data[:8000] else data.decode("utf-8", "replace")


def _id_of(path: Path, length: int) -> str:
    data = path.read_bytes()
    whole = b"blob %d\0" % len(data) + data
    return hashlib.sha256(whole).hexdigest() if length == 64 else hashlib.sha1(whole, usedforsecurity=False).hexdigest()


def _git(folder: Path, *arguments: str, failing: str = "git cannot read this repository.") -> bytes:
    """`failing` says what it means that git refuses."""
    try:
        return git_as_data.output(folder, *arguments, timeout=120)
    except FileNotFoundError:
        raise Stop(Exit.USAGE, "There is no `git` on the PATH.") from None
    except subprocess.TimeoutExpired:
        raise Stop(Exit.NOTHING, "git took longer than two minutes.") from None
    except subprocess.CalledProcessError as error:
        if b"safe.directory" in error.stderr:
            failing = f"{folder} is another user's, and git reads it only where its setting `safe.directory` names it."
        raise Stop(Exit.USAGE, failing) from None
