"""What one request for a completion comes to: a value with a reason, never an exception and never a bare None."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backends.api import Usage
from backends.errors import BackendError


class Trigger(StrEnum):
    INVOKED = "invoked"  # the user asked by hand: no wait, no gate by confidence
    AUTOMATIC = "automatic"  # the editor asked because something was typed


class Origin(StrEnum):
    """Where a suggestion came from."""

    MODEL = "model"
    CACHE = "cache"
    TYPED_THROUGH = "typed-through"
    JOINED = "joined"
    PREFETCHED = "prefetched"


class Reason(StrEnum):
    """Why nothing is offered. Closed: a new reason is a new row here."""

    DISABLED = "disabled"
    EXCLUDED = "excluded by a privacy rule"
    TOO_BIG = "file too big"
    MID_WORD = "in the middle of a word"
    IN_COMMENT = "in a comment"
    IN_STRING = "in a string"
    REJECTED_HERE = "rejected here before"
    RATE_LIMITED = "the backend asked to wait"
    OVER_BUDGET = "the day's budget is spent"
    EMPTY_ANSWER = "the model had nothing to add"
    DROPPED = "a rule dropped the answer"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Ghost text: insert `text` at the cursor, in place of `replaces` characters after it (never over a line's end)."""

    id: str
    text: str
    replaces: int
    origin: Origin
    usage: Usage | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    error: BackendError


Outcome = Offered | Nothing | Failed


class Verdict(StrEnum):
    """What became of a suggestion that was shown."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    TYPED = "typed"  # out by hand, key by key: right, and of no use
    REJECTED = "rejected"
    IGNORED = "ignored"
