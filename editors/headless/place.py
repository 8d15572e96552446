"""A place in a file as an editor shows it, `FILE:LINE:COL`, and the cursor it means."""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path

from context.snapshot import Cursor, Snapshot
from editors.headless.exits import Exit, Stop

ROOT_MARKS = (".git", ".infill.toml", "pyproject.toml", "package.json", "go.mod", "Cargo.toml")
LARGEST = 8_000_000  # bytes; the server refuses larger documents too


@dataclass(frozen=True, slots=True)
class Place:
    """`line` and `column` count from 1; the column counts characters, and one past the last is the line's end."""

    path: Path
    line: int
    column: int

    @classmethod
    def parse(cls, text: str) -> Place:
        """For argparse, which makes a usage message of what is raised."""
        found = re.fullmatch(r"(.+):([1-9]\d{0,8}):([1-9]\d{0,8})", text, re.ASCII | re.DOTALL)
        if found is None:
            raise argparse.ArgumentTypeError("wants FILE:LINE:COL, both counted from 1, as in src/app.py:12:5")
        return cls(Path(found[1]), int(found[2]), int(found[3]))

    def cursor(self) -> Cursor:
        """Reads the file. Raises `Stop` with a usage code where the place is not there."""
        snapshot = open_snapshot(self.path)
        lines = line_spans(snapshot.text)
        if self.line > len(lines):
            raise Stop(Exit.USAGE, f"{self.path} has {len(lines)} lines, and no line {self.line}.")
        start, end = lines[self.line - 1]
        if self.column > end - start + 1:
            message = (
                f"Line {self.line} of {self.path} has columns 1 to {end - start + 1}, and no column {self.column}."
            )
            raise Stop(Exit.USAGE, message)
        return Cursor(snapshot, start + self.column - 1)


def open_snapshot(path: Path) -> Snapshot:
    """The file as a document that was just opened, under the name it was given: the gate judges where a link leads."""
    from context.grammars import language_of

    given = as_named(path)
    try:
        real = path.resolve(strict=True)
        if not real.is_file():
            raise Stop(Exit.USAGE, f"{path} is not a file.")
        if real.stat().st_size > LARGEST:
            raise Stop(Exit.USAGE, f"{path} is larger than {LARGEST // 1_000_000} MB, too large for suggestions.")
        text = real.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Stop(Exit.USAGE, f"{path} is not UTF-8 text.") from None
    except (OSError, RuntimeError) as error:
        raise Stop(
            Exit.USAGE, f"{path} cannot be read: {getattr(error, 'strerror', None) or 'a loop of links'}."
        ) from None
    return Snapshot(uri=given.as_uri(), path=given, language=language_of(given), version=1, text=text)


def as_named(path: Path) -> Path:
    """The whole path, with the links in it as they are."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def root_of(path: Path) -> Path:
    """The project's folder: the nearest one above the file with a mark of a project, else the file's own folder. A link's
    project is the one that the link lies in."""
    folders = as_named(path).parents
    return next((folder for folder in folders if any((folder / mark).exists() for mark in ROOT_MARKS)), folders[0])


def line_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each line, without its terminator: one of \\n, \\r\\n and \\r, as in LSP, and nothing else."""
    breaks = [match.span() for match in re.finditer(r"\r\n|\r|\n", text)]
    starts = [0, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), len(text)]
    return list(zip(starts, ends, strict=True))
