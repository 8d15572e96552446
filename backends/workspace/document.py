"""The tokens of one open file, kept up to date edit by edit: only the lines that changed are lexed again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backends.workspace.index import Ints
from backends.workspace.lexer import OUT3, SAME, Lexed, Lexer, width

Mask = Callable[[str], str]
"""Blanks every line that holds a secret, keeping its length."""


def _common_start(left: str, right: str) -> int:
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(left: str, right: str, limit: int) -> int:
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if left[len(left) - middle : len(left) - low] == right[len(right) - middle : len(right) - low]:
            low = middle
        else:
            high = middle - 1
    return low


class Document:
    """`tokens`, `space`, `at` as in `Lexed`, as arrays; `fresh` marks the tokens of lines that were typed or changed
    since the file was first seen; `revision` counts the changes."""

    def __init__(self, text: str, lexer: Lexer, mask: Mask) -> None:
        self.text, self._lexer, self._mask = text, lexer, mask
        self.tokens: Ints = np.empty(0, np.int32)
        self.space: NDArray[np.uint8] = np.empty(0, np.uint8)
        self.at: Ints = np.empty(0, np.int32)
        self.fresh: NDArray[np.bool_] = np.empty(0, np.bool_)
        self.revision = 0
        self._opaque: list[tuple[int, int]] = []
        self._lex_all(text)

    def update(self, text: str) -> None:
        """Takes the file's new text. Costs what the changed lines cost, unless a comment or string over several lines
        may have been opened or closed."""
        old = self.text
        if text == old:
            return
        self.revision += 1
        start = _common_start(old, text)
        end = _common_end(old, text, min(len(old), len(text)) - start)
        old_end, new_end = len(old) - end, len(text) - end
        first = old.rfind("\n", 0, start) + 1
        old_last, new_last = _line_end(old, old_end), _line_end(text, new_end)
        if self._unsafe(old[first:old_last]) or self._unsafe(text[first:new_last]):
            self._lex_all(text)
            return
        shift = len(text) - len(old)
        begin, old_stop = self._code_line_before(first), self._code_line_after(old_last)
        for opened, closed in self._opaque:
            if opened < old_stop and begin < closed:
                if opened < first and old_last <= closed and text[first:new_last].strip():
                    self._splice(text, old_last, old_last, Lexed(), shift, (0, 0))
                else:
                    self._lex_all(text)
                return
        piece = self._lexer.lex(self._mask(text[begin : old_stop + shift]))
        for i in range(len(piece.at)):
            piece.at[i] += begin
        self._splice(text, begin, old_stop, piece, shift, (start, new_end))

    def _code_line_before(self, offset: int) -> int:
        """Start of the last line with code before the line that begins at `offset`."""
        last = int(np.searchsorted(self.at, offset)) - 1
        while last >= 0 and SAME <= self.tokens[last] <= OUT3:
            last -= 1
        return self.text.rfind("\n", 0, int(self.at[last])) + 1 if last >= 0 else 0

    def _code_line_after(self, offset: int) -> int:
        """End of the first line with code that begins after the line end at `offset`."""
        following = int(np.searchsorted(self.at, offset))
        while following < len(self.at) and SAME <= self.tokens[following] <= OUT3:
            following += 1
        return _line_end(self.text, int(self.at[following])) if following < len(self.at) else len(self.text)

    def _unsafe(self, text: str) -> bool:
        return any(delimiter in text for delimiter in self._lexer.dialect.delimiters)

    def _lex_all(self, text: str) -> None:
        first_time = not len(self.tokens)
        old_text, old_at, old_fresh = self.text, self.at, self.fresh
        lexed = self._lexer.lex(self._mask(text))
        self.text = text
        self.tokens = np.frombuffer(lexed.tokens, np.int32) if lexed.tokens else np.empty(0, np.int32)
        self.space = np.frombuffer(bytes(lexed.space), np.uint8)
        self.at = np.frombuffer(lexed.at, np.int32) if lexed.at else np.empty(0, np.int32)
        self._opaque = lexed.opaque
        self.fresh = np.zeros(len(self.tokens), np.bool_)
        if not first_time:
            start = _common_start(old_text, text)
            end = _common_end(old_text, text, min(len(old_text), len(text)) - start)
            self.fresh[(self.at >= start) & (self.at < len(text) - end)] = True
            head = min(int(np.searchsorted(old_at, start)), len(self.fresh))
            self.fresh[:head] |= old_fresh[:head]
            tail = min(len(old_at) - int(np.searchsorted(old_at, len(old_text) - end)), len(self.fresh))
            if tail:
                self.fresh[-tail:] |= old_fresh[-tail:]

    def _splice(self, text: str, begin: int, old_stop: int, piece: Lexed, shift: int, changed: tuple[int, int]) -> None:
        low = int(np.searchsorted(self.at, begin))
        high = max(int(np.searchsorted(self.at, old_stop)), low)
        at = np.array(piece.at, np.int32)
        fresh = (at >= changed[0]) & (at < changed[1])
        self.tokens = np.concatenate((self.tokens[:low], np.array(piece.tokens, np.int32), self.tokens[high:]))
        self.space = np.concatenate((self.space[:low], np.array(piece.space, np.uint8), self.space[high:]))
        self.at = np.concatenate((self.at[:low], at, self.at[high:] + np.int32(shift)))
        self.fresh = np.concatenate((self.fresh[:low], fresh, self.fresh[high:]))
        self._opaque = [
            (a + shift, b + shift) if a >= old_stop else (a, b + shift if b > begin else b) for a, b in self._opaque
        ]
        self.text = text

    def opaque_at(self, offset: int) -> bool:
        """Whether the offset lies within a comment or string over several lines."""
        return any(opened < offset < closed for opened, closed in self._opaque)

    def column_at(self, border: int) -> int:
        """The indent of the line that holds the token before number `border`."""
        at = int(self.at[border - 1])
        start = self.text.rfind("\n", 0, at) + 1
        body = self.text[start : start + 200]
        return width(body[: len(body) - len(body.lstrip(" \t"))])

    def around(self, offset: int) -> int:
        """The number of tokens that begin before `offset`."""
        return int(np.searchsorted(self.at, offset))


def _line_end(text: str, offset: int) -> int:
    found = text.find("\n", offset)
    if found < 0:
        return len(text)
    return found - 1 if found > offset and text[found - 1] == "\r" else found
