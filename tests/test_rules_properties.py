"""What holds for any document, cursor and answer, however mixed their line ends, tabs, emoji and combining characters."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from context.snapshot import Cursor, Snapshot
from context.syntax import Trees
from lsp_server.cutter import Cutter
from lsp_server.extent import extent_at
from lsp_server.place import Place, plain
from lsp_server.rules import RULES, Drop, Shown, apply, explain
from tests.processor import seconds

LANGUAGES = (
    "python",
    "typescript",
    "typescriptreact",
    "go",
    "rust",
    "java",
    "c",
    "ruby",
    "json",
    "yaml",
    "markdown",
    "",
)
PIECES = st.sampled_from(
    [
        *("\n", "\r\n", "\r", "\t", "    ", "  ", " ", "{", "}", "(", ")", "[", "]", ";", ","),
        *('"', "'", "`", '"""', "//", "#", "/*", "*/", "\\", "<b>", "</b>", "=> ", "- ", "```"),
        *("if x:", "else:", "end", "def f", "return x", "x = 1", "foo", "<|endoftext|>", "Here is the code:"),
        *(
            "😀",
            "e\u0301",
            "👩\u200d👩\u200d👧",
            "\u200b",
            "\u202e",
            "\ufeff",
            "שלום",
            "नमस्ते",
            "\x0c",
            "\u2028",
            "\x00",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)
LINES = st.lists(
    st.sampled_from(["    a = 1", "a = 1", "  b(c)", "}", "\tif (a) {", "", "end", "    return a", ")", "x,", '"""']),
    max_size=12,
)
CODE = st.builds("\n".join, LINES)


def drawn(before: str, after: str, language: str) -> Cursor:
    """No editor puts its cursor between the two halves of a line's end."""
    assume(not (before.endswith("\r") and after.startswith("\n")))
    return cursor(before, after, language)


def cursor(before: str, after: str, language: str) -> Cursor:
    return Cursor(Snapshot("file:///p/a", Path("/p/a"), language, 1, before + after), len(before))


def client_applies(document: str, offset: int, shown: Shown) -> str:
    """An editor that knows nothing of rules: line and column in, text over the range."""
    line = document[:offset].count("\n")
    start = document.rfind("\n", 0, offset) + 1
    lines = document.split("\n")
    column = offset - start
    lines[line] = lines[line][:column] + shown.text + lines[line][column + shown.replaces :]
    return "\n".join(lines)


@given(TEXTS | CODE, TEXTS | CODE, TEXTS | CODE, st.sampled_from(LANGUAGES))
@settings(max_examples=250, deadline=None)
def test_the_edit_gives_prefix_text_and_what_it_does_not_replace(
    before: str, after: str, answer: str, language: str
) -> None:
    at = drawn(before, after, language)
    result = apply(answer, at, parsed=Trees().parsed(at.snapshot))
    if isinstance(result, Drop):
        assert result.reason
        return
    assert result.text.strip()
    assert 0 <= result.replaces <= len(at.line_after)
    assert not set("\r\n") & set(after[: result.replaces])
    assert client_applies(before + after, len(before), result) == before + result.text + after[result.replaces :]


@given(TEXTS | CODE, TEXTS | CODE, TEXTS | CODE, st.sampled_from(LANGUAGES))
@settings(max_examples=250, deadline=None)
def test_what_is_inserted_has_the_terminators_of_the_file(before: str, after: str, answer: str, language: str) -> None:
    for terminator in ("\n", "\r\n"):
        at = drawn(
            plain(before).replace("\n", terminator) + terminator, plain(after).replace("\n", terminator), language
        )
        result = apply(answer, at)
        if isinstance(result, Shown):
            assert "\r" not in result.text.replace(terminator, "")
            assert "\n" not in result.text.replace(terminator, "")


@given(TEXTS | CODE, TEXTS | CODE, TEXTS | CODE, st.sampled_from(LANGUAGES))
@settings(max_examples=250, deadline=None)
def test_every_rule_applied_twice_gives_what_it_gives_once(before: str, after: str, answer: str, language: str) -> None:
    at = drawn(before, after, language)
    place = Place(at, extent_at(at))
    text = plain(answer)
    for rule in RULES:
        once = rule(text, place)
        if isinstance(once, Drop):
            return
        assert rule(once, place) == once, rule.__name__
        text = once


@given(TEXTS | CODE, TEXTS | CODE, TEXTS | CODE, st.sampled_from(LANGUAGES))
@settings(max_examples=250, deadline=None)
def test_a_cutter_loses_nothing_and_never_fails(before: str, after: str, answer: str, language: str) -> None:
    at = drawn(before, after, language)
    cutter = Cutter(at, extent_at(at))
    fed = ""
    for start in range(0, len(answer), 3):
        fed += answer[start : start + 3]
        if cutter.feed(answer[start : start + 3]):
            break
    assert cutter.text + cutter.rest == fed
    apply(cutter.text, at)


@given(TEXTS, TEXTS, TEXTS, st.sampled_from(LANGUAGES))
@settings(max_examples=250, deadline=None)
def test_explain_tells_what_apply_does(before: str, after: str, answer: str, language: str) -> None:
    at = drawn(before, after, language)
    result, last = apply(answer, at), explain(answer, at)[-1]
    if isinstance(result, Drop):
        assert last.after == result
    else:
        assert last.rule == "replaces"
        assert isinstance(last.after, str)


def test_a_rule_costs_the_same_in_a_long_file() -> None:
    function = "def f(a):\n    if a:\n        return [a, (1, 2)]\n    return None\n\n\n"
    short, long = function * 40, function * 2_000

    def cost(document: str) -> float:
        at = document.index("return None", len(document) // 2)
        text = document[:at] + "\n" + document[at:]
        places = (Cursor(Snapshot("file:///p/a", None, "python", 1, text), at) for _ in range(9))
        return seconds(lambda: apply("b = compute(a)\n    return b\n", next(places)), tries=9)

    assert cost(long) < 4 * cost(short)


def test_a_cut_is_counted_in_the_answer_as_it_came() -> None:
    at = cursor("def f():\r\n    ", "\r\n", "python")
    cutter = Cutter(at, extent_at(at))
    pieces = iter(["a = 1\r", "\n    b = 2\r\n", "    return b\r\n\r\n", "def g():\r\n"])
    assert any(cutter.feed(piece) for piece in pieces)
    assert cutter.text == "a = 1\r\n    b = 2\r\n    return b"
    assert cutter.rest.startswith("\r\n\r\ndef")


@pytest.mark.parametrize(
    ("piece", "most"), [("\n", 22), ("\n" * 50, 1), ("(\n", 402), ("a + ", 4_001), ("x" * 99_999, 1)]
)
def test_an_answer_without_end_is_not_read_to_its_end(piece: str, most: int) -> None:
    at = cursor("x = ", "\n", "python")
    cutter = Cutter(at, extent_at(at))
    assert any(cutter.feed(piece) for _ in range(most))
    assert len(cutter.text) <= 16_000


def test_half_of_a_surrogate_pair_is_not_offered() -> None:
    assert isinstance(apply("smile('\ud83d')", cursor("x = ", "\n", "python")), Drop)
