"""How much of an answer a place asks for: the statement, or the block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from context.snapshot import Cursor
from lsp_server.lexis import PROSE
from lsp_server.members import among_members
from lsp_server.place import Extent, Place
from lsp_server.whole import opens

if TYPE_CHECKING:
    from context.syntax import Parsed

__all__ = ("Extent", "extent_at")


def extent_at(cursor: Cursor, parsed: Parsed | None = None) -> Extent:
    """A block where an empty block, an open bracket or string, or a list of members awaits its lines; else the statement."""
    place = Place(cursor, Extent.BLOCK, parsed)
    if place.after.strip(" \t)]}>;,:'\"`{/"):
        return Extent.LINE
    if place.within:
        return Extent.BLOCK if place.within in ('"""', "'''", "`", "*/") else Extent.LINE
    if place.fresh:
        return Extent.BLOCK
    if place.language in PROSE:
        return Extent.LINE
    if opens(place.before):
        return Extent.BLOCK
    openers = place.openers()
    if openers and openers[-1].kind != "{":
        return Extent.BLOCK
    return Extent.BLOCK if among_members(place) else Extent.LINE
