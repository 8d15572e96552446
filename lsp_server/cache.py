"""Answers already paid for: one answer serves every keystroke that follows it.

An answer is kept with the place it was given for: model, language, document, and digests of the whole prefix and the
whole suffix. It still holds where the user has typed its beginning, also when the editor closed brackets behind
the cursor meanwhile. Nothing is stripped or shortened in the key, so two places that differ in one space never share an
answer, and an edit in another file changes nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from cachetools import TTLCache

from backends.api import Card
from context.clock import Clock
from context.snapshot import Cursor

ENTRIES = 256
TEXT_BYTES = 4 * 1024 * 1024
LIFETIME = 15 * 60.0  # seconds
BEHIND_MOST = 120  # characters behind the cursor that an editor may have put there, or that a suggestion replaces


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said at a place. `cut` is where showing stops: text beyond it waits for a later cursor. `by` is whose answer
    it is where another backend than the one asked has stepped in."""

    text: str
    cut: int
    confidence: float | None = None
    by: Card | None = None

    def after(self, typed: str) -> Answer | None:
        """What is left once its beginning was typed; None where the typing disagrees or nothing is left."""
        if len(typed) >= len(self.text) or not self.text.startswith(typed):
            return None
        return Answer(self.text[len(typed) :], max(0, self.cut - len(typed)), self.confidence, self.by)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer holds: between the first `before` and the last `after` code points of a document."""

    model: str
    language: str
    uri: str
    before: int
    after: int
    before_digest: bytes
    after_digest: bytes

    @classmethod
    def at(cls, cursor: Cursor, model: str, replaces: int = 0) -> Place:
        """The place of an answer that takes the place of `replaces` characters behind the cursor."""
        snapshot = cursor.snapshot
        text, offset, end = snapshot.text, cursor.offset, cursor.offset + replaces
        digests = _digest(text, 0, offset), _digest(text, end, len(text))
        return cls(model, snapshot.language, snapshot.uri, offset, len(text) - end, *digests)

    def since(self, cursor: Cursor, model: str, beginning_of: str) -> Since | None:
        """What has changed at this place, if it is only that the beginning of `beginning_of` was typed there.

        Cheap where the answer is no: the digests, which cost a pass over the text, come last.
        """
        snapshot, offset = cursor.snapshot, cursor.offset
        end = len(snapshot.text) - self.after
        if (self.uri, self.model, self.language) != (snapshot.uri, model, snapshot.language):
            return None
        if not self.before <= offset <= end or end - offset > BEHIND_MOST:
            return None
        typed = snapshot.text[self.before : offset]
        if not beginning_of.startswith(typed) or _digest(snapshot.text, 0, self.before) != self.before_digest:
            return None
        if _digest(snapshot.text, end, len(snapshot.text)) != self.after_digest:
            return None
        return Since(typed, snapshot.text[offset:end])

    def lacks(self, word: str, cursor: Cursor) -> bool:
        """Only this word right before the place is gone, up to `cursor`, as where an editor is about to put in a list's entry."""
        text, offset = cursor.snapshot.text, cursor.offset
        end = len(text) - self.after
        if self.uri != cursor.snapshot.uri or self.before - offset != len(word):
            return False
        return offset <= end <= offset + BEHIND_MOST and _digest(text, end, len(text)) == self.after_digest


@dataclass(frozen=True, slots=True)
class Since:
    """`typed` at a place since it was asked for, and what now stands `behind` the cursor that the answer did not know of."""

    typed: str
    behind: str

    def fits(self, rest: str) -> bool:
        """Whether what stands behind the cursor is no more than what the rest brings, such as auto-closed brackets."""
        position = 0
        for character in self.behind:
            position = rest.find(character, position) + 1
            if not position:
                return False
        return not set(self.behind) & {"\n", "\r"}


@dataclass(slots=True)
class _Entry:
    place: Place
    answers: tuple[Answer, ...]


class Cache:
    """Bounded in entries, bytes and age; the least recently used goes first."""

    def __init__(
        self, clock: Clock, *, entries: int = ENTRIES, text_bytes: int = TEXT_BYTES, lifetime: float = LIFETIME
    ):
        share = max(1, text_bytes // entries)
        self._entries: TTLCache[Place, _Entry] = TTLCache(
            maxsize=text_bytes,
            ttl=lifetime,
            timer=clock.now,
            getsizeof=lambda entry: max(share, sum(4 * len(answer.text) for answer in entry.answers)),
        )

    def keep(self, place: Place, answer: Answer) -> None:
        """Adds an answer for a place; the same text is kept once."""
        if not answer.text:
            return
        known = self._entries.get(place)
        answers = (answer,) if known is None else _with(known.answers, answer)
        entry = _Entry(place, answers)
        if self._entries.getsizeof(entry) <= self._entries.maxsize:
            self._entries[place] = entry

    def find(self, cursor: Cursor, model: str) -> tuple[Answer, ...]:
        """What is left at `cursor` of every answer that still holds there, the most recently asked place first."""
        found: list[Answer] = []
        for entry in reversed(list(self._entries.values())):
            for answer in entry.answers:
                since = entry.place.since(cursor, model, answer.text)
                left = answer.after(since.typed) if since else None
                if since and left and since.fits(left.text) and all(left.text != other.text for other in found):
                    found.append(left)
        return tuple(found)

    def clear(self) -> None:
        self._entries.clear()


def _with(answers: tuple[Answer, ...], new: Answer) -> tuple[Answer, ...]:
    return answers if any(new.text == old.text for old in answers) else (*answers, new)


@lru_cache(maxsize=6)
def _digest(text: str, start: int, end: int) -> bytes:
    """Of a part of a document. Several questions about one version of it come in a row; half a megabyte takes 0.5 ms each."""
    return blake2b(text[start:end].encode("utf-8", "surrogatepass"), digest_size=16).digest()
