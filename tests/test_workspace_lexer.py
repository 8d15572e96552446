"""Text to tokens, and an open file's tokens kept up to date."""

from __future__ import annotations

import random

import pytest

from backends.workspace.document import Document
from backends.workspace.lexer import HOLE, IN, OUT, OUT2, SAME, Lexer, dialect_of, quote_left_open
from backends.workspace.vocabulary import Vocabulary

NAMES = {HOLE: "HOLE", SAME: "SAME", IN: "IN", OUT: "OUT", OUT2: "OUT2"}


def lexed(text: str, language: str) -> str:
    vocabulary = Vocabulary()
    found = Lexer(dialect_of(language), vocabulary.intern).lex(text)
    return " ".join(vocabulary.text(token) or NAMES[token] for token in found.tokens)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "def f(x):  # why\n    '''doc'''\n    return x\n", "def f ( x ) : IN return x"),
        ("python", "if a:\n  if b:\n    c\nd\n", "if a : IN if b : IN c OUT d"),
        ("python", "x = '''long\nstring'''\ny", "x = HOLE SAME y"),
        ("python", "x = '" + "a" * 60 + "'", "x = HOLE"),
        ("python", "a\n\n    # note\n\nb", "a SAME b"),
        ("python", "f\"{a}\" != b'c'", "f\"{a}\" != b'c'"),
        ("rust", "fn f<'a>(x: &'a str) -> char { 'x' }", "fn f < 'a > ( x : & 'a str ) -> char { 'x' }"),
        ("typescript", "a?.b ?? `t`; // c\n/* d\n */ x => y", "a ?. b ?? `t` ; SAME x => y"),
        ("go", "x := <-c\n\ty", "x := <- c IN y"),
        ("c", "a->b; /* open", "a -> b ;"),
        ("unheard-of", "a+=1", "a += 1"),
    ],
)
def test_text_is_cut_as_a_programmer_reads_it(language: str, text: str, expected: str) -> None:
    assert lexed(text, language) == expected


@pytest.mark.parametrize(
    ("piece", "left_open"), [('"abc', True), ('"abc"', False), ('"a\\"', True), ('"a\\\\"', False), ("rb'", True)]
)
def test_an_open_quote_is_seen(piece: str, left_open: bool) -> None:
    assert quote_left_open(piece) is left_open


SOURCE = '''import os

def first(a, b):
    """What it does,
    at length."""
    return a + b


class Second:
    name = "x"

    def third(self):
        # a remark
        if self.name:
            return first(1, 2)
'''

TYPED = ("", "x", "\n", "\n    foo(bar)\n", "  ", '"', "# c\n", "y = 1", "\n\n\n", '"""', "\t", "\r\n")


@pytest.mark.parametrize("seed", range(12))
def test_tokens_after_edits_are_those_of_a_fresh_reading(seed: int) -> None:
    chance = random.Random(seed)
    vocabulary = Vocabulary()
    lexer = Lexer(dialect_of("python"), vocabulary.intern)
    document, text = Document(SOURCE, lexer, str), SOURCE
    for _ in range(25):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 0, 0, 1, 3, 30)))
        text = text[:start] + chance.choice(TYPED) + text[end:]
        document.update(text)
        fresh = Document(text, lexer, str)
        assert document.tokens.tolist() == fresh.tokens.tolist()
        assert document.at.tolist() == fresh.at.tolist()
        assert document.space.tolist() == fresh.space.tolist()


def test_lines_that_were_typed_are_marked_fresh() -> None:
    vocabulary = Vocabulary()
    document = Document(SOURCE, Lexer(dialect_of("python"), vocabulary.intern), str)
    document.update(SOURCE.replace("    return a + b\n", "    total = a + b\n    return total\n"))
    fresh = [vocabulary.text(t) for t, new in zip(document.tokens, document.fresh, strict=True) if new]
    assert "total" in fresh and "class" not in fresh
