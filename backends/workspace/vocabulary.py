"""The words behind token ids: a sorted list on disk that needs no loading, and what was met since.

Ids of the stored words are their ranks, so all words with a given beginning are one range of ids.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backends.workspace.lexer import FIRST_WORD
from backends.workspace.signs import line_number, sign_number

UNKNOWN = 255

APART = 32
"""Words between two that are held as objects."""


class Kind(IntEnum):
    """What sort of token it is, as far as its text alone tells."""

    LAYOUT = 0
    NAME = 1
    KEYWORD = 2
    NUMBER = 3
    STRING = 4
    OPEN = 5
    CLOSE = 6
    OPERATOR = 7


_KEYWORDS = """
    and as assert async await begin bool boolean break byte case catch chan char class const constexpr continue crate
    debugger def default defer del delete do double elif else elsif end enum except export extends extern fallthrough
    false False final finally float fn for foreach from func function global go goto if impl implements import in include
    inline instanceof int interface internal is lambda let long loop match mod module move mut namespace new nil None
    nonlocal not null nullptr object of operator or override package pass private protected pub public raise range readonly
    ref register require return self short signed sizeof static struct super switch template this throw throws trait true
    True try type typedef typename typeof undefined union unsafe unsigned use using val var virtual void volatile when
    where while with yield
"""
KEYWORDS = frozenset(_KEYWORDS.split())


class Look(NamedTuple):
    """What the learned tables see of a token: its text, its kind, its numbers as a sign and as the beginning of a line, and,
    of a name, its letters whatever their case, to be found in other names."""

    text: str
    kind: int
    sign: int
    begins: int
    letters: str


NO_LOOK = Look("", int(Kind.LAYOUT), 0, 0, "")
_SHORTEST = 3
"""Letters of a name that say something where they stand in another."""


def kind_of(text: str) -> Kind:
    first = text[0]
    if first.isalpha() or first in "_$@":
        if text[-1] in "\"'":
            return Kind.STRING
        return Kind.KEYWORD if text in KEYWORDS else Kind.NAME
    if first.isdigit():
        return Kind.NUMBER
    if first in "\"'`":
        return Kind.STRING if len(text) > 1 and text[-1] in "\"'`" else Kind.NAME
    if first in "([{":
        return Kind.OPEN
    return Kind.CLOSE if first in ")]}" else Kind.OPERATOR


class Words:
    """Sorted words in one blob of UTF-8: word i is `blob[offsets[i]:offsets[i + 1]]`. Both may lie in a mapped file."""

    def __init__(self, blob: memoryview, offsets: memoryview) -> None:
        self._blob, self._offsets = blob, offsets

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, rank: int) -> bytes:
        return bytes(self._blob[self._offsets[rank] : self._offsets[rank + 1]])

    @cached_property
    def _signposts(self) -> list[bytes]:
        """Every so many words, held as objects: comparing those costs a tenth of fetching a word from the blob."""
        return [self[rank] for rank in range(0, len(self), APART)]

    def place_of(self, word: bytes) -> int:
        """How many words come before it."""
        stretch = max(bisect_right(self._signposts, word) - 1, 0) * APART
        return bisect_left(self, word, stretch, min(stretch + APART, len(self)))

    def find(self, word: bytes) -> int | None:
        rank = self.place_of(word)
        return rank if rank < len(self) and self[rank] == word else None

    def beginning_with(self, start: bytes) -> tuple[int, int]:
        """The half-open range of ranks of the words that begin with `start`."""
        return self.place_of(start), self.place_of(start + b"\xff")

    def kinds(self) -> NDArray[np.uint8]:
        """The `Kind` of each word, by its first and last byte, but for keywords and what is not ASCII."""
        if not len(self):
            return np.empty(0, np.uint8)
        blob, offsets = np.frombuffer(self._blob, np.uint8), np.asarray(self._offsets)
        first, last = blob[offsets[:-1]], blob[offsets[1:] - 1]
        found: NDArray[np.uint8] = _KIND_OF_FIRST[first]
        found[(found == Kind.NAME) & _QUOTE[last] & (np.diff(offsets) > 1)] = Kind.STRING
        for word in KEYWORDS:
            rank = self.find(word.encode())
            if rank is not None:
                found[rank] = Kind.KEYWORD
        for rank in np.flatnonzero((first >= 0x80) | (last == ord("`"))).tolist():
            found[rank] = kind_of(self[rank].decode("utf-8", "surrogatepass"))
        return found


_KIND_OF_FIRST = np.array([kind_of(chr(byte)) for byte in range(0x80)] + [Kind.NAME] * 0x80, np.uint8)
_QUOTE = np.isin(np.arange(0x100), [ord(quote) for quote in "\"'`"])

NO_WORDS = Words(memoryview(b""), memoryview(b"\0\0\0\0").cast("i"))


class Vocabulary:
    """Ids ↔ texts. Grows while one types; a new index brings a new vocabulary."""

    def __init__(self, words: Words = NO_WORDS) -> None:
        self._words = words
        self._ids: dict[str, int] = {}
        self._new: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._kinds: dict[int, Kind] = {}
        self._looks: dict[int, Look] = {}
        self._kind_table = np.empty(0, np.uint8)
        self._next = FIRST_WORD + len(words)

    def __len__(self) -> int:
        return self._next

    @cached_property
    def first_new(self) -> int:
        """Ids from here on are in order of arrival, below in order of their text."""
        return FIRST_WORD + len(self._words)

    def intern(self, text: str) -> int:
        found = self._ids.get(text)
        if found is not None:
            return found
        rank = self._words.find(text.encode("utf-8", "surrogatepass"))
        if rank is None:
            token, self._next = self._next, self._next + 1
            self._new[text] = token
        else:
            token = FIRST_WORD + rank
        self._ids[text] = token
        self._texts[token] = text
        return token

    def text(self, token: int) -> str:
        """The token's characters; "" for tokens that stand for none."""
        found = self._texts.get(token)
        if found is None:
            if not FIRST_WORD <= token < self.first_new:
                return ""
            found = self._texts[token] = self._words[token - FIRST_WORD].decode("utf-8", "surrogatepass")
        return found

    def kind(self, token: int) -> Kind:
        found = self._kinds.get(token)
        if found is None:
            text = self.text(token)
            found = self._kinds[token] = kind_of(text) if text else Kind.LAYOUT
        return found

    def look(self, token: int) -> Look:
        found = self._looks.get(token)
        if found is None:
            text, kind = self.text(token), self.kind(token)
            letters = text.replace("_", "").lower() if kind is Kind.NAME else ""
            found = self._looks[token] = Look(
                text, int(kind), sign_number(text), line_number(text), letters if len(letters) >= _SHORTEST else ""
            )
        return found

    def kinds(self, tokens: NDArray[np.int32]) -> NDArray[np.uint8]:
        """The kind of each token."""
        if len(self._kind_table) < self._next:
            known = self._kind_table if len(self._kind_table) else self._stored_kinds()
            self._kind_table = np.full(self._next + 1024, UNKNOWN, np.uint8)
            self._kind_table[: len(known)] = known
        found = self._kind_table[tokens]
        missing = tokens[found == UNKNOWN]
        if len(missing):
            for token in set(missing.tolist()):
                self._kind_table[token] = self.kind(token)
            found = self._kind_table[tokens]
        return found

    def _stored_kinds(self) -> NDArray[np.uint8]:
        return np.concatenate((np.full(FIRST_WORD, Kind.LAYOUT, np.uint8), self._words.kinds()))

    def stored_range(self, start: str) -> tuple[int, int]:
        """The half-open range of stored ids whose text begins with `start`."""
        low, high = self._words.beginning_with(start.encode("utf-8", "surrogatepass"))
        return FIRST_WORD + low, FIRST_WORD + high

    def new_beginning_with(self, start: str) -> list[int]:
        """Ids met since the index was built whose text begins with `start`."""
        return [token for text, token in self._new.items() if text.startswith(start)]
