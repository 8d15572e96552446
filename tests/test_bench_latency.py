"""The bench of typing sessions: its person, its model and its clock are what they say, and a small run meets the goals."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from context.snapshot import Snapshot
from editors.headless import latency
from editors.headless.fingers import HANDS, Fingers
from editors.headless.imagined import Imagined, Speed
from editors.headless.passage import Passage
from editors.headless.policy import Request
from editors.headless.session import Key, Record
from editors.headless.stage import Timeline
from editors.headless.tally import goals, tally

SOURCE = """\
import math


def area_of_circle(radius):
    squared = radius * radius
    return math.pi * squared


def area_of_square(side):
    return side * side


def volume_of_cube(side):
    return side * side * side
"""


def passage_in(folder: Path) -> Passage:
    file = folder / "shapes.py"
    file.write_text(SOURCE)
    start, end = SOURCE.index("def area_of_square"), SOURCE.index("\n\n\ndef volume")
    return Passage(Snapshot(file.as_uri(), file, "python", 1, SOURCE), start, end, 0.0, (True, True))


def test_events_come_in_the_order_of_their_times() -> None:
    timeline, seen = Timeline(), []
    timeline.at(2.0, lambda: seen.append("late"))
    timeline.at(1.0, lambda: seen.append("early"))
    timeline.off(timeline.at(1.5, lambda: seen.append("never")))
    timeline.at(1.0, lambda: seen.append("second"))
    while timeline.next_at < 3:
        timeline.step()
    assert seen == ["early", "second", "late"]
    assert timeline.now == 2.0


def test_the_same_seed_gives_the_same_hand() -> None:
    def pauses(seed: int) -> list[float]:
        fingers = Fingers(HANDS[1], seed)
        return [fingers.pause("x = ", "a") for _ in range(20)]

    assert pauses(3) == pauses(3) != pauses(4)
    assert all(0 < pause <= 12 for pause in pauses(3))


def test_neighbouring_answers_of_the_model_agree(tmp_path: Path) -> None:
    passage = passage_in(tmp_path)
    model = Imagined(passage, Speed(0.1, 50), seed=1)
    head = SOURCE[: passage.start]
    first = "".join(model.answer(head + passage.text[:4], 100))
    second = "".join(model.answer(head + passage.text[:5], 100))
    assert first[1:30] == second[:29]
    assert model.answer("nothing of the kind", 100) == ["unsure"]
    assert len(model.answer(head, 3)) == 3


def test_a_key_that_loses_agreeing_ghost_text_is_a_flicker() -> None:
    along = [
        Key(False, "bc", 0.001),
        Key(False, "c", 0.3, fresh=True),
        Key(False, "", 0.2, fresh=True),
        Key(False, "x"),
    ]
    found = tally([Record(along, accepted=10, accepts=0)], [Request(100, tokens=20, seen=True), Request(100, tokens=5)])
    assert found.flickers == 2
    assert found.through == pytest.approx(1 / 3)
    assert found.wasted == 1
    assert found.tokens_per_character == 22.5
    assert found.fresh_p50 == 250


def test_a_policy_that_is_silent_does_not_win() -> None:
    silent = tally([Record([Key(False, "")], accepted=0)], [])
    talking = tally([Record([Key(True, "", 0.1)], accepted=100)], [Request(10)] * 9)
    assert not goals(silent, talking)[0].met
    assert goals(talking, silent)[0].met


def test_the_table_fits_a_terminal_and_the_verdict_names_the_cells() -> None:
    busy = tally([Record([Key(accept=True, expected="x", waited=1.234)] * 9999, 99999)], [])
    cell = {"speed": "1000 ms, 100/s", "baseline": busy, "infill": busy}
    assert all(len(line) <= 100 for line in latency.table_of(cell, head=True).splitlines())
    assert all(len(line) <= 100 for line in latency.LEGEND.splitlines())
    slow = {**cell, "goals": [{"goal": "no flicker", "met": False}, {"goal": "few requests", "met": True}]}
    fast = {
        "speed": "100 ms, 50/s",
        "goals": [{"goal": "no flicker", "met": True}, {"goal": "few requests", "met": True}],
    }
    assert latency.verdict([slow, fast]).splitlines() == [
        "missed: no flicker, with a model of 1000 ms, 100/s",
        "1 of 2 goals against the baseline are met at every speed of the model.",
    ]


def test_a_small_run_through_the_real_server_meets_the_goals(tmp_path: Path) -> None:
    passage, speed = passage_in(tmp_path), Speed(0.3, 150)
    results = {name: latency.session(name, passage, speed, seed=1) for name in ("baseline", "infill")}
    baseline, ours = (tally([record], requests) for record, requests in results.values())
    assert ours.flickers == 0
    assert ours.accepted >= baseline.accepted
    assert ours.requests < baseline.requests
    assert ours.visible_p50 < baseline.visible_p50


def test_a_longer_file_holds_the_same_passage(tmp_path: Path) -> None:
    passage = passage_in(tmp_path)
    longer = latency.lengthened(passage, 1_000)
    assert longer.text == passage.text
    assert len(re.findall("\n", longer.snapshot.text)) >= 1_000
