"""Blanks at the end are nobody's wish, and an answer of nothing but blanks is none."""

from __future__ import annotations

from lsp_server.place import Place
from lsp_server.rules.verdict import Drop


def blank(text: str, place: Place) -> str | Drop:
    if not text.strip():
        return Drop("nothing but blanks")
    if place.after.strip() and not place.after.startswith((" ", "\t")) and "\n" not in text:
        return text  # the blank before a word that follows is part of the line
    return text.rstrip()
