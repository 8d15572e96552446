"""Guesses from the text itself: what followed the last few tokens earlier is read along, and kept where it is right.

Code repeats itself. A pass over five tokens costs little more than one over a single token, where weights are what takes time; so
the four tokens that followed the most recent place like this one are read too, and as many are taken as the model would have
written. On 501 cut points of real libraries an oracle took 1.7 tokens a pass in this way (three tokens down to one are looked
for; the most recent place is better than the first).
"""

from __future__ import annotations

from collections.abc import Iterable

LONGEST = 3
AHEAD = 4
RETRY = 5
"""After so many tokens without a draft, one is tried again: with real text soon, since what repeats itself begins suddenly."""


class Lookup:
    """Finds what came after earlier occurrences. Tokens are four bytes each, so that the search is one of bytes, in C."""

    def __init__(self, ids: Iterable[int]) -> None:
        self._bytes = bytearray()
        self.extend(ids)

    def extend(self, ids: Iterable[int]) -> None:
        self._bytes += b"".join(token.to_bytes(4, "little") for token in ids)

    def propose(self, count: int = AHEAD) -> list[int]:
        """Up to `count` tokens that followed the most recent earlier occurrence of the last three, two or one tokens."""
        for size in range(LONGEST, 0, -1):
            tail = bytes(self._bytes[-4 * size :])
            if len(tail) == 4 * size and (found := self._before_end(tail)) >= 0:
                start = found + len(tail)
                after = self._bytes[start : start + 4 * count]
                return [int.from_bytes(after[at : at + 4], "little") for at in range(0, len(after), 4)]
        return []

    def _before_end(self, tail: bytes) -> int:
        """Where `tail` begins for the last time with at least one token after it; -1 if nowhere."""
        end = len(self._bytes) - 4
        while (at := self._bytes.rfind(tail, 0, end)) >= 0 and at % 4:
            end = at + len(tail) - 1
        return at


class Hope:
    """How many drafted tokens of one answer are expected to be right, from those that were."""

    def __init__(self) -> None:
        self._mean, self._since = 1.0, 0

    def learn(self, accepted: int) -> None:
        self._mean += 0.2 * (accepted - self._mean)
        self._since = 0

    def pays(self, cost: float) -> bool:
        """Whether a draft is expected to bring more than `cost` tokens, or it is time to look again."""
        if self._mean > cost:
            return True
        self._since += 1
        return self._since > RETRY


class Passes:
    """What a pass costs by its number of tokens: a straight line through recent ones, for weights first and tokens second."""

    WIDEST = 40
    FADING = 0.95

    def __init__(self) -> None:
        self._n = self._x = self._y = self._xx = self._xy = 0.0

    def record(self, tokens: int, seconds: float) -> None:
        if tokens > self.WIDEST:
            return
        for name, value in (("_n", 1), ("_x", tokens), ("_y", seconds), ("_xx", tokens**2), ("_xy", tokens * seconds)):
            setattr(self, name, self.FADING * getattr(self, name) + value)

    def cost(self, tokens: int, extra: int) -> float:
        """What `extra` tokens beside `tokens` cost, in tokens that the pass would otherwise have brought; 0 while unknown."""
        spread = self._n * self._xx - self._x**2
        if spread <= 1e-6 * self._xx * self._n:
            return 0.0
        slope = max(0.0, (self._n * self._xy - self._x * self._y) / spread)
        whole = self._y / self._n + slope * (tokens - self._x / self._n)
        return tokens * slope * extra / whole if whole > 0 else 0.0
