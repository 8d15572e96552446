"""Stop strings enforced on our side: servers take only a few, some take none, and some hide the control tokens among them."""

from __future__ import annotations

from collections.abc import Sequence

SERVER_LIMIT = 4
"""How many stop strings OpenAI's API takes; servers that copy it refuse more."""


class StopScanner:
    """Fed with an answer piece by piece, it lets through what certainly precedes every stop string."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.stopped = False

    def feed(self, piece: str) -> str:
        """The text that may be shown now, "" when the piece has to wait. After a stop string nothing comes any more."""
        if self.stopped:
            return ""
        text = self._held + piece
        found = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        kept = len(text) - self._possible_start(text)
        self._held = text[kept:]
        return text[:kept]

    def rest(self) -> str:
        """At the end of the answer: what was held back because a stop string might have begun there."""
        held, self._held = self._held, ""
        return held

    def _possible_start(self, text: str) -> int:
        """Length of the longest end of `text` that is the start of a stop string."""
        longest = max((len(stop) - 1 for stop in self._stops), default=0)
        lengths = range(min(longest, len(text)), 0, -1)
        return next((n for n in lengths if any(stop.startswith(text[-n:]) for stop in self._stops)), 0)
