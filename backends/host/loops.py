"""A model that says the same for ever: asked for its likeliest token each time, a weak one seldom finds out of a loop again."""

from __future__ import annotations

TAIL = 128
"""Tokens that must repeat themselves, which a table of equal rows in a conversation seldom does."""
PERIOD = 32
"""The longest repeated piece, which so stands there four times or more."""
EVERY = 16


class Loop:
    """Told of every token of one answer."""

    def __init__(self) -> None:
        self._tail: list[int] = []
        self._count = 0

    def has_closed(self, token: int) -> bool:
        """Whether the last tokens are one piece said again and again; looked at from time to time."""
        self._tail.append(token)
        del self._tail[:-TAIL]
        self._count += 1
        if self._count % EVERY or len(self._tail) < TAIL:
            return False
        return any(self._tail[period:] == self._tail[:-period] for period in range(1, PERIOD + 1))
