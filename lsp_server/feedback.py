"""What became of each suggestion: told by the editor where it tells, else read from the edits that follow.

Accepted, partly accepted (in characters), typed out by hand, rejected, ignored; and how much of what was accepted is still
there after 30 seconds and after 5 minutes. Numbers go to the ledger; text stays here, and only while
it is shown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from context.clock import Clock
from context.snapshot import Cursor, Snapshot
from lsp_server.outcome import Suggestion, Verdict
from lsp_server.showing import Screen, Showing
from lsp_server.usage import Ledger, Settled

SURVIVAL = (("kept_30s", 30.0), ("kept_5min", 300.0))
WATCHED_MOST = 32  # accepted texts whose survival is watched at one time
REJECTED_MOST = 200
KEYS_AT_ONCE = 3  # keys that an editor which gathers them may send as one edit; a longer one is no typing
NEAR = 300  # characters before the cursor that make a place for the memory of rejections


@dataclass(frozen=True, slots=True)
class Origins:
    """Who answered, for the ledger."""

    backend: str
    model: str
    language: str


class Feedback:
    """`now_open` gives a document's present text, for survival; None when it was closed."""

    def __init__(
        self, screen: Screen, ledger: Ledger, clock: Clock, now_open: Callable[[str], Snapshot | None]
    ) -> None:
        self._screen = screen
        self._ledger = ledger
        self._clock = clock
        self._now_open = now_open
        self._origins: dict[str, Origins] = {}
        self._partly: dict[str, int] = {}
        self._typed: tuple[Showing, Origins] | None = None  # the last one, until it is clear that it was not accepted
        self._rejected: deque[bytes] = deque(maxlen=REJECTED_MOST)
        self._watches: set[asyncio.Task[None]] = set()

    def shown(self, showings: tuple[Showing, ...], origins: Origins) -> None:
        """New suggestions took the place of what the document showed; that, if it was another one, was ignored."""
        ids = {showing.suggestion.id for showing in showings}
        uri = showings[0].place.uri
        self._book_typed()
        if not any(showing.suggestion.id in ids for showing in self._screen.at(uri)):
            self.settle_ignored(uri)
        self._screen.show(showings)
        self._origins.update(dict.fromkeys(ids, origins))

    def edited(self, snapshot: Snapshot, cursor: Cursor, inserted: int, removed: str = "") -> None:
        """Reads an edit of `inserted` characters that ended at `cursor`: did it take up the suggestion, or leave it?

        Editors with lists only, such as Vim, take the word before the cursor away and put the whole entry in by a second edit.
        """
        self._book_typed()
        progress = [(showing.typed_by(cursor), showing) for showing in self._screen.at(snapshot.uri)]
        agreeing = [(typed, showing) for typed, showing in progress if typed is not None]
        word_gone = not inserted and removed.isidentifier()
        being_put_in = word_gone and any(showing.place.lacks(removed, cursor) for _, showing in progress)
        if progress and not agreeing and not being_put_in:
            self.settle_ignored(snapshot.uri)
        for typed, showing in agreeing:
            if typed == len(showing.suggestion.text):
                self._come_to_its_end(showing, inserted)
                return
            if inserted > KEYS_AT_ONCE:
                self._partly[showing.suggestion.id] = max(self._partly.get(showing.suggestion.id, 0), typed)

    def _come_to_its_end(self, showing: Showing, inserted: int) -> None:
        """All of it stands in the document. Editors that tell of an acceptance do so after its edit, which may be short."""
        whole, partly = len(showing.suggestion.text), self._partly.get(showing.suggestion.id, 0)
        if inserted > KEYS_AT_ONCE or inserted >= whole > 1:
            self._settle(showing, Verdict.ACCEPTED, whole)
        elif partly:
            self._settle(showing, Verdict.PARTLY, partly)
        else:
            self._typed = (showing, self._clear(showing))

    def _book_typed(self) -> None:
        if self._typed is not None:
            (showing, origins), self._typed = self._typed, None
            self._book(showing, origins, Verdict.TYPED, 0)

    def accepted(self, suggestion_id: str) -> None:
        if self._typed is not None and self._typed[0].suggestion.id == suggestion_id:
            (typed, origins), self._typed = self._typed, None
            self._book(typed, origins, Verdict.ACCEPTED, len(typed.suggestion.text))
        if (showing := self._screen.by_id(suggestion_id)) is not None:
            self._settle(showing, Verdict.ACCEPTED, len(showing.suggestion.text))

    def partly(self, suggestion_id: str, length: int) -> None:
        """`length`: characters of the suggestion that the user has taken so far."""
        if (showing := self._screen.by_id(suggestion_id)) is not None:
            self._partly[suggestion_id] = min(length, len(showing.suggestion.text))

    def rejected(self, suggestion_id: str) -> None:
        """The user waved the suggestion away; it is remembered for the place where the typing has come to."""
        if (showing := self._screen.by_id(suggestion_id)) is None:
            return
        snapshot = self._now_open(showing.place.uri)
        if snapshot is not None and (found := showing.found_in(snapshot)) is not None:
            self._rejected.append(_mark(*found))
        self._settle(showing, Verdict.REJECTED, self._partly.get(suggestion_id, 0))

    def was_rejected(self, cursor: Cursor, text: str) -> bool:
        return _mark(cursor, text) in self._rejected

    def settle_ignored(self, uri: str) -> None:
        """Whatever the document showed is gone without a word from the user."""
        self._book_typed()
        showings = self._screen.at(uri)
        if showings:
            first = max(showings, key=lambda showing: self._partly.get(showing.suggestion.id, 0))
            taken = self._partly.get(first.suggestion.id, 0)
            self._settle(first, Verdict.PARTLY if taken else Verdict.IGNORED, taken)

    def close(self) -> None:
        self._book_typed()
        for watch in self._watches:
            watch.cancel()

    def _settle(self, showing: Showing, verdict: Verdict, taken: int) -> None:
        self._book(showing, self._clear(showing), verdict, taken)

    def _clear(self, showing: Showing) -> Origins:
        """Takes what the document showed from the screen; says who it was from."""
        origins = self._origins.get(showing.suggestion.id, Origins("", "", showing.place.language))
        for gone in self._screen.clear(showing.place.uri):
            self._partly.pop(gone.suggestion.id, None)
            self._origins.pop(gone.suggestion.id, None)
        return origins

    def _book(self, showing: Showing, origins: Origins, verdict: Verdict, taken: int) -> None:
        suggestion, uri = showing.suggestion, showing.place.uri
        at, day = self._ledger.stamp()
        row = Settled(
            at=at, day=day, suggestion=suggestion.id, backend=origins.backend, model=origins.model,
            language=origins.language, origin=suggestion.origin, place=_kind(suggestion), verdict=verdict,
            shown=len(suggestion.text), accepted=taken,
        )  # fmt: skip
        self._ledger.settled(row)
        if taken and len(self._watches) < WATCHED_MOST:
            watch = asyncio.create_task(
                self._survival(suggestion.id, uri, suggestion.text[:taken]), name="infill-survival"
            )
            self._watches.add(watch)
            watch.add_done_callback(self._watches.discard)

    async def _survival(self, suggestion_id: str, uri: str, text: str) -> None:
        waited = 0.0
        for column, seconds in SURVIVAL:
            await self._clock.sleep(seconds - waited)
            waited = seconds
            snapshot = self._now_open(uri)
            if snapshot is None:
                return
            self._ledger.survived(suggestion_id, column, _share_left(text, snapshot.text))


def _share_left(text: str, document: str) -> float:
    """The share of the accepted characters whose lines still stand in the document."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    whole = sum(map(len, lines))
    return sum(len(line) for line in lines if line in document) / whole if whole else 1.0


def _kind(suggestion: Suggestion) -> str:
    return "block" if "\n" in suggestion.text or "\r" in suggestion.text else "line"


def _mark(cursor: Cursor, text: str) -> bytes:
    before = cursor.snapshot.text[max(0, cursor.offset - NEAR) : cursor.offset]
    key = "\0".join((cursor.snapshot.uri, before, text))
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
