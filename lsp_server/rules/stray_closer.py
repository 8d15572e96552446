"""A closing bracket that closes nothing, neither of the answer nor before the cursor: models close once more than they opened."""

from __future__ import annotations

import re

from lsp_server.lexis import CLOSER_OF, OPENER_OF, PROSE, tokens
from lsp_server.place import Place
from lsp_server.rules.replaces import replaced
from lsp_server.rules.verdict import Drop

_LONE_CLOSERS = frozenset({"shellscript", "makefile", "fish", "latex"})
"""Languages in which a closing bracket may stand without an opening one."""

_ENDS_STATEMENT = re.compile(r"[ \t]*[;,:]?[ \t]*$")
MOST = 3


def stray_closer(text: str, place: Place) -> str | Drop:
    if place.within or place.language in PROSE or place.language in _LONE_CLOSERS or not place.knows_openers:
        return text
    for _ in range(MOST):
        at = _first_stray(text, place)
        if at is None:
            break
        before, rest = text[:at].rstrip(" \t"), text[at + 1 :]
        if before.endswith("\n"):  # of a line that begins with it, nothing is left but marks
            rest = rest[rest.find("\n") + 1 :] if "\n" in rest else ""
        text = before + rest
    return text


def _first_stray(text: str, place: Place) -> int | None:
    """Offset of the first closer at a line's end that has nothing to close. Braces count only where another bracket is open: a
    block may have begun further up than is looked at."""
    openers = [opener.kind for opener in place.openers(replaced(text, place))]
    for token in tokens(text, place.language):
        if token.kind in CLOSER_OF:
            openers.append(token.kind)
        elif token.kind in OPENER_OF:
            if openers and openers[-1] == OPENER_OF[token.kind]:
                openers.pop()
            elif token.kind in ")]" and _ENDS_STATEMENT.match(text[token.at + 1 :].partition("\n")[0]):
                return token.at
            else:
                return None
    return None
