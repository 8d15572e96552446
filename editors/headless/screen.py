"""Draws a document being typed, as an editor shows it: ghost text dim after the cursor, what was accepted in colour.

On a terminal the current line is drawn anew with each keystroke. Into a pipe goes each finished line once, with what was
accepted in marks, so that the record reads the same.
"""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from editors.headless.buffer import Ghost
from editors.headless.terminal import Ink, visible_line

TAB = 4  # columns
GUTTER = 8  # columns before the text
NOTES = 72  # column of the text at which notes on a line begin


@dataclass(slots=True)
class _Line:
    number: int
    pieces: list[tuple[str, bool]] = field(default_factory=list)  # text, and whether it was accepted
    took: list[float] = field(default_factory=list)  # seconds that each accepted suggestion took to appear


class Screen:
    def __init__(self, stream: TextIO, first_line: int) -> None:
        self._stream, self._ink = stream, Ink(stream)
        self.live = stream.isatty() and self._ink.on
        self._width = shutil.get_terminal_size((100, 24)).columns
        self._bar, self._open, self._close = _signs(stream.encoding)
        self._line = _Line(first_line)

    @property
    def legend(self) -> str:
        """How to read what is drawn."""
        if self._ink.on:
            return f"{self._ink.dim('Dim')} is ghost text, {self._ink.good('green')} is what Tab accepted."
        return f"Between {self._open} and {self._close} is what Tab accepted."

    def context(self, lines: list[str]) -> None:
        """The lines above the cursor, as they stand in the file."""
        for number, line in enumerate(lines, self._line.number - len(lines)):
            self._print(self._row(number, (line, _as_is)))

    def add(self, text: str, *, accepted: bool, took: float | None = None) -> None:
        """What came into the document at the cursor, after `took` seconds. Finished lines scroll up."""
        if took is not None:
            self._line.took.append(took)
        first, *more = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._line.pieces.append((first, accepted))
        for line in more:
            self.finish_line()
            self._line.pieces.append((line, accepted))

    def ghost(self, ghost: Ghost | None, after: str, note: str) -> None:
        """Draws the current line, on a terminal: `after` is what stands behind the cursor, `note` goes below."""
        if not self.live:
            return
        first, *more = (ghost.text if ghost else "").replace("\r\n", "\n").split("\n")
        typed = [(text, self._ink.good if accepted else _as_is) for text, accepted in self._line.pieces]
        behind = after[ghost.replaces :] if ghost else after
        rows = [self._row(self._line.number, *typed, (first, self._ink.dim), (behind, _as_is))]
        rows += [self._row(None, (line, self._ink.dim)) for line in more]
        rows += [self._row(None, (note, self._ink.dim))]
        column = min(self._width - 1, GUTTER + sum(_width(_plain(text)) for text, _ in self._line.pieces))
        self._erase()
        self._stream.write("\n".join(rows) + f"\x1b[{len(rows) - 1}A\r\x1b[{column}C")
        self._stream.flush()

    def finish_line(self) -> None:
        self._erase()
        times = sorted(round(seconds * 1000) for seconds in self._line.took)
        body = self._coloured() if self._ink.on else self._marked()
        note = _note(times) if times else ""
        used = _width("".join(_plain(text) for text, _ in self._line.pieces))
        space = max(2, NOTES - used)
        if self.live and GUTTER + used + space + len(note) > self._width:
            note = ""
        end = self._ink.dim(" " * space + note) if note else ""
        self._print(self._gutter(self._line.number) + body + end)
        self._line = _Line(self._line.number + 1)

    def _erase(self) -> None:
        if self.live:
            self._stream.write("\r\x1b[J")

    def _print(self, row: str) -> None:
        self._stream.write(row.rstrip() + "\n")
        self._stream.flush()

    def _gutter(self, number: int | None) -> str:
        return self._ink.dim(f"{'' if number is None else number:>5} {self._bar} ")

    def _coloured(self) -> str:
        return "".join(
            self._ink.good(_plain(text)) if accepted else _plain(text) for text, accepted in self._line.pieces
        )

    def _marked(self) -> str:
        pieces = ((_plain(text), accepted) for text, accepted in self._line.pieces)
        return "".join(
            text[: -len(text.lstrip()) or None] + self._open + text.lstrip() + self._close
            if accepted and text.strip()
            else text
            for text, accepted in pieces
        )

    def _row(self, number: int | None, *parts: tuple[str, Callable[[str], str]]) -> str:
        """As much as fits on one row: one that wraps could not be drawn over."""
        row, room = self._gutter(number), self._width - GUTTER - 1 if self.live else sys.maxsize
        for text, style in parts:
            text = _plain(text)
            while text and _width(text) > room:
                text = text[:-1]
            row, room = row + style(text), room - _width(text)
        return row


def _note(times: list[int]) -> str:
    """How often Tab was pressed in a line, and what the ghost text had taken to appear."""
    often = "Tab" if len(times) == 1 else f"{len(times)} Tab"
    return f"{often}, {times[0]} ms" if times[0] == times[-1] else f"{often}, {times[0]}-{times[-1]} ms"


def _as_is(text: str) -> str:
    return text


def _plain(text: str) -> str:
    return visible_line(text.expandtabs(TAB))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _signs(encoding: str) -> tuple[str, str, str]:
    """The bar and the marks of accepted text, in what the stream can write."""
    try:
        "│⟦⟧".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "|", "[[", "]]"
    return "│", "⟦", "⟧"
