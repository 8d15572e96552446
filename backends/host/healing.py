"""Token healing: an answer whose first tokens spell what was cut off at the cursor, so that a word typed by half ends right.

The cursor mostly stands inside a token of the finished text (78 of 100 places in Python code). Tokenized as it is, `impo` ends in
a token that the model never saw before `rt`. So the last tokens typed are taken off the prompt, and the answer has to begin with
its bytes: by one token that starts with them, or by shorter ones until they are used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backends.host.vocabulary import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor

LONGEST = 8
"""Tokens that are taken back at most."""


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


def taken_off(vocabulary: Vocabulary, ids: Sequence[int]) -> int:
    """How many of the last of `ids` to take back: as many as one token could begin with, 0 where they can only be themselves.
    ` re` and `q` are two tokens, and ` request` is one."""
    most, owed = 0, b""
    for count, id in enumerate(reversed(ids[-LONGEST:]), 1):
        if not (text := vocabulary.bytes_of[id]):
            break  # a control token, where what is typed begins
        owed = text + owed
        if any(len(vocabulary.bytes_of[other]) > len(owed) for other in vocabulary.starting_with(owed)):
            most = count
    return most
