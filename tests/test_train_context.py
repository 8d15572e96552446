"""The regression behind the weights of the context engine finds them, also of a sign that hardly any name has."""

from __future__ import annotations

import numpy as np
import pytest

from tools.train_context import KEPT, fit


def test_a_rare_sign_that_tells_much_gets_its_weight() -> None:
    """The step that a rare sign asks for is far too long; cut to a fixed length, it was taken and taken back for ever."""
    chance = np.random.default_rng(1)
    rows = np.stack([chance.random(20_000) < 0.01, chance.random(20_000), np.zeros(20_000)], axis=1).astype(float)
    needed = (chance.random(20_000) < np.where(rows[:, 0] > 0, 0.7, 0.01)).astype(float)
    bias, weights = fit(rows, needed)
    likely = np.log(0.7 / 0.3 * KEPT)
    assert bias + weights[0] + weights[1] / 2 == pytest.approx(likely, abs=0.5)
    assert weights[1] == pytest.approx(0, abs=0.5) and weights[2] == 0
