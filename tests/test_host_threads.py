"""The number of threads is the smallest that is about as fast as any."""

from __future__ import annotations

import pytest

from backends.host import threads
from backends.host.threads import candidates, fastest
from tests.fake_clock import FakeClock


@pytest.mark.parametrize(
    ("processors", "tried"),
    [
        (1, [1]),
        (2, [1, 2]),
        (3, [1, 2]),
        (4, [1, 2, 3]),
        (8, [1, 2, 4, 7]),
        (9, [1, 2, 4, 8]),
        (64, [1, 2, 4, 8, 16, 32, 63]),
    ],
)
def test_which_numbers_are_tried(processors: int, tried: list[int]) -> None:
    assert candidates(processors) == tried


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ({1: 9.0, 2: 5.0, 4: 3.0, 7: 2.0}, 7),
        ({1: 9.0, 2: 5.0, 4: 4.9, 7: 8.0}, 2),
        ({1: 1.0, 2: 4.0, 4: 4.0, 7: 4.0}, 1),
    ],
)
def test_more_threads_must_be_worth_it(seconds: dict[int, float], chosen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, used = FakeClock(), []
    monkeypatch.setattr(threads, "use_threads", used.append)

    def work() -> None:
        clock._now += seconds[used[-1]] * (1.5 if clock._now % 2 > 1 else 1.0)

    assert fastest(work, 8, clock) == chosen
    assert used[-1] == chosen
