"""What can go wrong with a backend, named by what the caller can do about it.

    BackendError            a message for the user: what happened, and the mend
    ├── Unreachable         no connection: DNS, refused, TLS, proxy; back off and try again
    ├── TimedOut            connected, but no answer in time; try again later
    ├── Unauthorised        401, 403: stop asking until the key or the settings change
    ├── RateLimited         429, 503 at capacity: wait `after` seconds, then try again
    ├── QuotaSpent          a limit that waiting does not lift (plan, budget): stop asking
    ├── BadRequest          400, 404, 422: wrong endpoint, model or body; stop asking until the settings change
    └── BadReply            5xx, cut or malformed streams, portals: try again later

Messages never hold a key, nor text of the user's files.
"""

from __future__ import annotations

AGAIN = "Nothing to do: it is asked again by itself."
"""The mend of what passes without the user."""


class BackendError(Exception):
    """`what` happened and `mend`, what to do about it: two sentences a user can act on. `backend` is the card's name."""

    def __init__(self, backend: str, what: str, mend: str) -> None:
        super().__init__(f"{backend}: {what} {mend}".strip())
        self.backend, self.what, self.mend = backend, what, mend

    def anew(self, mend: str = "") -> BackendError:
        """The same error to raise again, with another mend if given: one instance raised over and over gathers tracebacks."""
        return type(self)(self.backend, self.what, mend or self.mend)


class Unreachable(BackendError):
    pass


class TimedOut(BackendError):
    pass


class Unauthorised(BackendError):
    pass


class RateLimited(BackendError):
    """`after`: seconds to wait before the next request."""

    def __init__(self, backend: str, what: str, mend: str, after: float) -> None:
        super().__init__(backend, what, mend)
        self.after = after

    def anew(self, mend: str = "", after: float | None = None) -> RateLimited:
        return RateLimited(self.backend, self.what, mend or self.mend, self.after if after is None else after)


class QuotaSpent(BackendError):
    pass


class BadRequest(BackendError):
    pass


class BadReply(BackendError):
    pass
