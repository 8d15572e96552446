"""An answer of nothing but blanks is none, and cuts by other rules leave none at the end."""

from __future__ import annotations

from lsp_server.place import Place
from lsp_server.rules.trailing_blanks import trailing_blanks
from lsp_server.rules.verdict import Drop


def blank(text: str, place: Place) -> str | Drop:
    return trailing_blanks(text, place) if text.strip() else Drop("nothing but blanks")
