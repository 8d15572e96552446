"""An answer that begins by saying again the end of the cursor's line, or all of it: that part goes.

Models that were trained to chat start the line again, or the word that is being typed. Much of what stands twice is meant,
though: `f(f(x))`, `datetime.datetime`, `a, a`. So a repeated part goes only if it is one that code never says twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.lexis import PROSE
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop

_NEVER_TWICE = re.compile(
    r"(?:return|if|elif|while|for|switch|match|case|throw|raise|defer|yield|await|import|from|let|const|var|val|def|fn|func"
    r"|function|class|struct|assert|with|catch|except|foreach|use|using|package)\b"
)
"""Words that begin a statement and never follow themselves, so that a second one says the line again."""

_NEVER_TWICE_INSIDE = re.compile(
    r"(?:new|await|in|of|as|extends|implements|instanceof|typeof|else|lambda|yield|return)"
)
"""The same for words further inside of a statement."""

_WITHOUT_ITSELF = re.compile(r"(?:self|this|cls|document|window|console)\.")
"""Names that are no member of themselves."""

_ASSIGNS = re.compile(r"[^\W\d][\w.\[\]]*\s*[-+*/|:]?=")
_OPERATOR = re.compile(r"(?:[-+/%|?:=]|[=!<>+*/-]=|[=-]>|&&|\|\||:=|\?\?)")
_COMMENT_MARK = re.compile(r"#+|//+!?|--+|;+|%+|\*")
_SEVERAL_WORDS = re.compile(r"[^\W\d]\w*\W+\w")

_ONE_DOT = re.compile(r"c|cpp|go|java|(?:java|type)script(?:react)?|objective-c|python")
"""Languages in which two dots after a name mean nothing."""

LONGEST = 200
"""Characters of the line before the cursor that are looked for in the answer."""


def line_echo(text: str, place: Place) -> str | Drop:
    said, line = text.lstrip(" \t"), place.before.strip()
    if said.rstrip() == line and (_ASSIGNS.fullmatch(line) or _NEVER_TWICE.fullmatch(line)):
        return Drop("it only says the cursor's line again")
    for tail in _tails(place.before.rstrip()[-LONGEST:]):
        rest = said[len(tail) :]
        if said.startswith(tail) and rest.strip() and not rest.startswith("\n") and _is_echo(tail, rest, place):
            return line_echo(rest.lstrip(" \t") if _spaced(place) else rest, place)
    return text


def _tails(line: str) -> Iterator[str]:
    """What `line` ends with from each of its words and marks on, longest first."""
    former = ""
    for at, character in enumerate(line):
        if not character.isspace() and not (_is_word(former) and _is_word(character)):
            yield line[at:]
        former = character


def _is_echo(tail: str, rest: str, place: Place) -> bool:
    """Nobody writes `tail` twice here. `rest` is what the answer goes on with."""
    whole = tail == place.before.strip()
    if place.within == "\n":
        marks = _COMMENT_MARK.fullmatch(tail) is not None and rest[0] != tail[0]
        return (marks and (_spaced(place) or len(tail) > 1)) or (whole and len(tail) >= 6 and _is_word(tail[-1]))
    if place.within == "*/":
        return tail == "*" and whole and _spaced(place) and rest[0] in " \t"
    if place.within:
        return tail == place.within and len(tail) == 1 and _is_word(rest[0])
    if _spaced(place) and _is_word(tail[-1]) and _is_word(rest[0]):
        return False  # `import importlib`
    if whole and (_NEVER_TWICE.match(tail) or _ASSIGNS.fullmatch(tail) or (len(tail) >= 6 and not tail.isalnum())):
        return True
    if _SEVERAL_WORDS.match(tail) and len(tail) >= 8:
        return tail[-1] in ".(=" or (_is_word(tail[-1]) and not _spaced(place))
    if place.language in PROSE or place.language == "yaml":
        return False
    if _spaced(place):
        return _NEVER_TWICE_INSIDE.fullmatch(tail) is not None or (
            _OPERATOR.fullmatch(tail) is not None and rest[0] in " \t"
        )
    if tail == ".":
        return (
            _ONE_DOT.fullmatch(place.language) is not None
            and re.search(r"[^\W\d]\w*\.$|\)\.$", place.before) is not None
            and _is_word(rest[0])
        )
    if _WITHOUT_ITSELF.fullmatch(tail):
        return True
    # The word that is being typed, said from its beginning.
    return tail.isidentifier() and len(tail) >= 3 and len(set(tail)) > 1


def _spaced(place: Place) -> bool:
    return place.before[-1:] in (" ", "\t")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
