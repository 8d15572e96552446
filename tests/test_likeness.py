"""How alike an answer and the truth are, on cases that can be reckoned by hand."""

from __future__ import annotations

import pytest

from editors.headless.likeness import delta_chrf, identifiers, likeness, statement_matches


def check(measure: str, offered: str, truth: str, expected: float, *, before: str = "") -> None:
    top, under = likeness(before, offered, truth)[measure]
    assert top / under == pytest.approx(expected), measure


def test_names_are_compared_as_sets_and_as_a_list() -> None:
    assert identifiers("return size + other('not_this', \"nor it's this\")") == ["size", "other"]
    check("identifier F1", "total(size, size)", "total(width)", 2 * 1 / (2 + 2))
    check("identifier F1", "size(total)", "total(size)", 1.0)
    check("identifier EM", "size(total)", "total(size)", 0.0)
    check("identifier EM", "total( size )  # 3", "total(size)", 1.0)
    check("identifier F1", "", "total", 0.0)
    assert "identifier F1" not in likeness("", "1 + 2", "3") and "identifier EM" not in likeness("", "name", "3")


def test_white_space_is_read_as_repobench_reads_it() -> None:
    check("RepoBench EM", " a  = b", "a = b", 1.0)
    check("RepoBench EM", "a=b", "a = b", 0.0)
    check("RepoBench ES", " ab", "ab", 4 / 5)


def test_the_beginning_is_measured() -> None:
    check("matched ratio", "total = size", "total + width", 6 / 13)
    check("matched ratio", "total", "total + 1", 5 / 9)
    check("matched ratio", "", "total", 0.0)
    check("first 3 tokens", "a.b(c)", "a.b[c]", 1.0)
    check("first 3 tokens", "a.c(c)", "a.b(c)", 0.0)
    check("first 3 tokens", "a.", "a.", 1.0)
    check("first 3 tokens", "a.b", "a.", 0.0)


def test_words_that_stay_are_kept() -> None:
    check("kept rate", "total = size + size", "total = width + size", (5 + 1 + 1 + 4) / (5 + 1 + 4 + 1 + 4))
    check("kept rate", "wrong", "right", 0.0)
    assert "kept rate" not in likeness("", "  ", "right")


def test_changes_are_compared_by_runs_of_characters() -> None:
    assert delta_chrf("x", "x", "x") == 1.0
    assert delta_chrf("ab", "abc", "abc") == 1.0
    assert delta_chrf("ab", "ab", "abc") == 0.0
    assert delta_chrf("ab", "ba", "ab") == 0.0, "nothing was to change"
    # One new run of 1 is right, of two said (d, e) and two meant (d, f); of 2, "cd" of two each; of 3 "bcd", of 4 "abcd".
    assert delta_chrf("abc", "abcde", "abcdf") == pytest.approx((1 / 2 + 1 / 2 + 1 / 2 + 1 / 2 + 0) / 5)


@pytest.mark.parametrize(
    ("offered", "truth", "language", "same"),
    [
        ("call(a,\n  b)\nrest()", "call(a,\nb)\nother()", "python", True),
        ("x = 1  # why", "x = 1", "python", True),
        ("x = 1", "x = 2", "python", False),
        ("if (a) {\n  return 1;", "if (a) { // so\n  return 2;", "java", True),
        ("let a = 1; let b", "let a = 1;", "typescript", True),
        ("let a = 1", "let a = 1;", "typescript", False),
    ],
)
def test_one_statement_is_compared(offered: str, truth: str, language: str, same: bool) -> None:
    assert statement_matches(offered, truth, language) is same
