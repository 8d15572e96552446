"""What the user chose: whole lines of one document, from a selection or around a cursor."""

from __future__ import annotations

from dataclasses import dataclass

from context.outline import Definition, outline
from context.snapshot import Cursor, Snapshot
from context.syntax import Parsed

CALLABLE = frozenset({"function", "method", "constructor"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """Offsets `start` to `end` are whole lines. `definition` is what they are, where they are one; `selected` is False where
    only a cursor stood there."""

    snapshot: Snapshot
    start: int
    end: int
    definition: Definition | None
    selected: bool

    @property
    def text(self) -> str:
        return self.snapshot.text[self.start : self.end]

    @property
    def above(self) -> str:
        return self.snapshot.text[: self.start]

    @property
    def below(self) -> str:
        return self.snapshot.text[self.end :]

    @property
    def first_line(self) -> int:
        """From 1, as people count."""
        return row_of(self.snapshot.text, self.start) + 1

    @property
    def last_line(self) -> int:
        return row_of(self.snapshot.text, max(self.start, self.end - 1)) + 1


def choose(snapshot: Snapshot, start: int, end: int, parsed: Parsed | None) -> Chosen:
    """The lines of a selection; for a bare cursor the smallest definition around it, else its line."""
    text = snapshot.text
    if start < end:
        # A selection that ends at the start of a line does not mean that line.
        last = end - 1 if text[end - 1] in "\r\n" else end
        first_offset, last_offset = Cursor(snapshot, start).line_start, _past_line(snapshot, last)
        around = definition_at(parsed, start) if parsed else None
        whole = around is not None and _span(text, around) == (first_offset, last_offset)
        return Chosen(snapshot, first_offset, last_offset, around if whole else None, True)
    found = definition_at(parsed, start) if parsed else None
    if found is not None:
        first_offset, last_offset = _span(text, found)
        return Chosen(snapshot, first_offset, last_offset, found, False)
    return Chosen(snapshot, Cursor(snapshot, start).line_start, _past_line(snapshot, start), None, False)


def whole(snapshot: Snapshot) -> Chosen:
    """The whole document."""
    return Chosen(snapshot, 0, len(snapshot.text), None, True)


def definitions_in(parsed: Parsed) -> list[Definition]:
    """Functions, methods and types of a document, in order of place."""
    found = outline(parsed.language, parsed.tree, parsed.data, parsed.text.split("\n"))
    return [
        each
        for each in found
        if each.kind in CALLABLE or each.kind in ("class", "struct", "interface", "trait", "impl", "enum")
    ]


def definition_at(parsed: Parsed, offset: int) -> Definition | None:
    """The smallest definition on whose lines the place is."""
    row = parsed.text.count("\n", 0, offset)
    around = [each for each in definitions_in(parsed) if each.first <= row < each.end]
    return min(around, key=lambda each: each.end - each.first, default=None)


def row_of(text: str, offset: int) -> int:
    """The line of an offset, from 0."""
    before = text[:offset]
    return before.count("\n") + before.count("\r") - before.count("\r\n")


def _span(text: str, definition: Definition) -> tuple[int, int]:
    """Its lines as offsets, without blank ones at the end. Rows are the parser's, which ends lines at \\n alone."""
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: definition.first])
    end = start + sum(len(line) + 1 for line in lines[definition.first : definition.end])
    return start, min(end, len(text))


def _past_line(snapshot: Snapshot, offset: int) -> int:
    """Behind the end of the line that the offset is on."""
    text, end = snapshot.text, Cursor(snapshot, offset).line_end
    return end + (2 if text[end : end + 2] == "\r\n" else 1 if end < len(text) else 0)
