"""Where a work tree's git files are, and which commit is checked out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from context.git.reading import small

HIGHEST = 30
"""Folders above the workspace's own in which a repository is looked for."""

MOST_STEPS = 5
_HASH = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class GitFolder:
    """`work_tree` holds the files; `own` is the git folder of this work tree, `shared` that of all of the repository's."""

    work_tree: Path
    own: Path
    shared: Path

    def head(self) -> str:
        """The checked-out commit's hash, "" where there is none to read."""
        said = small(self.own / "HEAD").strip()
        for _ in range(MOST_STEPS):
            if not said.startswith(b"ref: "):
                break
            name = said[5:].decode("utf-8", "replace")
            if ".." in name or name.startswith("/"):
                return ""
            said = small(self.own / name).strip() or small(self.shared / name).strip() or self._packed(name)
        return said.decode() if _HASH.fullmatch(said) else ""

    def _packed(self, name: str) -> bytes:
        wanted = name.encode("utf-8", "replace")
        for line in small(self.shared / "packed-refs").splitlines():
            value, _, ref = line.partition(b" ")
            if ref == wanted:
                return value
        return b""


def git_folder(root: Path) -> GitFolder | None:
    """Of the repository that holds a folder."""
    for place in (root, *root.parents[:HIGHEST]):
        git = place / ".git"
        if git.is_dir():
            return GitFolder(place, git, git)
        said = small(git)
        if said.startswith(b"gitdir: "):
            own = place / said[8:].strip().decode("utf-8", "surrogateescape")
            shared = small(own / "commondir").strip().decode("utf-8", "surrogateescape")
            return GitFolder(place, own, own / shared if shared else own)
    return None
