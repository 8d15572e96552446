"""From a cursor to an outcome: the one straight path of a keystroke, read from top to bottom in `Completer.complete`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from secrets import token_hex

from cachetools import TTLCache

from backends.api import Card, FimRequest, Infiller, Usage
from backends.errors import BackendError, RateLimited
from context.clock import Clock
from context.privacy import FimContext
from context.snapshot import Cursor, Snapshot
from context.syntax import Parsed
from lsp_server.ahead import Ahead
from lsp_server.cache import Answer, Cache, Place
from lsp_server.cutter import Cutter
from lsp_server.debounce import Rhythm, wait
from lsp_server.eagerness import Dial
from lsp_server.extent import extent_at
from lsp_server.feedback import Feedback, Origins
from lsp_server.flight import Flight, Flights
from lsp_server.gate import Gate
from lsp_server.outcome import Failed, Nothing, Offered, Origin, Outcome, Reason, Suggestion, Trigger
from lsp_server.rules import Drop, apply
from lsp_server.showing import Screen, Showing
from lsp_server.status import StatusBoard
from lsp_server.usage import Asked, Ledger, cost_of
from lsp_server.view import View

log = logging.getLogger(__name__)

GATHER_LEAD = 0.03  # seconds before the end of the wait at which gathering begins, so that what it finds is fresh
SILENT_PLACES = 64
SILENT_FOR = 60.0  # seconds
ALTERNATIVES_MOST = 3
ALTERNATIVE_TEMPERATURE = 0.7
CHARS_PER_TOKEN = 3.6  # for streams that we cut and that therefore report no usage


@dataclass(frozen=True, slots=True)
class Manner:
    """How to ask, from the settings."""

    dial: Dial
    max_tokens: int = 256
    prefetch: bool = True


class Completer:
    """`gather` turns a cursor into what the backend may know; it is the only way by which text gets into a request.
    `look` gives the part of the document that the rules look at."""

    def __init__(
        self,
        backend: Infiller,
        gather: Callable[[Cursor], Awaitable[FimContext]],
        look: Callable[[Cursor], View],
        manner: Manner,
        *,
        gate: Gate,
        cache: Cache,
        flights: Flights,
        screen: Screen,
        feedback: Feedback,
        rhythm: Rhythm,
        ledger: Ledger,
        status: StatusBoard,
        clock: Clock,
    ) -> None:
        self._backend = backend
        self._gather = gather
        self._look = look
        self._manner = manner
        self._gate = gate
        self._cache = cache
        self._flights = flights
        self._screen = screen
        self._feedback = feedback
        self._rhythm = rhythm
        self._ledger = ledger
        self._status = status
        self._clock = clock
        self._ids = (f"{session}-{number}" for session in (token_hex(4),) for number in count(1))
        self._ahead = Ahead(clock, self._ask_ahead)
        self._silence: TTLCache[Place, Nothing] = TTLCache(SILENT_PLACES, SILENT_FOR, timer=clock.now)

    async def complete(self, cursor: Cursor, trigger: Trigger) -> Outcome:
        """What to offer at `cursor`. Cancelling it frees everything that nobody else waits for."""
        if (nothing := self._gate.refusal(cursor, trigger)) is not None:
            return nothing
        if (offered := self._kept(cursor, trigger)) is not None:
            return offered
        if (nothing := self._gate.closed(trigger) or self._silent_here(cursor, trigger)) is not None:
            return nothing
        try:
            answer, origin, usage = await self._joined(cursor) or await self._fresh(cursor, trigger)
        except BackendError as error:
            return Failed(error)
        return self._offer(cursor, trigger, answer, origin, usage)

    def _kept(self, cursor: Cursor, trigger: Trigger) -> Offered | None:
        """What is on the screen or in the cache, before any wait. None also where the user asks for one more alternative."""
        shown = self._screen.rest_at(cursor)
        if shown and trigger is Trigger.AUTOMATIC:
            return self._show(cursor, trigger, [shown])
        suggestions = [shown] if shown else []
        for answer in self._cache.find(cursor, self._model):
            if trigger is Trigger.AUTOMATIC and (answer.confidence or 1.0) < self._manner.dial.floor:
                continue
            found = self._suggest(cursor, trigger, answer, Origin.CACHE)
            if isinstance(found, Suggestion) and all(found.text != other.text for other in suggestions):
                suggestions.append(found)
        if not suggestions or (trigger is Trigger.INVOKED and self._wants_another(cursor, suggestions)):
            return None
        return self._show(cursor, trigger, suggestions[:1] if trigger is Trigger.AUTOMATIC else suggestions)

    def _silent_here(self, cursor: Cursor, trigger: Trigger) -> Nothing | None:
        """A model that had nothing to say at this very place a moment ago is not asked again, unless by hand."""
        if trigger is Trigger.INVOKED or not self._backend.card.origin or not self._silence:
            return None
        return self._silence.get(Place.at(cursor, self._model))

    def _wants_another(self, cursor: Cursor, suggestions: list[Suggestion]) -> bool:
        """Asking by hand where a suggestion is already on the screen means: show me another."""
        on_screen = self._screen.at(cursor.snapshot.uri)
        here = any(showing.typed_by(cursor) == 0 for showing in on_screen)
        return here and len(suggestions) < ALTERNATIVES_MOST and not any(showing.by_hand for showing in on_screen)

    async def _joined(self, cursor: Cursor) -> tuple[Answer, Origin, Usage | None] | None:
        """The answer of a stream already in flight, if its text agrees with what was typed since."""
        joined = self._flights.find(cursor, self._model)
        if joined is None:
            return None
        flight, typed = joined
        origin = Origin.PREFETCHED if flight.ahead else Origin.JOINED
        answer = await self._flights.join(flight, typed)
        return None if answer is None else (answer, origin, flight.usage)

    async def _fresh(self, cursor: Cursor, trigger: Trigger) -> tuple[Answer, Origin, Usage | None]:
        """Waits for the typist, gathers context within that wait, and asks the backend."""
        by_hand = trigger is Trigger.INVOKED
        instant = by_hand or not self._backend.card.origin
        waiting = 0.0 if instant else wait(cursor, self._rhythm, self._manner.dial)
        due = self._clock.now() + waiting
        if waiting > GATHER_LEAD:
            await self._clock.sleep(waiting - GATHER_LEAD)
        context = await self._gather(cursor)
        if (left := due - self._clock.now()) > 0:
            await self._clock.sleep(left)
        kept = len(self._cache.find(cursor, self._model)) if by_hand else 0
        flight = self._launch(
            cursor, context, floor=0.0 if by_hand else self._manner.dial.floor, sample=kept, by_hand=by_hand
        )
        answer = await self._flights.join(flight, "")
        return answer or Answer("", 0), Origin.MODEL, flight.usage

    def _launch(
        self,
        cursor: Cursor,
        context: FimContext,
        *,
        floor: float,
        sample: int = 0,
        ahead: bool = False,
        by_hand: bool = False,
    ) -> Flight:
        """Starts one stream. `sample` > 0 asks for another answer than the ones already kept."""
        request = FimRequest(
            context,
            max_tokens=self._manner.max_tokens,
            temperature=ALTERNATIVE_TEMPERATURE if sample else 0.0,
            seed=sample or None,
            floor=floor,
            ahead=ahead,
            by_hand=by_hand,
        )
        started, asked = self._clock.now(), self._backend.card
        if not ahead:
            self._status.thinking()
        cutter = Cutter.later(lambda: self._place(cursor))
        place = Place.at(cursor, self._model)

        def landed(flight: Flight) -> None:
            self._landed(flight, context, started, asked)

        return self._flights.start(place, self._backend.stream(request), cutter, landed, ahead=ahead)

    def _place(self, cursor: Cursor) -> tuple[Cursor, Parsed | None]:
        view = self._look(cursor)
        return view.cursor, view.parsed

    def _landed(self, flight: Flight, context: FimContext, started: float, asked: Card) -> None:
        """Keeps what the stream brought, and tells the gate, the ledger and the status how it went. `asked` is the backend that
        was to answer: by now it may be left alone."""
        self._cache.keep(flight.place, flight.answer)
        now = self._clock.now()
        first = (flight.first_text_at or now) - started
        if flight.error is not None:
            if not flight.ahead or isinstance(flight.error, RateLimited):  # a failure that nobody saw is no news
                self._gate.failed(flight.error)
                self._status.failed(flight.error)
        elif flight.finish is not None or flight.text:
            self._gate.succeeded()
            self._rhythm.answered(first)
            self._status.ready()
        else:
            self._status.rested()
        usage, nothing = flight.usage or _estimated(context, flight), Usage(estimated=True)
        outcome = type(flight.error).__name__ if flight.error else "done"
        rows = [(missed.card, nothing, missed.error) for missed in flight.missed]
        at, day = self._ledger.stamp()
        for card, used, how in [*rows, (flight.by or asked, usage, outcome)]:
            row = Asked(
                at=at, day=day, backend=card.name, model=card.model, language=context.language,
                prompt_tokens=used.prompt, completion_tokens=used.completion, cached_tokens=used.cached,
                estimated=used.estimated, cost=cost_of(used, card), first_ms=1000 * first,
                total_ms=1000 * (now - started), outcome=how,
            )  # fmt: skip
            self._ledger.asked(row)

    def _offer(
        self, cursor: Cursor, trigger: Trigger, answer: Answer, origin: Origin, usage: Usage | None
    ) -> Offered | Nothing:
        found = self._suggest(cursor, trigger, answer, origin, usage)
        if isinstance(found, Nothing):
            self._silence[Place.at(cursor, self._model)] = found
            return found
        others = [found]
        if trigger is Trigger.INVOKED:
            for kept in self._cache.find(cursor, self._model):
                if kept.text == answer.text:
                    continue
                other = self._suggest(cursor, trigger, kept, Origin.CACHE)
                if isinstance(other, Suggestion) and all(other.text != known.text for known in others):
                    others.append(other)
        return self._show(cursor, trigger, others, answer.by)

    def _suggest(
        self, cursor: Cursor, trigger: Trigger, answer: Answer, origin: Origin, usage: Usage | None = None
    ) -> Suggestion | Nothing:
        """The answer as the rules leave it."""
        view = self._look(cursor)
        extent = extent_at(view.cursor, view.parsed)
        text = answer.text[: answer.cut]
        if not answer.cut:  # shown and typed to the end; what the stream brought beyond it is cut for this place
            cutter = Cutter(view.cursor, extent, view.parsed)
            cutter.feed(answer.text)
            text = cutter.text
        if not text.strip():
            return Nothing(Reason.EMPTY_ANSWER)
        shown = apply(text, view.cursor, extent, view.parsed)
        if isinstance(shown, Drop):
            return Nothing(Reason.DROPPED, shown.reason)
        if trigger is Trigger.AUTOMATIC and self._feedback.was_rejected(cursor, shown.text):
            return Nothing(Reason.REJECTED_HERE)
        return Suggestion(next(self._ids), shown.text, shown.replaces, origin, usage, answer.confidence)

    def _show(self, cursor: Cursor, trigger: Trigger, suggestions: list[Suggestion], by: Card | None = None) -> Offered:
        by_hand = trigger is Trigger.INVOKED
        card = by or self._backend.card
        if suggestions[0].origin is not Origin.TYPED_THROUGH or len(suggestions) > 1:
            showings = tuple(Showing.of(suggestion, cursor, self._model, by_hand=by_hand) for suggestion in suggestions)
            self._feedback.shown(showings, Origins(card.name, card.model, cursor.snapshot.language))
        if self._manner.prefetch and card.origin and self._gate.spares():
            self._ahead.shown(cursor, suggestions[0])
        return Offered(tuple(suggestions))

    async def _ask_ahead(self, cursor: Cursor) -> None:
        """Starts the stream for a place where nobody is yet, unless its answer is there or limits are near."""
        uri = cursor.snapshot.uri
        if self._flights.ahead(uri) is None and not self._cache.find(cursor, self._model) and self._gate.spares():
            context = await self._gather(cursor)
            self._launch(cursor, context, floor=self._manner.dial.floor, ahead=True)

    def changed(self, snapshot: Snapshot) -> None:
        """Closes the streams that the document's new text disagrees with."""
        showing = bool(self._screen.at(snapshot.uri))
        self._flights.changed(snapshot, spare_ahead=showing)
        if not showing:
            self._ahead.cancel(snapshot.uri)

    def close(self, uri: str | None = None) -> None:
        """Stops all work for one document, or all of it."""
        self._flights.drop(uri)
        self._ahead.cancel(uri)

    def follows(self, uri: str) -> bool:
        """Whether an edit of this document matters to anything under way."""
        return bool(self._screen.at(uri)) or self._flights.busy(uri) or self._ahead.waits(uri)

    @property
    def _model(self) -> str:
        card = self._backend.card
        return f"{card.name}/{card.model}"


def _estimated(context: FimContext, flight: Flight) -> Usage:
    """For a stream that was closed before it told. One that failed before its first text costs nothing."""
    if flight.error is not None and not flight.text:
        return Usage(estimated=True)
    sent = len(context.prefix) + len(context.suffix) + sum(len(excerpt.text) for excerpt in context.excerpts)
    return Usage(round(sent / CHARS_PER_TOKEN), round(len(flight.text) / CHARS_PER_TOKEN), estimated=True)
