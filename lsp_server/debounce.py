"""How long an automatic request waits for the next key: by the typist's rhythm, the place and the backend's latency.

A request by hand never waits, nor does one to a backend that answers within this process. The time already spent since the
key counts as waited. Context is gathered during the wait, not after it.
"""

from __future__ import annotations

from context.clock import Clock
from context.snapshot import Cursor
from lsp_server.eagerness import Dial

PAUSE = 1.5  # seconds; a longer gap between two keys is a pause for thought, not rhythm
FIRST_GUESS = 0.2  # seconds between keys of a typist we do not know yet
TRIGGERS = frozenset(".([{:=,<")
AT_ONCE = 0.25  # share of the ordinary wait at a new line or behind a trigger character
IN_A_WORD = 1.5  # and inside a word, where the next key is likely


class Rhythm:
    """Mean time between keys and mean time to the backend's answer, both as moving averages in seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_key: float | None = None
        self.between_keys = FIRST_GUESS
        self.to_answer = 0.0

    def key(self) -> None:
        now = self._clock.now()
        if self._last_key is not None and 0 < now - self._last_key < PAUSE:
            self.between_keys += 0.2 * (now - self._last_key - self.between_keys)
        self._last_key = now

    def answered(self, seconds: float) -> None:
        self.to_answer += 0.3 * (seconds - self.to_answer)

    @property
    def since_key(self) -> float:
        return self._clock.now() - self._last_key if self._last_key is not None else 0.0


def wait(cursor: Cursor, rhythm: Rhythm, dial: Dial) -> float:
    """Seconds still to wait before an automatic request at `cursor` goes out.

    A slow backend makes waiting cheaper for the user, who would wait anyway, and a request made in vain dearer: a quarter
    of its latency is added, up to the dial's longest.
    """
    ordinary = dial.patience * rhythm.between_keys * _place(cursor) + 0.25 * rhythm.to_answer
    return max(0.0, min(max(ordinary, dial.shortest), dial.longest) - rhythm.since_key)


def _place(cursor: Cursor) -> float:
    before = cursor.line_before
    if not before.strip() or before.rstrip()[-1] in TRIGGERS:
        return AT_ONCE
    return IN_A_WORD if before[-1].isalnum() or before[-1] == "_" else 1.0
