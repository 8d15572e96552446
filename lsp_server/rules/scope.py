"""No more than the place asks for: one statement, or up to the end of the block, before what the file goes on with."""

from __future__ import annotations

from lsp_server.place import Place
from lsp_server.rules.verdict import Drop
from lsp_server.whole import whole_at


def scope(text: str, place: Place) -> str | Drop:
    end = whole_at(text, place)
    return text if end is None else text[:end]
