"""What was found at the last few cursors, for the next keystroke in the same line.

What is found depends on the text above and below the cursor's line and on the other files, so as long as these stay the
same, so does the answer: a keystroke within a line costs a comparison of two texts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from context.budget import Budget
from context.packing import Choice, Packed
from context.privacy import LeftOut
from context.snapshot import Cursor, Snapshot

Finds = tuple[list[Packed], Choice, list[LeftOut]]
"""What is shown, all that was considered, and the files and sources that were left out."""

MOST = 8
"""Documents remembered; each with its last line only."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was found, and for which surroundings; `gone` are the lines removed from the document so far."""

    above: str
    below: str
    others: tuple[tuple[str, int], ...]
    gone: tuple[str, ...]
    budget: Budget
    found: Finds


class Memory:
    """For one thread; kept by whoever makes desks."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, Remembered] = OrderedDict()

    def recall(
        self, cursor: Cursor, others: tuple[Snapshot, ...], budget: Budget, gone: tuple[str, ...] = ()
    ) -> Remembered | None:
        """What was found for the same surroundings; None where they have changed."""
        known = self._last.get(cursor.snapshot.uri)
        text = cursor.snapshot.text
        if (
            known is not None
            and known.budget == budget
            and known.others == _versions(others, cursor)
            and known.gone == gone
            and len(known.above) == cursor.line_start
            and len(known.below) == len(text) - cursor.line_end
            and text.startswith(known.above)
            and text.endswith(known.below)
        ):
            return known
        return None

    def keep(
        self,
        cursor: Cursor,
        others: tuple[Snapshot, ...],
        budget: Budget,
        found: Finds,
        gone: tuple[str, ...] = (),
    ) -> None:
        """Remembers what was found at the cursor."""
        text = cursor.snapshot.text
        above, below = text[: cursor.line_start], text[cursor.line_end :]
        fresh = Remembered(above, below, _versions(others, cursor), gone, budget, found)
        self._last[cursor.snapshot.uri] = fresh
        self._last.move_to_end(cursor.snapshot.uri)
        while len(self._last) > MOST:
            self._last.popitem(last=False)


def _versions(others: tuple[Snapshot, ...], cursor: Cursor) -> tuple[tuple[str, int], ...]:
    """Which other texts were open; in which order they were used last does not matter."""
    return tuple(sorted((other.uri, other.version) for other in others if other.uri != cursor.snapshot.uri))
