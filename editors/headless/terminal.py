"""What may be written to a terminal: text with nothing in it that a terminal would obey, and colour only where it is welcome."""

from __future__ import annotations

import os
import shutil
import textwrap
import unicodedata
from typing import TextIO

LEAST = 20
"""Columns that folded text has to itself, however narrow the terminal is."""
_KEPT = "\n\t"
_HIDDEN = (
    "Cc",
    "Cf",
    "Co",
    "Cs",
    "Zl",
    "Zp",
)  # control, format (bidirectional, zero-width), private, surrogate, separators


def visible(text: str) -> str:
    """`text` with every control, bidirectional or invisible character spelt out; newlines and tabs stay.

    A CRLF counts as a newline. For all that comes from a file, a model or a server.
    """
    plain = text.replace("\r\n", "\n")
    return "".join(
        char if char in _KEPT or unicodedata.category(char) not in _HIDDEN else _spelt(char) for char in plain
    )


def visible_line(text: str) -> str:
    """The same on one line."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def shorten(text: str, most: int) -> str:
    """At most `most` characters of `text`; an ellipsis stands for the rest."""
    return text if len(text) <= most else text[: most - 1] + "…"


def folded(text: str, stream: TextIO, *, taken: int = 0, indent: int = 4) -> str:
    """One line of text, broken between words so that it fits the terminal behind `stream`; unchanged where there is none.

    `taken` columns stand before it, `indent` blanks before each further line. A word that is too long, such as a
    path, stays whole.
    """
    if not stream.isatty():
        return text
    width = max(shutil.get_terminal_size().columns, indent + LEAST)
    lines = textwrap.fill(
        text,
        width,
        initial_indent=" " * taken,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines[taken:]


def _spelt(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Ink:
    """Colours for one stream: none where it is not a terminal, or where NO_COLOR or TERM=dumb ask for none."""

    def __init__(self, stream: TextIO) -> None:
        environment = os.environ
        self.on = stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"

    def dim(self, text: str) -> str:
        return self._in("90", text)

    def bold(self, text: str) -> str:
        return self._in("1", text)

    def good(self, text: str) -> str:
        return self._in("32", text)

    def bad(self, text: str) -> str:
        return self._in("31", text)

    def _in(self, code: str, text: str) -> str:
        return "\n".join(f"\x1b[{code}m{line}\x1b[0m" if line else "" for line in text.split("\n")) if self.on else text
