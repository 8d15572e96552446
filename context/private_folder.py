"""Folders for this user alone: what Infill keeps on disk lies in no other."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """Makes `folder` and whatever is missing above it, each 0700. Raises OSError.

    `Path.mkdir` gives the mode to the last folder alone; the ones above get what the umask leaves, which may be everything.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
