"""What each document's ghost text is now, as far as the server can know: the first place to look for the next one.

Typing what the ghost text says never asks anybody: the rest of it is offered again at once, over line ends too. What
counts is the document that accepting would give; as long as that stays the same, so does the suggestion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from context.snapshot import Cursor, Snapshot
from lsp_server.cache import Place
from lsp_server.outcome import Origin, Suggestion


@dataclass(frozen=True, slots=True)
class Showing:
    """One suggestion on the screen. `place` leaves out the characters that the suggestion replaces."""

    suggestion: Suggestion
    place: Place
    by_hand: bool

    @classmethod
    def of(cls, suggestion: Suggestion, cursor: Cursor, model: str, *, by_hand: bool) -> Showing:
        return cls(suggestion, Place.at(cursor, model, suggestion.replaces), by_hand)

    def rest_at(self, cursor: Cursor) -> Suggestion | None:
        """The same suggestion as seen from `cursor`; None where it no longer fits or nothing of it is left."""
        since = self.place.since(cursor, self.place.model, self.suggestion.text)
        if since is None:
            return None
        rest = self.suggestion.text[len(since.typed) :]
        if not rest or not since.fits(rest):
            return None
        origin = Origin.TYPED_THROUGH if since.typed else Origin.CACHE
        return replace(self.suggestion, text=rest, replaces=len(since.behind), origin=origin)

    def typed_by(self, cursor: Cursor) -> int | None:
        """How many characters of it stand in the document at `cursor`; None where the document disagrees with it."""
        since = self.place.since(cursor, self.place.model, self.suggestion.text)
        return len(since.typed) if since else None

    def found_in(self, snapshot: Snapshot) -> tuple[Cursor, str] | None:
        """Where the typing of it has come to in the document as it is now, and what is left of it there."""
        for length in range(len(self.suggestion.text), -1, -1):
            cursor = Cursor(snapshot, self.place.before + length)
            if cursor.offset <= len(snapshot.text) and self.typed_by(cursor) is not None:
                return cursor, self.suggestion.text[length:]
        return None


class Screen:
    """What was last offered in each document: one suggestion, or several between which the user can switch."""

    def __init__(self) -> None:
        self._shown: dict[str, tuple[Showing, ...]] = {}

    def show(self, showings: tuple[Showing, ...]) -> None:
        self._shown[showings[0].place.uri] = showings

    def at(self, uri: str) -> tuple[Showing, ...]:
        return self._shown.get(uri, ())

    def rest_at(self, cursor: Cursor) -> Suggestion | None:
        """The rest of the first suggestion on the document's screen that still fits at `cursor`."""
        rests = (showing.rest_at(cursor) for showing in self.at(cursor.snapshot.uri))
        return next((rest for rest in rests if rest is not None), None)

    def by_id(self, suggestion_id: str) -> Showing | None:
        everything = (showing for showings in self._shown.values() for showing in showings)
        return next((showing for showing in everything if showing.suggestion.id == suggestion_id), None)

    def clear(self, uri: str) -> tuple[Showing, ...]:
        return self._shown.pop(uri, ())
