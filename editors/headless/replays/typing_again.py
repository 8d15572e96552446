"""Mode `typing`: the line is typed key by key. Somebody looks at what comes up after each, and takes what is right.

Right is a suggestion whose first line, or whose first so many tokens, are what was really written next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from editors.headless.buffer import Ghost
from editors.headless.past import AddedLine
from editors.headless.replays.sitting import KEY, Seen, Sitting
from editors.headless.runs.rows import Pair

LOOKED_AT = 0.75
"""Seconds on the screen after which a suggestion counts as seen."""
TOKEN = re.compile(r"\s*(?:\w+|[^\w\s])")


@dataclass(slots=True)
class _Written:
    length: int
    looked: int = 0
    there: int = 0  # keys after which something was shown
    true: int = 0  # and was right
    shown: int = 0
    wrong: int = 0
    accepted: int = 0
    completed: int = 0
    looked_at: int = 0  # suggestions accepted, or on the screen for LOOKED_AT
    stayed: float = 0.0  # seconds that what is shown has been there
    waits: list[float] = field(default_factory=list)

    def measures(self) -> dict[str, Pair]:
        found: dict[str, Pair] = {
            "RoCC": (self.completed, self.length),
            "keystrokes saved": (self.completed - self.accepted, self.length),
            "coverage": (self.there, self.looked),
            "wrong per line": (self.wrong, 1.0),
        }
        if self.shown:
            found |= {"precision": (self.true, self.there), "AR": (self.accepted, self.shown)}
        if self.looked_at:
            found["CAR"] = (self.accepted, self.looked_at)
        return found


def type_again(sitting: Sitting, line: AddedLine, tokens: int) -> tuple[dict[str, Pair], list[float]]:
    """Measures, and the milliseconds until each suggestion. `tokens` that are right make it be taken; 0: its first line."""
    before, after = line.around()
    text = line.text.rstrip()
    at = len(text) - len(text.lstrip())
    written = _Written(len(text) - at)
    sitting.open(line.path, line.language, line.so_far())
    sitting.put(before + text[:at], after)
    seen, last = sitting.look(), ""
    while True:
        last, right = _judged(written, seen, last, text[at:], tokens)
        if at >= len(text):
            sitting.close()
            return written.measures(), written.waits
        if right and seen.ghost is not None:
            seen, last = sitting.accept(seen.ghost, right), ""
            written.accepted, written.completed = written.accepted + 1, written.completed + right
            written.looked_at += written.stayed < LOOKED_AT
            at += right
        else:
            last = last[1:] if last.startswith(text[at]) else ""
            seen = sitting.type(text[at])
            at += 1


def _judged(written: _Written, seen: Seen, last: str, rest: str, tokens: int) -> tuple[str, int]:
    """Counts what is on the screen; returns it, and how many characters of it to take."""
    if not rest:
        return "", 0
    written.looked += 1
    if seen.ghost is None:
        return "", 0
    shown = _first_line(seen.ghost)
    right = _right(shown, rest, tokens)
    written.there += 1
    written.true += right > 0
    if shown == last:
        written.looked_at += written.stayed < LOOKED_AT <= written.stayed + KEY
        written.stayed += KEY
    else:
        written.stayed = 0.0
        written.shown += 1
        written.wrong += right == 0
        written.waits.append(seen.milliseconds)
    return shown, right


def _first_line(ghost: Ghost) -> str:
    return ghost.text.partition("\n")[0].rstrip("\r")


def _right(shown: str, rest: str, tokens: int) -> int:
    """How many characters to take: the whole first line, or as many tokens as it takes; 0 where they are not right."""
    if tokens:
        found = list(TOKEN.finditer(shown))[:tokens]
        shown = shown[: found[-1].end()] if found else ""
    return len(shown) if shown and rest.startswith(shown) else 0
