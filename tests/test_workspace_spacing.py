"""White space between tokens that were never seen side by side."""

from __future__ import annotations

import pytest

from backends.workspace.spacing import spaced


@pytest.mark.parametrize(
    ("before", "text", "loose", "expected"),
    [
        ("=", "value", True, True),
        ("=", "value", False, False),
        (",", "value", False, True),
        ("(", "value", False, False),
        (".", "value", False, False),
        ("return", "value", True, True),
        ("value", "+", True, True),
        ("value", ")", True, False),
        ("value", ",", True, False),
        ("value", "(", True, False),
        (")", "->", False, True),
        ("not", "value", True, True),
    ],
)
def test_white_space_is_put_where_programmers_put_it(before: str, text: str, loose: bool, expected: bool) -> None:
    assert spaced(before, text, loose) is expected
