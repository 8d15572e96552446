"""Why not to ask now: every reason to stay silent before anything is looked up, waited for or sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backends.errors import BackendError, BadRequest, QuotaSpent, RateLimited, Unauthorised
from context.clock import Clock
from context.snapshot import Cursor
from lsp_server.outcome import Nothing, Reason, Trigger

FIRST_PAUSE = 1.0  # seconds without automatic requests after a first failure; doubled by each further one
LONGEST_PAUSE = 30.0
NEAR_LIMIT = 0.9  # of the day's budget; from there on nothing is asked ahead
LONGEST_LINE = 20_000  # characters


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings say about when to ask."""

    enabled: bool = True
    languages_off: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset({"*"})  # none at all where it is empty
    in_comments: bool = True
    in_strings: bool = True
    max_file_bytes: int = 2_000_000


class Gate:
    """`excluded` is the privacy gate's word on a path; `scope` says whether a cursor is in a comment or a string;
    `spent` the share of the day's budget that is used, 0 where there is none."""

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        *,
        excluded: Callable[[Path | None], str | None],
        scope: Callable[[Cursor], str],
        spent: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._excluded = excluded
        self._scope = scope
        self._spent = spent
        self._failures = 0
        self._closed_until = 0.0
        self._closed_for: BackendError | None = None

    def refusal(self, cursor: Cursor, trigger: Trigger) -> Nothing | None:
        """The first reason not to answer at all; None when there is none. Asked before the cache."""
        limits, snapshot = self._limits, cursor.snapshot
        if not limits.enabled or snapshot.language in limits.languages_off:
            return Nothing(Reason.DISABLED)
        if limits.languages.isdisjoint(("*", snapshot.language)):
            return Nothing(Reason.DISABLED)
        if len(snapshot.text) > limits.max_file_bytes:
            return Nothing(Reason.TOO_BIG, f"{len(snapshot.text)} characters; the limit is {limits.max_file_bytes}")
        if cursor.line_end - cursor.line_start > LONGEST_LINE:
            return Nothing(Reason.TOO_BIG, f"a line of more than {LONGEST_LINE} characters was not written by hand")
        if (rule := self._excluded(snapshot.path)) is not None:
            return Nothing(Reason.EXCLUDED, rule)
        if trigger is Trigger.AUTOMATIC:
            after = snapshot.text[cursor.offset : cursor.offset + 1]
            if after.isalnum() or after == "_":
                return Nothing(Reason.MID_WORD)
            if not (limits.in_comments and limits.in_strings):
                scope = self._scope(cursor)
                if scope == "comment" and not limits.in_comments:
                    return Nothing(Reason.IN_COMMENT)
                if scope == "string" and not limits.in_strings:
                    return Nothing(Reason.IN_STRING)
        return None

    def closed(self, trigger: Trigger) -> Nothing | None:
        """Why no new request may go out now, although a kept answer might be shown. A request by hand is always tried."""
        if trigger is Trigger.INVOKED:
            return None
        if self._spent() >= 1:
            return Nothing(Reason.OVER_BUDGET)
        if self._clock.now() < self._closed_until:
            return Nothing(Reason.RATE_LIMITED, str(self._closed_for or ""))
        return None

    def spares(self) -> bool:
        """Whether there is room for a request that nobody waits for yet."""
        return self.closed(Trigger.AUTOMATIC) is None and self._spent() < NEAR_LIMIT

    def failed(self, error: BackendError) -> None:
        """Pauses automatic requests: until the settings change where waiting does not help, else for longer each time."""
        self._failures += 1
        self._closed_for = error
        if isinstance(error, Unauthorised | BadRequest | QuotaSpent):
            self._closed_until = float("inf")
        elif isinstance(error, RateLimited):
            self._closed_until = self._clock.now() + error.after
        else:
            self._closed_until = self._clock.now() + min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)

    def succeeded(self) -> None:
        self._failures, self._closed_until, self._closed_for = 0, 0.0, None
