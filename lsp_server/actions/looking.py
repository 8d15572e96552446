"""Looking around in a workspace without an editor's help: lines, definitions, uses, text, folders. All of it through the gate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from context.desk import Desk
from context.privacy import LeftOut
from context.walker import read, walk
from lsp_server.actions.data import Piece
from lsp_server.actions.edits import lines_of

MOST_LINES = 400
MOST_FILES = 3_000
MOST_READ = 30_000_000
"""Characters of files read for one search."""
MOST_HITS = 40
MOST_OF_A_LINE = 300
MOST_JUDGED = 3_000
MOST_NAMES = 200
_DEFINES = r"\b(?:def|class|fn|func|function|fun|struct|enum|trait|interface|type|impl|module|const|let|var|val|macro_rules!)\s+"


class NoSuchThing(Exception):
    """Why nothing can be shown, for the model to read."""


def _definition_of(name: str) -> re.Pattern[str]:
    """Each part looks no further than its line, and at few characters of it: `re` lets no other thread run meanwhile."""
    assigned = rf"^[ \t]*{name}[ \t]*(?::[^=\n]+)?=[^=]"
    with_a_body = rf"\b{name}\s*\([^;\n]{{0,{MOST_OF_A_LINE}}}\)\s*\{{"
    return re.compile(rf"{_DEFINES}{name}\b|{assigned}|{with_a_body}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Looking:
    """The open files' texts count before what lies on disk."""

    desk: Desk

    def lines(self, path: str, first: int, last: int) -> list[Piece]:
        found = self._inside(path)
        text = self._read(found)
        if text is None:
            raise NoSuchThing("This is no text file that can be shown.")
        lines = lines_of(text)
        if first > len(lines):
            raise NoSuchThing(f"The file has {len(lines)} lines.")
        return self._piece(
            "lines of a file", found, first, "".join(lines[first - 1 : min(last, first + MOST_LINES - 1)])
        )

    def definitions(self, name: str) -> list[Piece]:
        if not re.fullmatch(r"\w+", name):
            raise NoSuchThing("A definition is looked up by a single name.")
        return self._hits("the definition of a name", _definition_of(name), around=12)

    def references(self, name: str) -> list[Piece]:
        if not re.fullmatch(r"\w+", name):
            raise NoSuchThing("Uses are looked up by a single name.")
        return self._hits("a use of a name", re.compile(rf"\b{re.escape(name)}\b"))

    def text(self, text: str) -> list[Piece]:
        return self._hits("a line that holds the text", re.compile(re.escape(text), re.IGNORECASE))

    def folder(self, path: str) -> list[Piece]:
        found = self._inside(path)
        if not found.is_dir():
            raise NoSuchThing("This is no folder.")
        names = sorted(
            f"{entry.name}/" if entry.is_dir() else entry.name
            for entry in found.iterdir()
            if self.desk.gate.refusal(entry, cross_file=True) is None
        )
        more = "" if len(names) <= MOST_NAMES else f"\n(and {len(names) - MOST_NAMES} more)"
        return [Piece("names in a folder", self.desk.gate.relative(found), "\n".join(names[:MOST_NAMES]) + more)]

    def _hits(self, about: str, wanted: re.Pattern[str], around: int = 0) -> list[Piece]:
        """The lines that match, each with so many lines after it."""
        hits: list[Piece] = []
        for path, text in self._texts():
            if wanted.search(text) is None:
                continue
            lines = lines_of(text)
            for number, line in enumerate(lines):
                if wanted.search(line[:MOST_OF_A_LINE]) and wanted.search(self._shown(line)):
                    # What is masked is not found either: else a model could guess a secret letter by letter.
                    stretch = "".join(map(self._shown, lines[number : number + 1 + around]))
                    hits += self._piece(about, path, number + 1, stretch)
                if len(hits) >= MOST_HITS:
                    return hits
        return hits

    def _shown(self, line: str) -> str:
        """The part of a line to show, masked before it is cut: half a secret would not be known for one."""
        return self.desk.gate.clear(line[:MOST_JUDGED])[:MOST_OF_A_LINE]

    def _texts(self) -> Iterator[tuple[Path, str]]:
        """Files that may be shown: the open ones, then the workspace's, until enough was read."""
        desk, size, seen = self.desk, 0, set()
        for snapshot in desk.open_files:
            if snapshot.path is not None and desk.gate.refusal(snapshot.path, cross_file=True) is None:
                seen.add(snapshot.path)
                yield snapshot.path, snapshot.text
        for root in desk.roots:
            for file in walk(root, desk.gate, limit=MOST_FILES):
                if file.path in seen or size + file.size > MOST_READ:
                    continue
                size += file.size
                text = read(file.path)
                if text is not None:
                    yield file.path, text

    def _read(self, path: Path) -> str | None:
        opened = next((each.text for each in self.desk.open_files if each.path == path), None)
        return read(path) if opened is None else opened

    def _piece(self, about: str, path: Path, first: int, text: str) -> list[Piece]:
        shown = self.desk.gate.excerpt(path, text, about)
        return [] if isinstance(shown, LeftOut) else [Piece(about, shown.path, shown.text, first)]

    def _inside(self, path: str) -> Path:
        """The file or folder that the model means. Raises `NoSuchThing` with the gate's reason where it may not be shown."""
        for root in self.desk.roots:
            found = root / path
            try:
                there = found.exists()
            except (OSError, ValueError):
                there = False
            if there:
                reason = self.desk.gate.refusal(found, cross_file=True)
                if reason is not None:
                    raise NoSuchThing(f"This may not be shown: {reason}.")
                return found
        raise NoSuchThing("There is no such file or folder in the workspace.")
