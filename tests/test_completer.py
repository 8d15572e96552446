"""The path of a keystroke, on a clock that stands still and a backend that says what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from backends.api import Card, FimRequest, Missed, Text
from backends.errors import TimedOut, Unauthorised
from backends.scripted import ScriptedInfiller, Step
from context.privacy import FimContext
from context.privacy import Gate as PrivacyGate
from context.snapshot import Cursor, Snapshot
from lsp_server.ahead import AFTER
from lsp_server.api import Status
from lsp_server.cache import Cache
from lsp_server.completer import ALTERNATIVE_TEMPERATURE, Completer, Manner
from lsp_server.debounce import Rhythm
from lsp_server.eagerness import DIALS, Eagerness
from lsp_server.feedback import Feedback
from lsp_server.flight import LINGER, Flights
from lsp_server.gate import FIRST_PAUSE, Gate, Limits
from lsp_server.outcome import Failed, Nothing, Offered, Origin, Outcome, Reason, Trigger
from lsp_server.showing import Screen
from lsp_server.status import StatusBoard
from lsp_server.usage import Asked, Ledger, Settled
from lsp_server.view import View
from tests.fake_clock import FakeClock, settle
from tests.marks import cursor_in

REMOTE = Card(name="scripted", model="script", sends=True, context_tokens=8192, origin="http://127.0.0.1:1")


class Desk:
    """One completer with everything around it, and an editor's moves."""

    def __init__(self, script: Sequence[Step] | Callable[[FimRequest], Iterable[Step]], card: Card = REMOTE) -> None:
        self.clock = FakeClock()
        self.backend = ScriptedInfiller(script, self.clock, card=card)
        self.ledger = Ledger(None, wall=lambda: 0.0)
        self.spent = False
        self.open: Snapshot | None = None
        self.screen = Screen()
        self.statuses: list[Status] = []
        self.feedback = Feedback(self.screen, self.ledger, self.clock, lambda uri: self.open)
        gate = Gate(
            Limits(), self.clock, excluded=lambda path: None, scope=lambda cursor: "", spent=lambda: float(self.spent)
        )
        self.completer = Completer(
            self.backend,
            self.gather,
            lambda cursor: View(cursor, None),
            Manner(DIALS[Eagerness.NORMAL]),
            gate=gate,
            cache=Cache(self.clock),
            flights=Flights(self.clock),
            screen=self.screen,
            feedback=self.feedback,
            rhythm=Rhythm(self.clock),
            ledger=self.ledger,
            status=StatusBoard(lambda: card, self.statuses.append),
            clock=self.clock,
        )

    async def gather(self, cursor: Cursor) -> FimContext:
        gate = PrivacyGate()
        return FimContext("sample.py", cursor.snapshot.language, gate.clear(cursor.prefix), gate.clear(cursor.suffix))

    def ask(self, marked: str, trigger: Trigger = Trigger.AUTOMATIC) -> asyncio.Task[Outcome]:
        return asyncio.create_task(self.completer.complete(cursor_in(marked), trigger))

    async def answer(self, marked: str, trigger: Trigger = Trigger.AUTOMATIC) -> Outcome:
        """Lets no more time pass than the answer takes."""
        asked = self.ask(marked, trigger)
        await settle()
        while not asked.done():
            await self.clock.advance(0.02)
        return await asked

    def type(self, marked: str, inserted: int = 1, removed: str = "") -> None:
        cursor = cursor_in(marked)
        self.feedback.edited(cursor.snapshot, cursor, inserted, removed)
        self.completer.changed(cursor.snapshot)

    @property
    def verdicts(self) -> list[tuple[str, int]]:
        return [(row.verdict, row.accepted) for row in self.ledger._pending if isinstance(row, Settled)]


def texts(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Offered), outcome
    return [suggestion.text for suggestion in outcome.suggestions]


async def test_a_request_is_answered_with_what_the_model_said() -> None:
    desk = Desk(["items", "[0]"])
    outcome = await desk.answer("first = ‸\n")
    assert texts(outcome) == ["items[0]"]
    assert desk.backend.requests[0].context.prefix == "first = "


async def test_an_automatic_request_waits_and_one_by_hand_does_not() -> None:
    desk = Desk(["items"])
    automatic = desk.ask("first = ‸\n")
    await settle()
    assert not desk.backend.requests
    by_hand = desk.ask("first = ‸\n", Trigger.INVOKED)
    await settle()
    assert len(desk.backend.requests) == 1 and texts(await by_hand) == ["items"]
    automatic.cancel()


async def test_an_embedded_backend_is_not_waited_for() -> None:
    desk = Desk(["items"], Card(name="workspace", model="", sends=False, context_tokens=8192))
    asked = desk.ask("first = ‸\n")
    await settle()
    assert texts(await asked) == ["items"]


async def test_typing_what_the_ghost_text_says_asks_nobody() -> None:
    desk = Desk(["items[0]"])
    await desk.answer("first = ‸\n")
    for typed in range(1, len("items[0]")):
        marked = "first = " + "items[0]"[:typed] + "‸\n"
        desk.type(marked)
        asked = desk.ask(marked)
        await settle()
        assert texts(await asked) == ["items[0]"[typed:]]
    assert len(desk.backend.requests) == 1


async def test_backspacing_into_it_and_typing_it_again_neither() -> None:
    desk = Desk(["items[0]"])
    await desk.answer("first = ‸\n")
    for typed in ("it", "i", "it", "ite"):
        desk.type(f"first = {typed}‸\n")
        asked = desk.ask(f"first = {typed}‸\n")
        await settle()
        assert texts(await asked) == ["items[0]".removeprefix(typed)]
    assert len(desk.backend.requests) == 1


async def test_a_bracket_closed_by_the_editor_is_replaced_when_typed_through() -> None:
    desk = Desk(["print(items)"])
    await desk.answer("‸\n")
    desk.type("print(‸)\n", 2)
    asked = desk.ask("print(‸)\n")
    await settle()
    outcome = await asked
    assert isinstance(outcome, Offered)
    assert [(item.text, item.replaces, item.origin) for item in outcome.suggestions] == [
        ("items)", 1, Origin.TYPED_THROUGH)
    ]


async def test_a_stream_in_flight_that_agrees_is_joined() -> None:
    desk = Desk(["it", 1.0, "ems"])
    first = desk.ask("first = ‸\n", Trigger.INVOKED)
    await settle()
    first.cancel()
    desk.type("first = i‸\n")
    outcome = await desk.answer("first = i‸\n")
    assert texts(outcome) == ["tems"] and isinstance(outcome, Offered)
    assert outcome.suggestions[0].origin is Origin.JOINED and len(desk.backend.requests) == 1


async def test_a_stream_in_flight_that_disagrees_is_closed_and_not_paid_on() -> None:
    desk = Desk(["it", 60.0, "ems"])
    first = desk.ask("first = ‸\n", Trigger.INVOKED)
    await settle()
    first.cancel()
    desk.type("first = x‸\n")
    await settle()
    assert desk.backend.open == 0


async def test_a_cancelled_request_frees_the_backend() -> None:
    desk = Desk(["it", 60.0, "ems"])
    asked = desk.ask("first = ‸\n", Trigger.INVOKED)
    await settle()
    asked.cancel()
    await desk.clock.advance(2 * LINGER)
    assert desk.backend.open == 0


async def test_the_continuation_is_asked_ahead_and_offered_without_a_wait() -> None:
    desk = Desk(lambda request: ["a = 1"] if request.context.prefix == "" else ["\nb = 2"])
    await desk.answer("‸\n")
    await desk.clock.advance(AFTER)
    assert [request.context.prefix for request in desk.backend.requests] == ["", "a = 1"]
    desk.type("a = 1‸\n", 5)
    asked = desk.ask("a = 1‸\n")
    await settle()
    assert texts(await asked) == ["\nb = 2"]
    assert desk.verdicts == [("accepted", 5)]


async def test_nothing_is_asked_ahead_once_the_user_typed_something_else() -> None:
    desk = Desk(["a = 1"])
    asked = desk.ask("‸\n", Trigger.INVOKED)
    await settle()
    await asked
    desk.type("z‸\n")
    await desk.clock.advance(2 * AFTER)
    assert len(desk.backend.requests) == 1


async def test_asking_by_hand_where_something_is_shown_brings_an_alternative() -> None:
    desk = Desk(lambda request: ["second"] if request.seed else ["first"])
    await desk.answer("x = ‸\n")
    outcome = await desk.answer("x = ‸\n", Trigger.INVOKED)
    assert sorted(texts(outcome)) == ["first", "second"]
    sampled = desk.backend.requests[1]
    assert sampled.temperature == ALTERNATIVE_TEMPERATURE and sampled.seed


async def test_rejected_here_means_not_shown_here_again_unless_by_hand() -> None:
    desk = Desk(["items"])
    outcome = await desk.answer("first = ‸\n")
    assert isinstance(outcome, Offered)
    desk.open = cursor_in("first = ‸\n").snapshot
    desk.feedback.rejected(outcome.suggestions[0].id)
    assert isinstance(await desk.answer("first = ‸\n"), Nothing)
    assert texts(await desk.answer("first = ‸\n", Trigger.INVOKED)) == ["items"]
    assert desk.verdicts[0] == ("rejected", 0)


async def test_a_model_with_nothing_to_say_is_not_asked_again_at_once() -> None:
    desk = Desk(["   "])
    for _ in range(2):
        outcome = await desk.answer("first = ‸\n")
        assert isinstance(outcome, Nothing) and outcome.reason is Reason.EMPTY_ANSWER
    assert len(desk.backend.requests) == 1


async def test_a_failure_pauses_automatic_requests_and_not_those_by_hand() -> None:
    failing = [TimedOut("scripted", "No answer.", "Try again later.")]
    desk = Desk(lambda request: [failing.pop()] if failing else ["items"])
    asked = desk.ask("first = ‸\n", Trigger.INVOKED)
    await settle()
    assert isinstance(await asked, Failed)
    paused = desk.ask("first = i‸\n")
    await settle()
    assert isinstance(await paused, Nothing)
    assert texts(await desk.answer("first = ‸\n", Trigger.INVOKED)) == ["items"]
    await desk.clock.advance(FIRST_PAUSE)
    assert [status.health for status in desk.statuses][-1] == "ready"


async def test_a_wrong_key_stops_automatic_requests_for_good() -> None:
    desk = Desk([Unauthorised("scripted", "The key was refused.", "Set another.")])
    await desk.answer("first = ‸\n", Trigger.INVOKED)
    await desk.clock.advance(3600)
    assert isinstance(await desk.answer("first = ‸\n"), Nothing)
    assert len(desk.backend.requests) == 1


async def test_a_spent_budget_stops_automatic_requests_only() -> None:
    desk = Desk(["items"])
    desk.spent = True
    outcome = await desk.answer("first = ‸\n")
    assert isinstance(outcome, Nothing) and outcome.reason is Reason.OVER_BUDGET
    assert texts(await desk.answer("first = ‸\n", Trigger.INVOKED)) == ["items"]


async def test_mid_word_is_not_asked_automatically() -> None:
    desk = Desk(["items"])
    outcome = await desk.answer("fir‸st = 1\n")
    assert isinstance(outcome, Nothing) and outcome.reason is Reason.MID_WORD


async def test_typed_out_by_hand_is_no_acceptance() -> None:
    desk = Desk(["items"])
    await desk.answer("x = ‸\n")
    for typed, keys in (("i", 1), ("it", 1), ("items", 3)):  # the last keys as an editor sends them that gathers some
        desk.type(f"x = {typed}‸\n", keys)
    desk.type("x = items.‸\n")
    assert desk.verdicts == [("typed", 0)]


async def test_what_is_typed_out_at_the_end_of_a_session_is_booked() -> None:
    desk = Desk(["ab"])
    await desk.answer("x = ‸\n")
    desk.type("x = a‸\n")
    desk.type("x = ab‸\n")
    desk.feedback.close()
    assert desk.verdicts == [("typed", 0)]


async def test_an_acceptance_that_is_told_after_its_short_edit_is_one() -> None:
    desk = Desk(["it"])
    offered = await desk.answer("x = ‸\n")
    assert isinstance(offered, Offered)
    desk.type("x = i‸\n")
    desk.type("x = it‸\n")
    desk.feedback.accepted(offered.suggestions[0].id)
    desk.type("x = it.‸\n")
    assert desk.verdicts == [("accepted", 2)]


async def test_the_rest_of_a_word_that_was_taken_is_typed() -> None:
    desk = Desk(["items()"])
    await desk.answer("x = ‸\n")
    desk.type("x = items‸\n", 5)
    desk.type("x = items(‸\n")
    desk.type("x = items()‸\n")
    assert desk.verdicts == [("partly", 5)]


async def test_a_word_taken_counts_in_characters_and_the_rest_as_left() -> None:
    desk = Desk(["items.first()"])
    await desk.answer("x = ‸\n")
    desk.type("x = items‸\n", 5)
    desk.type("x = items[‸\n", 1)
    assert desk.verdicts == [("partly", 5)]


async def test_an_entry_put_in_for_the_word_before_it_counts_as_accepted() -> None:
    desk = Desk(["um_of_values"])
    await desk.answer("total = s‸\n", Trigger.INVOKED)
    desk.type("total = ‸\n", 0, "s")
    desk.type("total = sum_of_values‸\n", 13)
    assert desk.verdicts == [("accepted", 12)]


async def test_a_line_taken_away_is_no_word_and_what_was_taken_of_it_counts() -> None:
    desk = Desk(["um_of_values"])
    await desk.answer("total = s‸\n", Trigger.INVOKED)
    desk.type("total = sum_of‸\n", 5)
    desk.type("‸\n", 0, "total = sum_of")
    assert desk.verdicts == [("partly", 5)]


async def test_what_another_backend_said_is_booked_as_its_own() -> None:
    near = Card(name="workspace", model="", sends=False, context_tokens=1000)
    desk = Desk([Text("um_of_values", by=near)])
    await desk.answer("total = s‸\n", Trigger.INVOKED)
    desk.type("total = sum_of_values‸\n", 12)
    assert {row.backend for row in desk.ledger._pending if isinstance(row, Asked | Settled)} == {"workspace"}


async def test_who_failed_before_another_stepped_in_has_a_row_of_its_own() -> None:
    near = Card(name="workspace", model="", sends=False, context_tokens=1000)
    desk = Desk([Text("items", by=near, missed=(Missed(REMOTE, "Unreachable"),))])
    await desk.answer("first = ‸\n", Trigger.INVOKED)
    rows = [row for row in desk.ledger._pending if isinstance(row, Asked)]
    assert [(row.backend, row.outcome) for row in rows] == [("scripted", "Unreachable"), ("workspace", "done")]


async def test_a_word_taken_away_for_another_counts_as_ignored() -> None:
    desk = Desk(["um_of_values"])
    await desk.answer("total = s‸\n", Trigger.INVOKED)
    desk.type("total = ‸\n", 0, "s")
    desk.type("total = m‸\n", 1)
    assert desk.verdicts == [("ignored", 0)]


async def test_typing_something_else_counts_as_ignored() -> None:
    desk = Desk(["items"])
    await desk.answer("x = ‸\n")
    desk.type("x = z‸\n")
    assert desk.verdicts == [("ignored", 0)]


async def test_a_failure_before_any_text_costs_no_tokens() -> None:
    desk = Desk([Unauthorised("scripted", "No key.", "Set one.")])
    await desk.answer("first = ‸\n", Trigger.INVOKED)
    [row] = [row for row in desk.ledger._pending if isinstance(row, Asked)]
    assert (row.outcome, row.prompt_tokens, row.cost) == ("Unauthorised", 0, 0.0)


async def test_a_failure_of_what_was_asked_ahead_is_no_news() -> None:
    down = TimedOut("scripted", "No answer.", "Try again later.")
    desk = Desk(lambda request: [down] if request.ahead else ["a = 1"])
    await desk.answer("‸\n")
    await desk.clock.advance(AFTER)
    assert len(desk.backend.requests) == 2
    assert desk.statuses[-1].health == "ready"
