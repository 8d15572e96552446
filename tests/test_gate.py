"""Why not to ask now."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.errors import BackendError, BadReply, QuotaSpent, RateLimited, Unauthorised
from lsp_server.gate import FIRST_PAUSE, LONGEST_PAUSE, Gate, Limits
from lsp_server.outcome import Nothing, Reason, Trigger
from tests.fake_clock import FakeClock
from tests.marks import cursor_in


def gate(limits: Limits | None = None, *, rule: str | None = None, scope: str = "", spent: bool = False) -> Gate:
    def excluded(path: Path | None) -> str | None:
        return rule

    return Gate(
        limits or Limits(), FakeClock(), excluded=excluded, scope=lambda cursor: scope, spent=lambda: float(spent)
    )


def check(asked: Gate, marked: str, expected: Reason | None, trigger: Trigger = Trigger.AUTOMATIC) -> None:
    refusal = asked.refusal(cursor_in(marked), trigger)
    assert (refusal.reason if refusal else None) is expected


def test_an_ordinary_place_is_asked_for() -> None:
    check(gate(), "x = ‸\n", None)


def test_before_more_of_a_word_only_by_hand() -> None:
    check(gate(), "pri‸nt\n", Reason.MID_WORD)
    check(gate(), "pri‸nt\n", None, Trigger.INVOKED)


def test_switched_off() -> None:
    check(gate(Limits(enabled=False)), "x = ‸\n", Reason.DISABLED, Trigger.INVOKED)


def test_a_language_that_is_off_or_not_among_the_chosen() -> None:
    check(gate(Limits(languages_off=frozenset({"python"}))), "x = ‸\n", Reason.DISABLED)
    check(gate(Limits(languages=frozenset({"rust"}))), "x = ‸\n", Reason.DISABLED)
    check(gate(Limits(languages=frozenset({"python"}))), "x = ‸\n", None)
    check(gate(Limits(languages=frozenset())), "x = ‸\n", Reason.DISABLED)


def test_an_excluded_file_not_even_by_hand() -> None:
    check(gate(rule="it is a .env file"), "KEY=‸\n", Reason.EXCLUDED, Trigger.INVOKED)


def test_a_file_over_the_limit() -> None:
    check(gate(Limits(max_file_bytes=4)), "12345‸", Reason.TOO_BIG, Trigger.INVOKED)


def test_a_line_that_nobody_wrote_by_hand() -> None:
    check(gate(), f"{'x' * 20_001}‸\n", Reason.TOO_BIG)
    check(gate(), f"{'x' * 20_001}\ny = ‸\n", None)


def test_comments_and_strings_where_the_user_switched_them_off() -> None:
    check(gate(Limits(in_comments=False), scope="comment"), "# ‸\n", Reason.IN_COMMENT)
    check(gate(Limits(in_strings=False), scope="string"), "'‸'\n", Reason.IN_STRING)
    check(gate(Limits(in_strings=False), scope="comment"), "# ‸\n", None)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited("b", "Slow down.", "", after=7), 7),
        (BadReply("b", "502.", ""), FIRST_PAUSE),
        (Unauthorised("b", "No.", ""), float("inf")),
        (QuotaSpent("b", "No.", ""), float("inf")),
    ],
)
async def test_how_long_a_failure_silences(error: BackendError, seconds: float) -> None:
    clock = FakeClock()
    paused = Gate(Limits(), clock, excluded=lambda path: None, scope=lambda cursor: "", spent=lambda: 0.0)
    paused.failed(error)
    await clock.advance(min(seconds, 1e6) - 0.01)
    closed = paused.closed(Trigger.AUTOMATIC)
    assert isinstance(closed, Nothing) and closed.reason is Reason.RATE_LIMITED
    assert paused.closed(Trigger.INVOKED) is None
    await clock.advance(0.02)
    assert (paused.closed(Trigger.AUTOMATIC) is None) == (seconds < 1e6)


async def test_each_further_failure_doubles_the_pause_up_to_the_longest() -> None:
    clock = FakeClock()
    paused = Gate(Limits(), clock, excluded=lambda path: None, scope=lambda cursor: "", spent=lambda: 0.0)
    for _ in range(10):
        paused.failed(BadReply("b", "502.", ""))
    await clock.advance(LONGEST_PAUSE + 0.01)
    assert paused.closed(Trigger.AUTOMATIC) is None
    paused.succeeded()
    paused.failed(BadReply("b", "502.", ""))
    await clock.advance(FIRST_PAUSE + 0.01)
    assert paused.closed(Trigger.AUTOMATIC) is None


def test_the_days_budget() -> None:
    closed = gate(spent=True).closed(Trigger.AUTOMATIC)
    assert closed is not None and closed.reason is Reason.OVER_BUDGET
    assert gate(spent=True).closed(Trigger.INVOKED) is None


def test_nothing_is_asked_ahead_near_the_budgets_end() -> None:
    assert gate(spent=False).spares() and not gate(spent=True).spares()
