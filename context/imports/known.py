"""The workspace's files as the index knows them, and its configuration files, read through the gate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from context.index import Index
from context.privacy import Gate
from context.walker import read

Stamp = tuple[int, int] | None
"""When a file was changed and its size; None where there is none."""

LONGEST = 200_000
"""Characters of a configuration file; a longer one is not what people write by hand."""


class KnownFiles:
    """For one file's imports: what was read is kept as long as this object."""

    def __init__(self, roots: Sequence[Path], index: Index, gate: Gate) -> None:
        self.roots = roots
        self._index, self._gate = index, gate
        self._texts: dict[Path, tuple[Stamp, str]] = {}

    def there(self, names: Sequence[str]) -> Collection[str]:
        return self._index.there(names)

    def inside(self, folder: Path) -> Sequence[Path]:
        return self._index.inside(folder)

    def ending(self, tail: str) -> Sequence[Path]:
        return self._index.ending(tail)

    def text(self, path: Path) -> str:
        known = self._texts.get(path)
        if known is None:
            allowed = self._gate.refusal(path, cross_file=True) is None
            stamp = _stamp(path)
            text = (read(path) if allowed else None) or ""
            known = self._texts[path] = stamp, text if len(text) <= LONGEST else ""
        return known[1]

    def same(self) -> bool:
        """Whether the configuration files are still those that were read."""
        return all(_stamp(path) == stamp for path, (stamp, _) in self._texts.items())


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size
