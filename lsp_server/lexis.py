"""Brackets and strings of source text, read by a light lexer that needs no grammar and forgives broken code.

Rules ask small questions of a few dozen lines: which brackets are open here, does this answer close one of them, does
this line lie inside a string. A parse of a half-typed file answers these badly, so this is lexical. It knows the comment
and string forms of language families; what it does not know it reads as plain text with brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

CLOSER_OF: Mapping[str, str] = {"(": ")", "[": "]", "{": "}", "<": ">"}
"""Kinds of brackets. In markup "<" stands for a whole opening tag and ">" for a whole closing one."""
OPENER_OF: Mapping[str, str] = {closer: opener for opener, closer in CLOSER_OF.items()}


def _languages(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SLASHES = _languages(
    "c cpp csharp dart fsharp fs go groovy java javascript javascriptreact jsonc kotlin less objective-c php proto rust sass "
    "scala scss solidity svelte swift typescript typescriptreact vue zig"
)
_HASHES = _languages(
    "coffeescript crystal dockerfile elixir graphql julia makefile nim perl php python r ruby shellscript toml yaml"
)
_DASHES = _languages("ada elm haskell lua purescript sql vhdl")
_SEMICOLONS = _languages("clojure elisp ini lisp racket scheme")
_PERCENTS = _languages("erlang latex matlab prolog")

_TICK_IS_NOT_A_QUOTE = _languages(
    "rust haskell ocaml fsharp fs clojure lisp elisp racket scheme elm purescript ada vhdl"
)
_BACKTICK_STRINGS = _languages("javascript javascriptreact typescript typescriptreact svelte vue go")
TRIPLE_QUOTES = _languages("python scala kotlin java swift julia dart groovy elixir csharp")
"""Languages in which three quotes open a string of several lines."""

MARKUP = _languages("html xml xhtml svg vue svelte astro")
"""Languages of tags; what is in quotes there is in a tag."""

PROSE = _languages("markdown plaintext restructuredtext latex asciidoc text csv tsv git-commit")
"""Languages whose text is not code: quotes and comment marks mean nothing in them."""

BY_INDENTATION = _languages("python yaml haskell fsharp fs nim coffeescript sass pug haml elm purescript makefile")
"""Languages in which a block ends where the indentation falls back, with no closing word or bracket."""

BY_END_WORD = _languages("ruby lua julia elixir shellscript crystal matlab fish vb")
"""Languages in which a word of its own line closes a block."""

END_WORD = re.compile(r"(?:end|fi|done|esac|end\w*)\b[\s,;)]*$")

# A clause that goes on with a statement which its own indentation would otherwise have ended.
CLAUSE = re.compile(
    r"[})\]]*\s*(?:elif|else|elsif|elseif|except|finally|catch|rescue|ensure|then|when|and|or|in|of|where)\b|case\b.*[:>]$"
)


class Token(NamedTuple):
    """A bracket at `at`, or an edge of a text-like stretch: `kind` is "(", ")" …, "string" or "comment"; `end` is past it.

    `ended` is False for a stretch that runs to the end of the text and wants its delimiter `delimiter` there.
    """

    kind: str
    at: int
    end: int
    ended: bool = True
    delimiter: str = ""


def tokens(text: str, language: str, within: str = "") -> Iterator[Token]:
    """The brackets and stretches of `text` in order. `within` is the delimiter of a string or comment already open."""
    start = 0
    if within:
        close = _closing(within).search(text)
        if close is None:
            yield Token("string", 0, len(text), False, within)
            return
        start = close.end()
        yield Token("string", 0, start)
    for match in _pattern(language).finditer(text, start):
        kind = match.lastgroup or ""
        at, end = match.span()
        if kind == "bracket":
            yield Token(match[0], at, end)
        elif kind in ("tag", "shut"):
            yield Token("<" if kind == "tag" else ">", at, end)
        elif kind in ("long", "quoted"):
            delimiter = match["delimiter"] if kind == "long" else match["quote"]
            ended = match["closed"] is not None if kind == "long" else match["unquote"] is not None
            if ended or end == len(text):
                yield Token("string", at, end, ended, "" if ended else delimiter)
        elif kind == "block":
            ended = match[0].endswith("*/") and len(match[0]) >= 4
            yield Token("comment", at, end, ended, "" if ended else "*/")
        elif kind == "remark":
            # A line comment ends with its line; at the very end of the text it is still being written.
            yield Token("comment", at, end, end < len(text), "" if end < len(text) else "\n")


@cache
def _closing(delimiter: str) -> re.Pattern[str]:
    if delimiter == "\n":
        return re.compile(r"(?=\n)")
    if delimiter == "*/":
        return re.compile(r"\*/")
    if len(delimiter) == 1 and delimiter != "`":
        # A string in one kind of quote ends at its line's end at the latest.
        return re.compile(rf"(?<!\\){re.escape(delimiter)}|(?=\n)")
    return re.compile(rf"(?<!\\){re.escape(delimiter)}")


_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"


@cache
def _pattern(language: str) -> re.Pattern[str]:
    parts = []
    if language in MARKUP:
        parts.append(r"(?P<shut></[\w:.-]+\s*>)")
        parts.append(rf"(?P<tag><(?!(?:{_VOID})\b)[A-Za-z][\w:.-]*(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)?(?<!/)>)")
    elif language not in PROSE:
        if language in TRIPLE_QUOTES:
            parts.append(
                r"(?P<long>(?P<delimiter>\"\"\"|''')(?s:(?:\\.|(?!(?P=delimiter)).)*)(?P<closed>(?P=delimiter))?)"
            )
        elif language in _BACKTICK_STRINGS:
            parts.append(r"(?P<long>(?P<delimiter>`)(?s:(?:\\.|[^`\\])*)(?P<closed>`)?)")
        quotes = '"' if language in _TICK_IS_NOT_A_QUOTE else "\"'"
        parts.append(
            # An apostrophe after a word character is one in prose or in a literal's suffix, not the start of a string.
            rf"(?P<quoted>(?:(?<!\w)(?=')|(?=\"))(?P<quote>[{quotes}])(?:\\[^\n]|(?!(?P=quote))[^\\\n])*(?P<unquote>(?P=quote))?)"
        )
        if language in _TICK_IS_NOT_A_QUOTE:
            parts.append(r"(?:(?<!\w)'(?:\\[^'\n]+|[^'\\\n])')")
        if language in _SLASHES or language == "css":
            parts.append(r"(?P<block>/\*(?s:.*?)(?:\*/|\Z))")
        marks = [
            mark
            for mark, family in (
                ("(?<!:)//", _SLASHES),
                (r"(?<![\w$&])\#(?!\[)", _HASHES),
                ("--", _DASHES),
                (";", _SEMICOLONS),
                ("%", _PERCENTS),
            )
            if language in family
        ]
        if marks:
            parts.append(rf"(?P<remark>(?:{'|'.join(marks)})[^\n]*)")
    parts.append(r"(?P<bracket>[()\[\]{}])")
    return re.compile("|".join(parts))
