"""`auto`: the first backend of a list that is there; where it fails, the next one, said once.

A failure before any text is asked again of the next backend when `failover` is on. Once text has come, it is not: the user
would see one half from each. A next backend never sends where the failed one did not.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from backends.api import Card, Done, FimRequest, Infiller, Learner, Missed, Preparing, Text
from backends.breaker import Breaker
from backends.closed import Closed
from backends.errors import BackendError, Unreachable
from context.clock import Clock
from context.snapshot import Snapshot

log = logging.getLogger(__name__)

NOBODY = "No backend is there to ask."
NOBODY_MEND = "Set a key with `infill key set`, or `backend` to `workspace`."


def always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Leg:
    """One backend of a route. `is_there` says cheaply whether it exists now; what does not exist is passed over in silence."""

    infiller: Infiller
    is_there: Callable[[], bool] = always


class Route:
    """An `Infiller`, and a `Learner` for those of its backends that learn. `notify` gets one sentence when another backend
    steps in, and an empty one when the better one is back."""

    def __init__(
        self,
        legs: Sequence[Leg],
        clock: Clock,
        *,
        failover: bool = True,
        notify: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._legs = tuple((Breaker(leg.infiller, clock), leg.is_there) for leg in legs)
        self._failover, self._notify = failover, notify
        self._standing_in = False

    @property
    def card(self) -> Card:
        """Of the backend that would be asked now."""
        return self.inner.card

    @property
    def inner(self) -> Infiller:
        """The backend that would be asked now."""
        there = self._there()
        closed = Closed(Unreachable("auto", NOBODY, NOBODY_MEND))
        return next((breaker for breaker in there if not breaker.is_open), there[0] if there else closed)

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        first_error: BackendError | None = None
        missed: tuple[Missed, ...] = ()
        for breaker in self._candidates():
            begun, asked, card = False, breaker.asks(request), breaker.card
            try:
                async with aclosing(breaker.stream(request)) as events:
                    async for event in events:
                        if not begun:
                            begun = True
                            self._say(first_error, breaker.card)
                            event = event if first_error is None else replace(event, by=breaker.card, missed=missed)
                        yield event
                return
            except BackendError as error:
                log.info("%s failed: %s", error.backend, type(error).__name__)
                if begun:
                    raise
                first_error = first_error or error
                missed = (*missed, Missed(card, type(error).__name__)) if asked else missed
        raise first_error or Unreachable("auto", NOBODY, NOBODY_MEND)

    async def check(self) -> str:
        """On the backend that is asked first, and on the one that would step in. Fails where the first one does, since the user
        wants that one; the mend then says who answers meanwhile."""
        candidates = self._candidates()
        if not candidates:
            raise Unreachable("auto", NOBODY, NOBODY_MEND)
        first, *others = candidates
        try:
            sentence = await first.check()
        except BackendError as error:
            for other in others:
                try:
                    meanwhile = await other.check()
                except BackendError:
                    continue
                raise error.anew(f"{error.mend} Meanwhile {_called(other.card)} answers: {meanwhile}") from error
            raise
        return f"{sentence} If it fails, {_called(others[0].card)} steps in." if others else sentence

    async def aclose(self) -> None:
        for breaker, _ in self._legs:
            await breaker.aclose()

    def observe(self, snapshot: Snapshot) -> None:
        for learner in self._learners():
            learner.observe(snapshot)

    def forget(self, path: Path) -> None:
        for learner in self._learners():
            learner.forget(path)

    async def prepare(self, seconds: float) -> None:
        inner = self._there()[:1]
        if inner and isinstance(inner[0].inner, Preparing):
            await inner[0].inner.prepare(seconds)

    def _there(self) -> list[Breaker]:
        return [breaker for breaker, is_there in self._legs if is_there()]

    def _candidates(self) -> list[Breaker]:
        there = self._there()
        if not there or not self._failover:
            return there[:1]
        return [there[0], *(each for each in there[1:] if there[0].card.sends or not each.card.sends)]

    def _learners(self) -> list[Learner]:
        return [breaker.inner for breaker, _ in self._legs if isinstance(breaker.inner, Learner)]

    def _say(self, error: BackendError | None, answering: Card) -> None:
        """Tells the user when another backend stands in and when that is over; not once more in between."""
        if error is not None and not self._standing_in:
            self._notify(f"{error.what} {error.mend} Meanwhile {_called(answering)} answers.")
        if error is None and self._standing_in:
            self._notify("")
        self._standing_in = error is not None


def _called(card: Card) -> str:
    words = {"mistral": "Mistral", "host": "the model host", "workspace": "the workspace model"}
    return words.get(card.name, card.name)
