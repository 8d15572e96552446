"""A closing bracket alone is only worth showing where it stands under the line that opened it; other lone marks never are."""

from __future__ import annotations

import re

from lsp_server.lexis import OPENER_OF
from lsp_server.place import Place, width
from lsp_server.rules.verdict import Drop

_MARKS = re.compile(r"[\s)\]}>;,.:'\"`]*")


def lone_bracket(text: str, place: Place) -> str | Drop:
    if not place.fresh or place.within or "\n" in text or not _MARKS.fullmatch(text):
        return text
    openers = place.openers()
    closer = text.strip()[:1]
    if not openers or OPENER_OF.get(closer) != openers[-1].kind:
        return Drop("a lone mark")
    if width(place.before + text) != width(openers[-1].indent):
        return Drop("a lone bracket at another indentation than its line's")
    return text
