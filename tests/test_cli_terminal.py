"""What a terminal is shown cannot steer it."""

from __future__ import annotations

import io

import pytest

from editors.headless.terminal import Ink, folded, visible, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("dos\r\nlines", "dos\nlines"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("over\rwrite", "over\\x0dwrite"),
        ("\x9b31m", "\\x9b31m"),
        ("if a\u202e\u2066b", "if a\\u202e\\u2066b"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("naïve 日本 🙂", "naïve 日本 🙂"),
    ],
)
def test_nothing_that_a_terminal_obeys(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_stays_one_line() -> None:
    assert visible_line("a\n\tb\u2028c") == "a\\n\\tb\\u2028c"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_only_where_it_is_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Ink(Terminal()).dim("a\nb") == "\x1b[90ma\x1b[0m\n\x1b[90mb\x1b[0m"
    assert Ink(io.StringIO()).dim("a") == "a"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Ink(Terminal()).dim("a") == "a"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert Ink(Terminal()).dim("a") == "a"


def test_sentences_break_between_words_and_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = "There is no key for https://api.mistral.ai:443, and so nothing was sent."
    lines = ("." * 15 + folded(text, Terminal(), taken=15, indent=15)).split("\n")
    assert [line[15:] for line in lines] == [
        "There is no key for",
        "https://api.mistral.ai:443,",
        "and so nothing was sent.",
    ]
    assert folded(text, io.StringIO(), taken=15) == text
    assert folded("", Terminal(), taken=3) == ""
    monkeypatch.setenv("COLUMNS", "5")
    assert max(map(len, folded("a " * 40, Terminal()).split("\n"))) <= 24
