"""What an import brings into a file, and what may be asked of the workspace to find that out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Imported:
    """One import, as far as it can be told without running anything.

    `paths` are the files it may mean, none where they lie outside the workspace. `names` are pairs (as it is called here,
    as it is called there); without names everything in the files is meant, as after `import boats` or `from boats import *`.
    """

    paths: tuple[Path, ...]
    names: tuple[tuple[str, str], ...] = ()


class Files(Protocol):
    """The workspace's files as a reader of imports may see them: what the gate refuses is not there."""

    @property
    def roots(self) -> Sequence[Path]: ...

    def there(self, names: Sequence[str]) -> Collection[str]:
        """Those of the paths that are source files of the workspace: one question for many, since most guesses are none."""
        ...

    def inside(self, folder: Path) -> Sequence[Path]:
        """The source files that lie directly in a folder."""
        ...

    def ending(self, tail: str) -> Sequence[Path]:
        """The source files whose path ends with `tail`, whole parts with forward slashes, the shortest path first."""
        ...

    def text(self, path: Path) -> str:
        """A small configuration file's text; "" where there is none to read."""
        ...


def folders_above(here: Path, files: Files) -> list[Path]:
    """The folders that hold `here`, nearest first, up to the workspace's own folder."""
    above: list[Path] = []
    for folder in here.parents:
        above.append(folder)
        if folder in files.roots:
            break
    return above


def first_there(candidates: Sequence[Path | str], files: Files) -> tuple[Path, ...]:
    """The first of the candidates that is a file of the workspace, or none. Where there are many, text does for a guess: to
    make a path of it takes longer than to ask for it."""
    names = [str(candidate) for candidate in candidates]
    there = files.there(names)
    return next(((Path(name),) for name in names if name in there), ())


def only(found: Sequence[Path]) -> tuple[Path, ...]:
    """What was found, where it is one file: of several, none is known to be meant."""
    return tuple(found) if len(found) == 1 else ()
