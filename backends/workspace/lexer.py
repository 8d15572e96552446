"""Text to tokens, as a programmer sees them: words, numbers, whole strings, operators, and line ends with their indent.

One regular expression per family of languages, because a million lines must be lexed in seconds: walking a syntax tree
for its leaves costs about ten times as much and yields the same tokens. Comments and docstrings are dropped. Long
strings and numbers become `HOLE`: they are seen, never learned and never offered.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FILE, HOLE, SAME, IN, OUT, OUT2, OUT3 = range(7)
"""Token ids that stand for no text: the border of a file, a hole, and a line's end with the step of the next indent."""
FIRST_WORD = 8
"""The least id of a token that has text."""

HIDDEN = "\x01"
"""Stands, character for character, in the place of a masked secret."""

MAX_STRING, MAX_WORD, MAX_NUMBER = 48, 64, 12

_SPACE, _SKIP, _NEWLINE = -1, -2, -1000

_STRING = r"""[rRbBuUfF]{0,2}(?:"(?:[^"\\\r\n]|\\.)*"?|'(?:[^'\\\r\n]|\\.)*'?)"""
_TRIPLE = r'''[rRbBuUfF]{0,2}(?:"""(?:[^\\]|\\[\s\S])*?(?:"""|\Z)|\'\'\'(?:[^\\]|\\[\s\S])*?(?:\'\'\'|\Z))'''
_BACKTICK = r"`(?:[^`\\]|\\[\s\S])*`?"
_BLOCK = r"/\*[\s\S]*?(?:\*/|\Z)"
_WORD = r"[^\W\d]\w*|\d\w*(?:\.\d\w*)?"
_WHITE = HIDDEN + r"+|[ \t\f\v]+|\\\r?\n|(?:\r\n|\n|\r)[ \t\r\n\f]*"
_C_OPERATOR = r"=>|->|::|\+\+|--|&&|\|\||\?\?|\?\.|===|!==|:=|<-|\.\.[.=]?|<<=?|[-+*/%&|^=<>!]=|."
_PY_OPERATOR = r"->|:=|\*\*|//|<<|[-+*/%&|^@=<>!]=|\.\.\.|."


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a family of languages is cut. `delimiters` open or close what may span lines; `unit` is the usual indent."""

    name: str
    pattern: re.Pattern[str]
    comments: tuple[str, ...]
    delimiters: tuple[str, ...]
    unit: int = 4

    @property
    def number(self) -> int:
        """Its number in the learned tables."""
        return _NUMBERED.index(self.name)


_NUMBERED = ("python", "c", "script", "jvm", "go", "rust", "hash", "dash", "prose")


def _dialect(
    name: str,
    *parts: str,
    comments: tuple[str, ...] = (),
    delimiters: tuple[str, ...] = (),
    unit: int = 4,
) -> Dialect:
    return Dialect(name, re.compile("|".join((_WHITE, *parts))), comments, delimiters, unit)


_PYTHON = _dialect(
    "python",
    r"#[^\r\n]*",
    _TRIPLE,
    _STRING,
    _WORD,
    _PY_OPERATOR,
    comments=("#",),
    delimiters=('"""', "'''"),
)
_C_COMMENTS = (r"//[^\r\n]*", _BLOCK)
_C = _dialect("c", *_C_COMMENTS, _STRING, _WORD, _C_OPERATOR, comments=("//", "/*"), delimiters=("/*", "*/"))
_SCRIPT = _dialect(
    "script",
    *_C_COMMENTS,
    _STRING,
    _BACKTICK,
    r"[$\w]*[^\W\d][$\w]*|\$[$\w]*|" + _WORD,
    _C_OPERATOR,
    comments=("//", "/*"),
    delimiters=("/*", "*/", "`"),
    unit=2,
)
_JVM = _dialect(
    "jvm",
    *_C_COMMENTS,
    r'"""[\s\S]*?(?:"""|\Z)',
    _STRING,
    _WORD,
    _C_OPERATOR,
    comments=("//", "/*"),
    delimiters=("/*", "*/", '"""'),
)
_GO = _dialect(
    "go",
    *_C_COMMENTS,
    _STRING,
    _BACKTICK,
    _WORD,
    _C_OPERATOR,
    comments=("//", "/*"),
    delimiters=("/*", "*/", "`"),
)
_RUST = _dialect(
    "rust",
    *_C_COMMENTS,
    r"""b?"(?:[^"\\\r\n]|\\.)*"?|b?'(?:\\[^\r\n']*|[^'\\\r\n])'|'\w+""",
    _WORD,
    _C_OPERATOR,
    comments=("//", "/*"),
    delimiters=("/*", "*/"),
)
_HASH = _dialect("hash", r"#[^\r\n]*", _STRING, r"[$@]?[^\W\d]\w*[?!]?|\d[\w.]*", _C_OPERATOR, comments=("#",), unit=2)
_DASH = _dialect("dash", r"--[^\r\n]*", _STRING, _WORD, _C_OPERATOR, comments=("--",), unit=2)
_PROSE = _dialect("prose", r"[^\W_]\w*|.", unit=2)

_BY_LANGUAGE: Mapping[str, Dialect] = {
    "python": _PYTHON,
    "c": _C,
    "cpp": _C,
    "csharp": _JVM,
    "css": _C,
    "scss": _C,
    "go": _GO,
    "java": _JVM,
    "kotlin": _JVM,
    "scala": _JVM,
    "swift": _JVM,
    "dart": _JVM,
    "php": _C,
    "rust": _RUST,
    "javascript": _SCRIPT,
    "javascriptreact": _SCRIPT,
    "typescript": _SCRIPT,
    "typescriptreact": _SCRIPT,
    "svelte": _SCRIPT,
    "vue": _SCRIPT,
    "json": _SCRIPT,
    "jsonc": _SCRIPT,
    "ruby": _HASH,
    "shellscript": _HASH,
    "toml": _HASH,
    "yaml": _HASH,
    "makefile": _HASH,
    "dockerfile": _HASH,
    "r": _HASH,
    "perl": _HASH,
    "elixir": _HASH,
    "lua": _DASH,
    "sql": _DASH,
    "haskell": _DASH,
    "markdown": _PROSE,
    "restructuredtext": _PROSE,
    "plaintext": _PROSE,
    "html": _PROSE,
    "xml": _PROSE,
}


def dialect_of(language: str) -> Dialect:
    """The family of an LSP language id; one like C for what is not known."""
    return _BY_LANGUAGE.get(language, _C)


@dataclass(slots=True)
class Lexed:
    """Tokens of one text. `space` is 1 where white space stands before the token; `at` is the offset of its first
    character; `opaque` are the spans of dropped pieces that cross lines."""

    tokens: array[int] = field(default_factory=lambda: array("i"))
    space: bytearray = field(default_factory=bytearray)
    at: array[int] = field(default_factory=lambda: array("i"))
    opaque: list[tuple[int, int]] = field(default_factory=list)


def indent_step(before: int, after: int, unit: int) -> int:
    """The line-end token for a step from one indent to the next, in columns."""
    if after == before:
        return SAME
    if after > before:
        return IN
    steps = -(-(before - after) // unit)
    return (OUT, OUT2, OUT3)[min(steps, 3) - 1]


def width(indent: str) -> int:
    """Columns of an indent; a tab counts four."""
    return len(indent) + 3 * indent.count("\t")


def quote_left_open(piece: str) -> bool:
    """Whether a string token lacks its closing quote."""
    body = piece.lstrip("rRbBuUfF")
    if not body or body[0] not in "\"'`":
        return False
    return len(body) < 2 or body[-1] != body[0] or (len(body) - len(body[:-1].rstrip("\\")) - 1) % 2 == 1


class Lexer:
    """Lexes one dialect into the ids that `intern` gives out. Keeps what it has seen, so that a known piece costs one
    dictionary look-up."""

    def __init__(self, dialect: Dialect, intern: Callable[[str], int]) -> None:
        self.dialect = dialect
        self._intern = intern
        self._codes: dict[str, int] = {}

    def lex(self, text: str) -> Lexed:
        """`text` begins at the start of a line; no line-end token is due before its first."""
        out = Lexed()
        tokens, space, at = out.tokens, out.space, out.at
        get, unit = self._codes.get, self.dialect.unit
        spaced, offset, line_at = 0, 0, 0
        column = 0  # the indent of the last line with code
        due = -1  # the indent of the line about to begin, -1 inside a line
        for piece in self.dialect.pattern.findall(text):
            code = get(piece)
            if code is None:
                code = self._classify(piece)
            if code >= 0:
                if due >= 0:
                    tokens.append(indent_step(column, due, unit))
                    space.append(0)
                    at.append(line_at)
                    column, due, spaced = due, -1, 0
                tokens.append(code)
                space.append(spaced)
                at.append(offset)
                spaced = 0
            elif code == _SPACE:
                spaced = 1 if tokens else 0
                if offset == 0:
                    column = width(piece)
            elif code <= _NEWLINE:
                if tokens:
                    due, line_at = _NEWLINE - code, offset
                else:
                    column = _NEWLINE - code
                spaced = 0
            else:
                spaced = 1
                if "\n" in piece or "\r" in piece:
                    out.opaque.append((offset, offset + len(piece)))
                if due < 0 and tokens and piece[0] in "\"'rRbBuUfF`":
                    tokens.append(HOLE)
                    space.append(0)
                    at.append(offset)
            offset += len(piece)
        return out

    def _classify(self, piece: str) -> int:
        first = piece[0]
        if first in "\n\r":
            indent = piece[max(piece.rfind("\n"), piece.rfind("\r")) + 1 :]
            code = _NEWLINE - width(indent)
        elif first in " \t\f\v\\" and (piece.isspace() or piece.endswith("\n")):
            code = _SPACE
        elif self._skipped(piece):
            return _SKIP
        elif len(piece) > self._longest(first) or HIDDEN in piece or self._left_open(piece):
            return HOLE
        else:
            code = self._intern(piece)
        self._codes[piece] = code
        return code

    def _skipped(self, piece: str) -> bool:
        """Comments, docstrings, and all that crosses lines."""
        if self.dialect.comments and piece.startswith(self.dialect.comments):
            return True
        return "\n" in piece or "\r" in piece or piece.lstrip("rRbBuUfF").startswith(('"""', "'''"))

    def _left_open(self, piece: str) -> bool:
        lifetime = self.dialect is _RUST and piece[0] == "'"
        return not lifetime and quote_left_open(piece)

    @staticmethod
    def _longest(first: str) -> int:
        if first.isdigit():
            return MAX_NUMBER
        return MAX_WORD if first.isalpha() or first == "_" else MAX_STRING
