"""The files that are being worked on, as git knows it: changed in the work tree, and in the newest commits of the branch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from context.git.folder import GitFolder, git_folder
from context.git.objects import Entry, Objects, Unsound
from context.git.reading import small
from context.git.staged import LARGEST, Staged, staged
from context.walker import WalkedFile

MOST = 60
"""Files that are told of."""

MOST_COMMITS = 12
MOST_IN_A_COMMIT = 30
"""A commit that touches more files says little of what belongs together."""

LONGEST = 4_096
"""Bytes of a path. No file lies deeper, but a tree that holds itself has no end."""


def lately_changed(root: Path, walked: Iterable[WalkedFile]) -> list[Path]:
    """Those of the walked files that differ from git's index, newest first, then those of the newest commits, newest first.

    Nothing where there is no repository, or none that can be read.
    """
    git = git_folder(root)
    if git is None:
        return []
    head = git.head()
    there = {str(file.path): file for file in walked}
    found = dict.fromkeys(_in_work_tree(git, there, len(head) // 2 or 20))
    for path in _in_commits(git, head):
        if len(found) >= MOST:
            break
        if str(path) in there:
            found[path] = None
    return list(found)[:MOST]


def _in_work_tree(git: GitFolder, there: dict[str, WalkedFile], hash_length: int) -> list[Path]:
    data = small(git.own / "index", LARGEST)
    try:
        known = staged(data, hash_length) if data else {}
    except ValueError:
        return []
    if not known:
        return []
    above = f"{git.work_tree}{os.sep}"
    fresh = [file for path, file in there.items() if _differs(file, known.get(path.removeprefix(above)))]
    # A tree in which nearly all differs was not written by git: a copy, or a checkout with times of its own.
    if len(fresh) > max(len(there) // 2, MOST):
        return []
    fresh.sort(key=lambda file: (-file.mtime_ns, file.path))
    return [file.path for file in fresh]


def _differs(file: WalkedFile, known: Staged | None) -> bool:
    """By size, or by time of change: git may keep whole seconds of it."""
    if known is None or file.size % 2**32 != known.size:
        return True
    return known.mtime_ns not in (file.mtime_ns % (2**32 * 10**9), file.mtime_ns // 10**9 % 2**32 * 10**9)


def _in_commits(git: GitFolder, head: str) -> Iterator[Path]:
    """The files of the newest commits along first parents, as far as the history reaches."""
    if not head:
        return
    objects = Objects(git.shared, len(head) // 2)
    try:
        name = bytes.fromhex(head)
        tree, parent = objects.commit(name)
        for _ in range(MOST_COMMITS):
            if not parent or not objects.has(parent):
                return
            before, further = objects.commit(parent)
            touched = list(_touched(objects, before, tree, b"", MOST_IN_A_COMMIT + 1))
            if len(touched) <= MOST_IN_A_COMMIT:
                yield from (git.work_tree / path.decode("utf-8", "surrogateescape") for path in touched)
            tree, parent = before, further
    except Unsound:
        return
    finally:
        objects.close()


def _touched(objects: Objects, before: bytes, after: bytes, above: bytes, most: int) -> Iterator[bytes]:
    """At most `most` files that differ between two trees, and are in the second; equal folders are not looked into.

    Raises `Unsound`, also where a path is too long, or too many are waiting to be looked into.
    """
    waiting = [(before, after, above)]
    count = 0
    while waiting:
        one, other, folder = waiting.pop()
        old = objects.tree(one) if one else {}
        for name, entry in objects.tree(other).items():
            known = old.get(name, Entry(b"", b""))
            if entry.object == known.object:
                continue
            path = folder + name
            objects.spend(len(path))
            if len(path) > LONGEST:
                raise Unsound
            if entry.mode.lstrip(b"0") == b"40000":
                waiting.append(
                    (known.object if known.mode.lstrip(b"0") == b"40000" else b"", entry.object, path + b"/")
                )
            elif entry.mode.startswith(b"100"):
                yield path
                count += 1
                if count >= most:
                    return
