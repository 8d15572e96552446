"""A large folder of code that is on every machine: Python's own library, and the packages installed beside Infill."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path

LARGEST = 1_000_000
"""Bytes of a file that is taken: the index takes no larger ones."""


def put_together(target: Path, lines: int) -> None:
    """Copies files until there are so many lines, or no more files."""
    left = lines
    for name, root in _sources():
        for path in sorted(root.rglob("*.py")):
            place = path.relative_to(root)
            if "site-packages" in place.parts or path.stat().st_size > LARGEST:
                continue
            if left <= 0:
                return
            data = path.read_bytes()
            copy = target / name / place
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
            left -= data.count(b"\n")


def _sources() -> Iterator[tuple[str, Path]]:
    for name in ("stdlib", "purelib"):
        yield name, Path(sysconfig.get_path(name))
