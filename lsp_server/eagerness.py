"""The one dial for how readily Infill speaks, and the numbers behind its three positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Eagerness(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Dial:
    """`floor`: the confidence, 0..1, below which a backend that knows its own stays silent on automatic requests.
    `patience`: how many of the typist's mean key intervals must pass without a key before an automatic request goes out.
    `shortest` and `longest` bound that wait, in seconds."""

    floor: float
    patience: float
    shortest: float
    longest: float


DIALS: Mapping[Eagerness, Dial] = {
    Eagerness.LOW: Dial(floor=0.85, patience=2.2, shortest=0.15, longest=0.8),
    Eagerness.NORMAL: Dial(floor=0.76, patience=1.4, shortest=0.06, longest=0.5),
    Eagerness.HIGH: Dial(floor=0.60, patience=0.8, shortest=0.0, longest=0.3),
}
