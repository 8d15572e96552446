"""A model that is only imagined: it knows the text that is being typed, says it at a given speed, and is wrong now and then.

Some words of the text are hard, the same ones in every run with the same seed: up to the next hard word the model is right, there
it says another word, and what follows is beside the point. So answers at neighbouring places agree with each other, as a real
model's do, and how often a suggestion is taken is a matter of the policy alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from editors.headless.passage import Passage

TOKEN = re.compile(r"[ \t]*\w{1,6}|\n[ \t]*|[ \t]*[^\w\s]{1,2}|[ \t]+")
HARD = 0.08  # share of words that the model does not guess
CHARS_PER_TOKEN = 3.6  # of the prompt, for what it costs
RECOGNISED = 240  # characters before the cursor by which the model knows where it is


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds until the first token, and tokens each second from then on."""

    first: float
    tokens: float

    def __str__(self) -> str:
        return f"{self.first * 1000:.0f} ms, {self.tokens:.0f}/s"


class Imagined:
    def __init__(self, passage: Passage, speed: Speed, seed: int) -> None:
        self.speed = speed
        text = passage.snapshot.text
        self._head, self._passage, self._tail = text[: passage.start], passage.text, text[passage.end :]
        random = Random(seed)
        words = list(re.finditer(r"[^\W\d]\w+", self._passage))
        self._hard = [(word.start(), word.end()) for word in words if random.random() < HARD]

    def answer(self, before: str, most: int) -> list[str]:
        """The tokens that the model says after `before`, at most `most` of them."""
        at = self._place(before)
        return TOKEN.findall("unsure" if at is None else self._text_at(at))[:most]

    def _place(self, before: str) -> int | None:
        """How much of the passage stands before the cursor; None where that is not the passage's beginning."""
        known = before[-RECOGNISED:]
        whole = self._head[-RECOGNISED:] + self._passage
        lead = len(whole) - len(self._passage)
        found = [at for at in range(len(self._passage) + 1) if whole[: lead + at].endswith(known)]
        return found[0] if found else None

    def _text_at(self, at: int) -> str:
        for start, end in self._hard:
            if start >= at:
                return self._passage[at:start] + "other_" + self._passage[start:end][::-1] + self._passage[end:]
        return self._passage[at:] + self._tail
