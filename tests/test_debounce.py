"""How long an automatic request waits: orders and bounds, not exact milliseconds."""

from __future__ import annotations

from lsp_server.debounce import Rhythm, wait
from lsp_server.eagerness import DIALS, Eagerness
from lsp_server.settings import OPTIONS
from tests.fake_clock import FakeClock
from tests.marks import cursor_in

NORMAL = DIALS[Eagerness.NORMAL]


async def typist(between: float, keys: int = 30) -> tuple[Rhythm, FakeClock]:
    clock = FakeClock()
    rhythm = Rhythm(clock)
    for _ in range(keys):
        await clock.advance(between)
        rhythm.key()
    return rhythm, clock


async def test_a_fast_typist_is_waited_for_less() -> None:
    (fast, _), (slow, _) = await typist(0.08), await typist(0.3)
    assert wait(cursor_in("x = y ‸"), fast, NORMAL) < wait(cursor_in("x = y ‸"), slow, NORMAL)


async def test_a_new_line_waits_least_and_a_word_most() -> None:
    rhythm, _ = await typist(0.15)
    new_line, trigger, space, word = (
        wait(cursor_in(place), rhythm, NORMAL) for place in ("    ‸", "items.‸", "return ‸", "ret‸")
    )
    assert new_line == trigger < space < word


async def test_the_dial_orders_the_waits() -> None:
    rhythm, _ = await typist(0.15)
    low, normal, high = (wait(cursor_in("return ‸"), rhythm, DIALS[dial]) for dial in Eagerness)
    assert low > normal > high


async def test_time_already_spent_counts() -> None:
    rhythm, clock = await typist(0.15)
    before = wait(cursor_in("return ‸"), rhythm, NORMAL)
    await clock.advance(0.1)
    assert abs(before - wait(cursor_in("return ‸"), rhythm, NORMAL) - 0.1) < 1e-9
    await clock.advance(5)
    assert wait(cursor_in("return ‸"), rhythm, NORMAL) == 0


async def test_a_pause_for_thought_is_not_rhythm() -> None:
    rhythm, clock = await typist(0.1)
    await clock.advance(60)
    rhythm.key()
    assert abs(rhythm.between_keys - 0.1) < 0.01


def test_the_numbers_behind_the_dial_are_the_documented_ones() -> None:
    [doc] = [option.doc for option in OPTIONS if option.name == "eagerness"]
    low, normal, high = (DIALS[position] for position in Eagerness)
    assert f"{low.floor:.0%}, {normal.floor:.0%} or {high.floor:.0%}".replace("%", " %") in doc
    assert f"{low.patience}, {normal.patience} or {high.patience} of" in doc
    for shortest_or_longest in ("shortest", "longest"):
        waits = [f"{1000 * getattr(dial, shortest_or_longest):.0f}" for dial in (low, normal, high)]
        assert f"{waits[0]}, {waits[1]} or {waits[2]}" in doc
