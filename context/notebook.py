"""A notebook as its code runs: all cells of one language in order are one text to a model.

Each cell is a document of its own to the editor and to the rules; what is shown to a model is seen from the joined text,
so that the cells above are the text before the cursor, and those below the text after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from context.snapshot import Cursor, Snapshot

HASHES = frozenset({"python", "julia", "r", "ruby", "shellscript", "bash", "perl"})


def border(language: str) -> str:
    """What stands between two cells: the mark of cells in plain text that editors know."""
    return f"\n\n{'#' if language in HASHES else '//'} %%\n"


def joined(cursor: Cursor, cells: Sequence[Snapshot]) -> Cursor:
    """The same place in the whole notebook; `cells` are its documents in order. Outside of a notebook, the cursor itself."""
    here = cursor.snapshot
    alike = [cell for cell in cells if cell.language == here.language]
    at = next((number for number, cell in enumerate(alike) if cell.uri == here.uri), None)
    if at is None or len(alike) == 1:
        return cursor
    between = border(here.language)
    above = "".join(cell.text + between for cell in alike[:at])
    below = "".join(between + cell.text for cell in alike[at + 1 :])
    return Cursor(replace(here, text=above + here.text + below), len(above) + cursor.offset)


def first_line(here: Snapshot, cells: Sequence[Snapshot]) -> int:
    """The line of the joined text where the cell begins; 0 outside of a notebook."""
    if all(cell.uri != here.uri for cell in cells):
        return 0
    above = takewhile(lambda cell: cell.uri != here.uri, cells)
    between = border(here.language)
    return sum((cell.text + between).count("\n") for cell in above if cell.language == here.language)
