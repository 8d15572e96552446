"""Keeping to a server's rate limit by its own headers: a request that would be refused is not sent.

A refused request counts against the limit, so asking blindly prolongs the wait. Header names as Mistral's API was seen to send
them (`…-req-minute`, `…-tokens-minute`, seconds until a reset where there are any).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from backends.refusal import LONGEST_WAIT
from context.clock import Clock

MINUTE = 60.0


class Pace:
    """Remembers until when a server wants quiet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = -math.inf
        self._scarce_until = -math.inf

    def wait(self) -> float:
        """Seconds until the next request may go; 0 for now."""
        return max(self._until - self._clock.now(), 0.0)

    def is_scarce(self) -> bool:
        """Less than half of a limit was left within the last minute: what nobody waits for is better not asked."""
        return self._clock.now() < self._scarce_until

    def hold(self, seconds: float) -> None:
        self._until = max(self._until, self._clock.now() + min(seconds, LONGEST_WAIT))

    def note(self, headers: Mapping[str, str]) -> None:
        """Reads the limits of a reply: with nothing left of a minute's requests or tokens, the time in which the limit frees
        enough for one more is waited for."""
        for what, needed in (("req", 1.0), ("tokens", _number(headers, "x-ratelimit-tokens-query-cost") or 1.0)):
            limit = _number(headers, f"x-ratelimit-limit-{what}-minute")
            left = _number(headers, f"x-ratelimit-remaining-{what}-minute")
            if limit and left is not None and left < limit / 2:
                self._scarce_until = self._clock.now() + MINUTE
            if limit and left is not None and left < needed:
                reset = _number(headers, f"x-ratelimit-reset-{what}-minute")
                self.hold(min(MINUTE * needed / limit if reset is None else reset, MINUTE))


def has_no_plan(headers: Mapping[str, str]) -> bool:
    """A limit of 0 requests or tokens: the model is not on the plan, and no wait changes that."""
    return 0 in (_number(headers, "x-ratelimit-limit-req-minute"), _number(headers, "x-ratelimit-limit-tokens-minute"))


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        number = float(headers.get(name, ""))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
