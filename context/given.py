"""Source text handed to tree-sitter's parser in pieces, and taken back from it. Only a parse that reads so can be stopped.

py-tree-sitter 0.26.1 never lets go of what the function that it reads from returns: a key typed at the top of a file would cost
the length of the file, for good. So who hands out the pieces counts who holds them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree

CHUNK = 65_536
"""Bytes handed out at once."""


class Given:
    """Call it as the parser does; then `take_back`, after which nothing may read what was handed out."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._pieces: list[bytes] = []

    def __call__(self, at: int, _point: object) -> bytes:
        piece = bytes(self._data[at : at + CHUNK])
        if len(piece) > 1:  # shorter ones are kept once by the interpreter itself
            self._pieces.append(piece)
        return piece

    def take_back(self) -> None:
        """Drops the references that nobody will. A binding that drops its own leaves none to drop."""
        from ctypes import py_object, pythonapi

        self._pieces.append(bytes(2))  # nobody but this list has it
        *held, ours = [sys.getrefcount(piece) for piece in self._pieces]
        for piece, count in zip(self._pieces, held, strict=False):
            for _ in range(count - ours):
                pythonapi.Py_DecRef(py_object(piece))
        self._pieces.clear()


def parse_until(parser: Parser, data: bytes, old: Tree | None, enough: Callable[[], bool]) -> Tree | None:
    """The text's tree, or None where `enough` stopped the parse: it is asked after every few steps, which take from some
    microseconds to six milliseconds where a grammar is slow to recover from an error. The parser goes on from there when
    called again with the same text."""
    read = Given(data)

    def stop(_reached: int, _error: bool) -> bool:
        return enough()

    try:
        if old is None:
            return parser.parse(read, progress_callback=stop)
        return parser.parse(read, old, progress_callback=stop)
    except ValueError:  # What the binding raises when the callback stopped it.
        return None
    finally:
        read.take_back()
