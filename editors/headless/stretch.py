"""Lines of a file as a user names them, `FILE`, `FILE:LINE` or `FILE:FIRST-LAST`, and the offsets they mean."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

from context.snapshot import Snapshot
from editors.headless.exits import Exit, Stop
from editors.headless.place import line_spans, open_snapshot


@dataclass(frozen=True, slots=True)
class Stretch:
    """`first` and `last` count from 1; both are 0 where the whole file is meant, and equal for a place in it."""

    path: Path
    first: int = 0
    last: int = 0

    @classmethod
    def parse(cls, text: str) -> Stretch:
        """For argparse, which makes a usage message of what is raised. A file whose name ends so is named in full."""
        found = re.fullmatch(r"(.+):([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?", text, re.ASCII | re.DOTALL)
        if found is None or Path(text).exists():
            return cls(Path(text))
        first, last = int(found[2]), int(found[3] or found[2])
        if last < first:
            raise argparse.ArgumentTypeError("the last line comes before the first")
        return cls(Path(found[1]), first, last)

    def open(self) -> tuple[Snapshot, int, int]:
        """The file, and the offsets: equal where one line is named, so that the definition around it is meant. Raises `Stop`."""
        snapshot = open_snapshot(self.path)
        if not self.first:
            return snapshot, 0, len(snapshot.text)
        lines = line_spans(snapshot.text)
        if self.last > len(lines):
            raise Stop(Exit.USAGE, f"{self.path} has {len(lines)} lines, and no line {self.last}.")
        start, end = lines[self.first - 1][0], lines[self.last - 1][1]
        if self.first == self.last:
            blank = len(snapshot.text[start:end]) - len(snapshot.text[start:end].lstrip())
            return snapshot, start + blank, start + blank
        return snapshot, start, end
