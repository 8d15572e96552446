"""Numbers for the commonest operators, brackets and beginnings of lines, as the learned tables know them."""

from __future__ import annotations

from collections.abc import Mapping

_SIGNS = """. ( ) [ ] { } , : ; = == + - * / -> => :: & | ! < > @ # ?"""
_SIGN_NUMBER: Mapping[str, int] = {sign: number for number, sign in enumerate(_SIGNS.split(), 1)}


def sign_number(text: str) -> int:
    """A number for the commonest operators and brackets; 0 for all else."""
    return _SIGN_NUMBER.get(text, 0)


_BEGINNINGS: Mapping[str, int] = {
    word: number
    for number, words in enumerate(
        (
            "return",
            "if",
            "for foreach while loop",
            "assert",
            "def func fn function fun",
            "class struct type interface enum trait impl",
            "else elif",
            "with using unsafe",
            "try",
            "except catch finally",
            "raise throw",
            "yield",
            "let const var val auto",
            "case match switch default",
            "async await",
            "import from use",
            "pass break continue",
            "pub public private protected static export",
            "self this",
            "@",
        ),
        30,
    )
    for word in words.split()
}


def line_number(text: str) -> int:
    """A number for what a line begins with: the commonest words that begin a statement, then signs; 0 for all else."""
    return _BEGINNINGS.get(text) or sign_number(text)
