"""Line ends and blanks at the end of an answer: only a blank before what follows on the line may be part of it."""

from __future__ import annotations

import re

from lsp_server.place import Place
from lsp_server.rules.replaces import replaced
from lsp_server.rules.verdict import Drop


def trailing_blanks(text: str, place: Place) -> str | Drop:
    """Never empties an answer: that one of nothing but blanks is refused is for `blank` to say."""
    said = text.rstrip()
    if not said:
        return text
    blanks = text[len(said) :].partition("\n")[0]
    return said + blanks if blanks and "\n" not in said and _belong(said, place) else said


def _belong(said: str, place: Place) -> bool:
    """Whether blanks may stand between `said` and what follows the cursor on its line."""
    mark = place.after[:1]
    if not place.after.strip() or mark in " \t" or replaced(said, place):
        return False
    if place.within or mark not in ")],;":
        return True
    return re.search(rf"\S {re.escape(mark)}", place.above + place.below) is not None
