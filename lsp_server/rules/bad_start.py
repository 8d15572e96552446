"""A list mark, a diff mark or an emoji before the first word of a line of code comes from the model's other trades."""

from __future__ import annotations

import re
import unicodedata

from lsp_server.lexis import PROSE
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop

_MARK = re.compile(r"[.+\-*•](?=[ \t]{2,}\S)[ \t]+")


def bad_start(text: str, place: Place) -> str | Drop:
    if place.language in PROSE or place.language == "yaml" or place.within or not place.fresh:
        return text
    head = text.lstrip(" \t")
    if mark := _MARK.match(head):
        return head[mark.end() :]
    symbols = 0
    while symbols < len(head) and (unicodedata.category(head[symbols]) == "So" or head[symbols] in "\ufe0f\u200b"):
        symbols += 1
    if symbols and head[symbols : symbols + 1] in (" ", "\t"):
        return head[symbols:].lstrip(" \t")
    return text
