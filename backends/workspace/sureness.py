"""From the product of the chances of single tokens to how often such an offer is right.

The tokens of a line are not independent: after one that was right the next is likelier, so that the product says less than
there is to say. Two numbers for each kind of cursor, fitted on offers in repositories that the chances were not learned from,
put it right.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from backends.workspace.trees import load_array

_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Sureness:
    """A straight line between log odds."""

    slope: float
    shift: float

    def of(self, chance: float) -> float:
        return _share(self.slope * _odds(chance) + self.shift)

    def chance_of(self, sure: float) -> float:
        """The chance that makes so sure."""
        return _share((_odds(sure) - self.shift) / self.slope)


AS_IT_IS = Sureness(1.0, 0.0)


def load_sureness() -> tuple[Sureness, ...]:
    """At the start of a line, between two tokens, within a word."""
    return tuple(Sureness(float(slope), float(shift)) for slope, shift in load_array("judge.npz", "sureness"))


def _odds(share: float) -> float:
    share = min(max(share, _LEAST), 1 - _LEAST)
    return log(share / (1 - share))


def _share(odds: float) -> float:
    return 1 / (1 + exp(-odds))
