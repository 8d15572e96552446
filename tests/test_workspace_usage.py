"""Where the words around the cursor are used."""

from __future__ import annotations

import numpy as np

from backends.workspace.lexer import SAME
from backends.workspace.usage import NEVER, usage_of


def test_words_know_how_long_ago_they_were_used_and_how_often() -> None:
    usage = usage_of(np.array([10, 11, SAME, 12, 10, 13], np.int32), np.array([14, 12, 14], np.int32), 1)
    assert usage.last == {10: 4, 11: 1, SAME: 2, 12: 3, 13: 5} and usage.times[10] == 2 and usage.times[13] == 1
    assert usage.ago(np.array([10, 9, 13, 99], np.int32)).tolist() == [2, NEVER, 1, NEVER]
    assert usage.ahead == {14: 1, 12: 2}
    assert usage.above == (12, 10, 13)


def test_in_an_empty_file_nothing_was_used() -> None:
    nothing = np.empty(0, np.int32)
    usage = usage_of(nothing, nothing, 0)
    assert usage.last == usage.ahead == {} and usage.above == ()
    assert usage.ago(np.array([10], np.int32)).tolist() == [NEVER]
