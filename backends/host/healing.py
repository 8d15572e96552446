"""Token healing: an answer whose first tokens spell what was cut off at the cursor, so that a word typed by half ends right.

The cursor mostly stands inside a token of the finished text (78 of 100 places in Python code). Tokenized as it is, `impo` ends in
a token that the model never saw before `rt`. So the last token typed is taken off the prompt, and the answer has to begin with
its bytes: by one token that starts with them, or by shorter ones until they are used up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.host.vocabulary import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor


class Healing:
    """A `Constraint`. `owed`: the bytes that the answer must begin with, and that are not part of it."""

    def __init__(self, vocabulary: Vocabulary, owed: bytes) -> None:
        self._vocabulary, self._owed = vocabulary, owed

    def mask(self, logits: Tensor) -> None:
        if not self._owed:
            return
        allowed = self._allowed()
        kept = logits[allowed].clone()
        logits.fill_(float("-inf"))
        logits[allowed] = kept

    def accept(self, token: int) -> None:
        self._owed = self._owed[len(self._vocabulary.bytes_of[token]) :]

    def _allowed(self) -> list[int]:
        return [*self._vocabulary.starting_with(self._owed), *self._vocabulary.starts_of(self._owed)]


def taken_off(vocabulary: Vocabulary, ids: list[int]) -> bytes:
    """The bytes of the last of `ids` where another token begins with them, b"" where the token can only be itself."""
    text = vocabulary.bytes_of[ids[-1]] if ids else b""
    others = vocabulary.starting_with(text) if text else ()
    return text if any(len(vocabulary.bytes_of[id]) > len(text) for id in others) else b""
