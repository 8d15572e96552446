"""The open documents, character for character as the editor has them.

A document is a list of lines, so that an edit costs what its own line costs; the whole text is joined only when somebody
asks for a `Snapshot`, once per version. Lines end at \\n, \\r\\n and \\r and nowhere else: `str.splitlines` also breaks at
form feeds and U+2028, after which every later edit would land on the wrong line.

No text held here has a lone surrogate: they become U+FFFD on the way in, which is as long in every encoding of columns.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from context.snapshot import Cursor, Snapshot

logger = logging.getLogger(__name__)

MAX_CHARACTERS = 8_000_000
"""A longer document is not held: nothing is completed in it, and a full copy per edit of it would be felt."""

Column = Callable[[str, int], int]
"""(text of a line, column in the editor's units) → column in code points; may exceed the line, is clamped here."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_ONLY_SPLITLINES_BREAKS_HERE = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_DRIVE = re.compile(r"^(file:///)([A-Za-z])(?=:)")


@dataclass(frozen=True, slots=True)
class Edit:
    """What the editor says it replaced: columns in the editor's own units, both ends clamped to the document."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit did: at `line` and `column` (from 0, code points), `removed` gave way to `inserted`."""

    line: int
    column: int
    removed: str
    inserted: str


class _Document:
    __slots__ = ("language", "lines", "path", "refusal", "size", "snapshot", "uri", "version")

    def __init__(self, uri: str, path: Path | None, language: str, version: int) -> None:
        self.uri, self.path, self.language, self.version = uri, path, language, version
        self.lines: list[str] = [""]
        self.size = 0
        self.snapshot: Snapshot | None = None
        self.refusal: str | None = None


class Documents:
    """Mutated only by the edge, in the order of the editor's messages; everybody else gets frozen snapshots."""

    def __init__(self, column: Column = lambda line, column: column, *, limit: int = MAX_CHARACTERS) -> None:
        self._column = column
        self._limit = limit
        self._open: dict[str, _Document] = {}  # the most recently used last
        self._notebooks: dict[str, tuple[str, ...]] = {}  # notebook → its cells' documents in order

    def open(self, uri: str, language: str, version: int, text: str, path: Path | None) -> Snapshot | None:
        """Opens or replaces a document. None when it is too big to be held; `refused` then says so."""
        document = _Document(uri, path, language, version)
        key = _key(uri)
        self._open.pop(key, None)
        self._open[key] = document
        self._replace(document, text)
        return self._snapshot(document)

    def change(self, uri: str, version: int | None, edits: Iterable[Edit | str]) -> list[Change]:
        """Applies edits in order, each to the result of the one before; a plain string is the whole new text.

        A document that is not open is left alone and an empty list returned. A version that repeats, skips or goes back is
        taken as the editor's word: the last message wins.
        """
        key = _key(uri)
        document = self._open.get(key)
        if document is None:
            logger.warning("a change for a document that is not open was ignored")
            return []
        if version is None:
            version = document.version + 1
        elif version != document.version + 1:
            logger.info("document version went from %d to %d", document.version, version)
        document.version = version
        document.snapshot = None
        self._touch(key, document)
        changes = []
        for edit in edits:
            if isinstance(edit, str):
                before = "".join(document.lines)
                self._replace(document, edit)
                changes.append(_difference(before, "".join(document.lines)))
            elif document.refusal is None:
                changes.append(self._apply(document, edit))
        return changes

    def close(self, uri: str) -> None:
        self._open.pop(_key(uri), None)

    def get(self, uri: str) -> Snapshot | None:
        """The document as it is now; None where it is not open or not held."""
        document = self._open.get(_key(uri))
        return self._snapshot(document) if document else None

    def refused(self, uri: str) -> str | None:
        """Why an open document is not held, in words; None for one that is held or not open."""
        document = self._open.get(_key(uri))
        return document.refusal if document else None

    def recent(self) -> tuple[Snapshot, ...]:
        """All documents that are held, the most recently opened, edited or asked about first."""
        snapshots = (self._snapshot(document) for document in reversed(self._open.values()))
        return tuple(snapshot for snapshot in snapshots if snapshot)

    def arrange(self, notebook: str, cells: Sequence[str]) -> None:
        """The documents of a notebook's cells in their order; without cells, it is closed."""
        if cells:
            self._notebooks[notebook] = tuple(cells)
        else:
            self._notebooks.pop(notebook, None)

    def cells(self, notebook: str) -> tuple[str, ...]:
        return self._notebooks.get(notebook, ())

    def notebooks(self) -> tuple[tuple[Snapshot, ...], ...]:
        """The cells of each open notebook, as they are now."""
        return tuple(
            tuple(snapshot for uri in cells if (snapshot := self.get(uri)) is not None)
            for cells in self._notebooks.values()
        )

    def cursor(self, uri: str, line: int, column: int) -> Cursor | None:
        """A place in the document as it is now, clamped to it; `column` is in the editor's units."""
        key = _key(uri)
        document = self._open.get(key)
        snapshot = self._snapshot(document) if document else None
        if document is None or snapshot is None:
            return None
        self._touch(key, document)
        line, column = self._clamp(document.lines, line, column)
        return Cursor(snapshot, sum(map(len, document.lines[:line])) + column)

    def offset(self, uri: str, line: int, column: int) -> int:
        """The offset of a `Change`'s place in the document's whole text; 0 where the document is not held."""
        document = self._open.get(_key(uri))
        return sum(map(len, document.lines[:line])) + column if document else 0

    def _touch(self, key: str, document: _Document) -> None:
        if next(reversed(self._open)) != key:
            del self._open[key]
            self._open[key] = document

    def _snapshot(self, document: _Document) -> Snapshot | None:
        if document.refusal is not None:
            return None
        if document.snapshot is None:
            text = "".join(document.lines)
            document.snapshot = Snapshot(document.uri, document.path, document.language, document.version, text)
        return document.snapshot

    def _replace(self, document: _Document, text: str) -> None:
        document.refusal, document.size = None, len(text)
        if self._too_big(document):
            return
        document.lines = split_lines(_whole(text))

    def _too_big(self, document: _Document) -> bool:
        if document.size <= self._limit:
            return False
        document.refusal = f"{document.size:,} characters are more than the {self._limit:,} that Infill works on"
        document.lines, document.size, document.snapshot = [""], 0, None
        logger.warning("a document is too big to be held and will get no completions")
        return True

    def _clamp(self, lines: list[str], line: int, column: int) -> tuple[int, int]:
        if line >= len(lines):
            line = len(lines) - 1
            return line, len(lines[line])
        if line < 0 or column <= 0:
            return max(line, 0), 0
        text = lines[line]
        column = self._column(text, column)
        end = len(text)
        if column < end - 1:
            return line, column
        if text.endswith("\r\n"):
            end -= 2
        elif text.endswith(("\n", "\r")):
            end -= 1
        return line, min(column, end)

    def _apply(self, document: _Document, edit: Edit) -> Change:
        lines = document.lines
        first, start = self._clamp(lines, edit.start_line, edit.start_column)
        last, end = self._clamp(lines, edit.end_line, edit.end_column)
        if (last, end) < (first, start):
            first, start, last, end = last, end, first, start
        text = _whole(edit.text)
        if first == last:
            line = lines[first]
            removed = line[start:end]
            merged = line[:start] + text + line[end:]
        else:
            removed = "".join((lines[first][start:], *lines[first + 1 : last], lines[last][:end]))
            merged = lines[first][:start] + text + lines[last][end:]
        change = Change(first, start, removed, text)
        if start == 0 and first > 0 and merged.startswith("\n") and lines[first - 1].endswith("\r"):
            first -= 1  # a \n that has come to stand behind a \r makes one line end with it
            merged = lines[first] + merged
            lines[first : last + 1] = split_lines(merged, closed=last + 1 < len(lines))
        elif first == last and "\n" not in text and "\r" not in text:
            lines[first] = merged
        else:
            lines[first : last + 1] = split_lines(merged, closed=last + 1 < len(lines))
        document.size += len(text) - len(removed)
        self._too_big(document)
        return change


def split_lines(text: str, *, closed: bool = False) -> list[str]:
    """The lines with their ends; the last one has none and may be empty, unless more lines follow (`closed`)."""
    odd = _ONLY_SPLITLINES_BREAKS_HERE.search(text)
    lines = _LINE.findall(text) if odd else text.splitlines(keepends=True)
    if not closed and (not lines or lines[-1].endswith(("\n", "\r"))):
        lines.append("")
    return lines


def _difference(before: str, after: str) -> Change:
    """What changed between two texts, as one change: editors that send whole texts have typed one character too."""
    start = _alike(before, after)
    if 0 < start < len(before) and before[start - 1 : start + 1] == "\r\n":
        start -= 1
    most = min(len(before), len(after)) - start
    end = _alike(before[: -most - 1 : -1], after[: -most - 1 : -1]) if most else 0
    line = before.count("\n", 0, start) + before.count("\r", 0, start) - before.count("\r\n", 0, start)
    column = start - 1 - max(before.rfind("\n", 0, start), before.rfind("\r", 0, start))
    return Change(line, column, before[start : len(before) - end], after[start : len(after) - end])


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with in common, by halving: comparing slices costs nothing beside a loop."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _whole(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _key(uri: str) -> str:
    """One key for every spelling of a URI: %-escapes and the case of a drive letter differ between clients."""
    if "%" in uri:
        uri = unquote(uri)
    if uri.startswith("file:///") and uri[9:10] == ":":
        uri = _DRIVE.sub(lambda match: match[1] + match[2].lower(), uri)
    return uri
