"""From the texts of many files to one index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.workspace.index import Index, Ints, build
from backends.workspace.lexer import FILE, FIRST_WORD, Lexer, dialect_of


@dataclass(frozen=True, slots=True)
class Read:
    """One file's tokens under the ids of its `Collector`, beginning with `FILE`."""

    path: str
    stamp: tuple[int, int]
    tokens: Ints
    space: NDArray[np.uint8]


class Collector:
    """Reads files under one numbering of words; any choice of them can be made into an index, which then knows the words
    of these files only."""

    def __init__(self) -> None:
        self.tokens = 0
        self._ids: dict[str, int] = {}
        self._texts: list[str] = []
        self._lexers: dict[str, Lexer] = {}

    def read(self, path: str, stamp: tuple[int, int], language: str, text: str) -> Read:
        dialect = dialect_of(language)
        lexer = self._lexers.setdefault(dialect.name, Lexer(dialect, self._intern))
        lexed = lexer.lex(text)
        tokens = np.empty(len(lexed.tokens) + 1, np.int32)
        tokens[0], tokens[1:] = FILE, lexed.tokens
        space = np.frombuffer(b"\0" + bytes(lexed.space), np.uint8)
        self.tokens += len(tokens)
        return Read(path, stamp, tokens, space)

    def again(self, old: Index, number: int) -> Read:
        """A file as an older index holds it."""
        low, high = old.span(number)
        present, which = np.unique(old.tokens[low:high], return_inverse=True)
        ids = [
            self._intern(old.words[token - FIRST_WORD].decode("utf-8", "surrogatepass"))
            if token >= FIRST_WORD
            else token
            for token in present.tolist()
        ]
        self.tokens += high - low
        return Read(old.paths[number], old.stamps[number], np.array(ids, np.int32)[which], old.space[low:high].copy())

    def nothing(self, path: str, stamp: tuple[int, int]) -> Read:
        """A file that holds nothing to learn: it is remembered, so that it is not looked at again."""
        return Read(path, stamp, np.full(1, FILE, np.int32), np.zeros(1, np.uint8))

    def index(self, files: list[Read], *, last: bool = False) -> Index:
        """Takes the files out of the list as it goes, so that their tokens are not held twice. `last`: no file will be read
        any more, so what only serves reading is let go before the sorting, which needs most memory."""
        if last:
            self._lexers.clear()
            self._ids.clear()
        paths, stamps = [file.path for file in files], [file.stamp for file in files]
        first_of = np.zeros(len(files) + 1, np.int32)
        first_of[1:] = np.cumsum([len(file.tokens) for file in files])
        tokens = np.concatenate([file.tokens for file in files]) if files else np.empty(0, np.int32)
        space = np.concatenate([file.space for file in files]) if files else np.empty(0, np.uint8)
        files.clear()
        present = np.flatnonzero(np.bincount(tokens, minlength=FIRST_WORD)).tolist()
        numbers = sorted((n for n in present if n >= FIRST_WORD), key=self._bytes)
        ranked = np.arange(FIRST_WORD + len(self._texts), dtype=np.int32)
        ranked[numbers] = np.arange(FIRST_WORD, FIRST_WORD + len(numbers), dtype=np.int32)
        tokens = ranked[tokens]
        del ranked
        return build([self._bytes(n) for n in numbers], tokens, space, first_of, paths, stamps)

    def _bytes(self, number: int) -> bytes:
        return self._texts[number - FIRST_WORD].encode("utf-8", "surrogatepass")

    def _intern(self, text: str) -> int:
        found = self._ids.get(text)
        if found is None:
            found = self._ids[text] = FIRST_WORD + len(self._texts)
            self._texts.append(text)
        return found
