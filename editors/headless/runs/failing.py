"""A backend that fails in the middle of a run: what is said of it, and which failures are a reason to ask nothing more."""

from __future__ import annotations

import re

from backends.errors import AGAIN, BackendError, BadRequest, QuotaSpent, Unauthorised
from editors.headless.runs.journal import Journal

NO_USE = (Unauthorised, QuotaSpent, BadRequest)
"""After these the next question would fail as well."""
_AGAIN = re.compile(rf"{re.escape(AGAIN[:-1])}[^.]*\.\s*")


def in_words(error: BackendError) -> str:
    """The error without "it is asked again by itself": a server does that, a bench goes on when it is told to."""
    return f"{error.backend}: {error.what} {_AGAIN.sub('', error.mend)}".strip()


def kept(journal: Journal, of: int, what: str) -> str:
    """What a run that did not come to its end leaves behind, and how it is gone on with. `what` is the plural of a question."""
    failed = sum(bool(row.failed) for row in journal.rows)
    others = f" {failed} failed and will be asked again;" if failed else ""
    done = len(journal.rows) - failed
    return f"{done} of {of} {what} are done and kept;{others} the same command goes on with the rest."
