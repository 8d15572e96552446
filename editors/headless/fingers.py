"""How a person types: a seeded model of rhythm, pauses for thought, slips of the finger and their repair.

Intervals between keys are log-normal, as measured of typists (Dhakal et al., "Observations on Typing from 136 Million
Keystrokes", CHI 2018: some 240 ms on average, 120 ms for the fast). Programmers pause longer where a word, a statement or a line
begins. None of it is taken from anybody's typing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from random import Random


@dataclass(frozen=True, slots=True)
class Hand:
    """`interval`: median seconds between keys within a word. `slips`: share of letters that go wrong. `reads`: seconds after
    which ghost text has been taken in and a hand reaches for Tab."""

    name: str
    interval: float
    slips: float
    reads: float


HANDS = (Hand("fast", 0.11, 0.012, 0.30), Hand("usual", 0.18, 0.02, 0.40), Hand("careful", 0.28, 0.01, 0.55))


class Fingers:
    def __init__(self, hand: Hand, seed: int) -> None:
        self.hand = hand
        self._random = Random(seed)

    def pause(self, before: str, key: str) -> float:
        """Seconds between the last key and this one; `before` is the text so far."""
        random = self._random
        seconds = random.lognormvariate(log(self.hand.interval), 0.35)
        last = before[-1:]
        if last == "\n" or not before.rpartition("\n")[2].strip():
            # A new line: what shall it say?
            seconds += random.lognormvariate(log(0.7), 0.8) if random.random() < 0.6 else 0.1
        elif last in "(.,=:[{ " and random.random() < 0.12:
            seconds += random.lognormvariate(log(0.5), 0.6)
        elif not key[0].isalnum():
            seconds *= 1.3
        return min(seconds, 12.0)

    def slip(self, key: str) -> str:
        """The key hit instead of `key`, or "" when the right one is hit."""
        if len(key) != 1 or not key.isalpha() or self._random.random() >= self.hand.slips:
            return ""
        return self._random.choice("abcdefghijklmnopqrstuvwxyz".replace(key.lower(), ""))

    def notice(self) -> int:
        """Right keys that follow a slip before it is noticed."""
        return self._random.choice((0, 0, 1, 1, 2))

    def read(self) -> float:
        """Seconds that this ghost text takes to be read."""
        return self.hand.reads * self._random.uniform(0.7, 1.4)
