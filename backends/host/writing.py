"""From token ids to the text of an answer: without what was healed, never with half a character, cut at stop strings."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from backends.host.vocabulary import Vocabulary
from backends.stops import StopScanner


class Writer:
    """Fed with the tokens of one answer. `healed` bytes at its start belong to the prompt; `written` counts the tokens that
    added something to it, and `ended` says that a stop string was met or that there are `most` of them."""

    def __init__(self, vocabulary: Vocabulary, *, healed: bytes = b"", stops: Sequence[str] = (), most: int) -> None:
        self._vocabulary, self._left, self._most = vocabulary, len(healed), most
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._scanner = StopScanner(stops)
        self.written = 0

    @property
    def stopped(self) -> bool:
        """Whether a stop string was met."""
        return self._scanner.stopped

    @property
    def ended(self) -> bool:
        return self._scanner.stopped or self.written >= self._most

    def feed(self, token: int) -> str:
        """The text that may be shown now, "" where a character or a possible stop string is not whole yet."""
        piece = self._vocabulary.bytes_of[token]
        skipped, self._left = min(self._left, len(piece)), max(self._left - len(piece), 0)
        if skipped == len(piece) and piece:
            return ""
        self.written += 1
        return self._scanner.feed(self._characters.decode(piece[skipped:]))

    def rest(self) -> str:
        """At the end: what was held back. A character that is not whole is left out."""
        return "" if self._scanner.stopped else self._scanner.rest()
