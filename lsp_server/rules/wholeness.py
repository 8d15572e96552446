"""A file that parses must still parse with the answer in it: the longest run of lines that keeps it whole, or nothing.

A file that is broken at the cursor already, as it is while a statement is being typed, says nothing about the answer and is
left alone. The tree that the editor's document has is edited and parsed again, which costs well under a millisecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.lexis import PROSE
from lsp_server.place import Place
from lsp_server.rules.replaces import replaced
from lsp_server.rules.verdict import Drop

if TYPE_CHECKING:
    from context.syntax import Parsed

MOST_TRIES = 8
"""Cuts tried, from the last line back, before the answer is given up."""


def wholeness(text: str, place: Place) -> str | Drop:
    parsed = place.parsed
    if parsed is None or place.language in PROSE or parsed.root.has_error:
        return text
    for _ in range(MOST_TRIES):
        if not text.strip():
            break
        if _parses(text, place, parsed):
            return text
        text = text.rpartition("\n")[0].rstrip()
    return Drop("the file would no longer parse")


def _parses(text: str, place: Place, parsed: Parsed) -> bool:
    from tree_sitter import Parser

    from context.grammars import grammar

    found = grammar(parsed.language)
    if found is None:
        return True
    offset = place.cursor.offset
    start, end = parsed.byte(offset), parsed.byte(offset + replaced(text, place))
    said = text.replace("\n", place.terminator).encode("utf-8", "replace")
    data = parsed.data[:start] + said + parsed.data[end:]
    tree = parsed.tree.copy()
    tree.edit(
        start,
        end,
        start + len(said),
        _point(parsed.data, start),
        _point(parsed.data, end),
        _point(data, start + len(said)),
    )
    return not Parser(found).parse(data, tree).root_node.has_error


def _point(data: bytes, at: int) -> tuple[int, int]:
    return data.count(b"\n", 0, at), at - (data.rfind(b"\n", 0, at) + 1)
