"""A file that parses must still parse with the answer in it: the longest run of lines that keeps it whole, or nothing.

A file that is broken at the cursor already, as it is while a statement is being typed, says nothing about the answer and is
left alone. Only the top-level part around the cursor is parsed, which costs some hundred microseconds in a file of any length;
where that part is long, or means nothing by itself, the answer is let through. Of a big file we look at a part, most often the
middle of a class, which does not parse by itself: it must not come to have more errors than it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_server.lexis import CLOSER_OF, OPENER_OF, PROSE
from lsp_server.place import Place
from lsp_server.rules.replaces import replaced
from lsp_server.rules.verdict import Drop
from lsp_server.view import is_part

if TYPE_CHECKING:
    from tree_sitter import Node

    from context.syntax import Parsed

MOST_TRIES = 8
"""Cuts tried, from the last line back, before the answer is given up."""

FEW_TRIES = 3
"""The same in a part of a big file, where each costs a parse of that part."""

AROUND, SMALL = 80, 800
"""Bytes around the cursor's line in which an error counts as one there, and bytes of an error that is one statement's."""

LONGEST_PART = 24_000
"""Bytes parsed at most for one try, some two milliseconds' worth."""

LONGEST_TRY = 0.04
"""Processor seconds of a try after which the answer is let through: a grammar can take 10 s to recover from errors in 12 kB."""


def wholeness(text: str, place: Place) -> str | Drop:
    parsed = place.parsed
    if parsed is None or place.language in PROSE:
        return text
    if parsed.root.has_error:
        return _no_worse(text, place, parsed) if is_part(place.cursor.snapshot) else text
    at = parsed.byte(place.cursor.offset)
    near, wide = _part(parsed, at, further=0), _part(parsed, at, further=LONGEST_PART)
    if near[1] - near[0] > LONGEST_PART or not _parses(parsed, parsed.data[near[0] : near[1]]):
        return text
    for _ in range(MOST_TRIES):
        if not text.strip():
            break
        if _whole(text, place, parsed, near) or (wide != near and _whole(text, place, parsed, wide)):
            return text
        text = text.rpartition("\n")[0].rstrip() or _inside(text, place)
    return Drop("the file would no longer parse")


def _inside(text: str, place: Place) -> str:
    """What `text` says before it closes a bracket that the cursor stands in; "" where it closes none."""
    depth = 0
    for token in place.tokens_of(text):
        if token.kind in CLOSER_OF:
            depth += 1
        elif token.kind in OPENER_OF and depth:
            depth -= 1
        elif token.kind in OPENER_OF:
            return text[: token.at].rstrip()
    return ""


def _no_worse(text: str, place: Place, parsed: Parsed) -> str | Drop:
    """The rule where what we look at is cut off at its ends, and has errors from that."""
    from context.grammars import parse

    if len(parsed.data) > LONGEST_PART or _broken_here(place, parsed):
        return text
    before = _errors(parsed.root)
    for _ in range(FEW_TRIES):
        if not text.strip():
            break
        tree = parse(parsed.language, _with(text, place, parsed, (0, len(parsed.data))), longest=LONGEST_TRY)
        if tree is None or _errors(tree.root_node) <= before:
            return text
        text = text.rpartition("\n")[0].rstrip()
    return Drop("it would break what is whole")


def _broken_here(place: Place, parsed: Parsed) -> bool:
    """Something small around the cursor's line is broken: the statement being typed, not the end of the part."""
    cursor = place.cursor
    start, end = parsed.byte(max(0, cursor.line_start - AROUND)), parsed.byte(cursor.line_end) + AROUND
    open_nodes = [parsed.root]
    while open_nodes:
        node = open_nodes.pop()
        if node.end_byte < start or node.start_byte > end:
            continue
        if node.is_missing or (node.is_error and node.end_byte - node.start_byte <= SMALL):
            return True
        open_nodes += [child for child in node.children if child.has_error]
    return False


def _errors(root: Node) -> int:
    """How many places of a tree are not as the grammar wants them."""
    count, open_nodes = 0, [root]
    while open_nodes:
        node = open_nodes.pop()
        count += node.is_error or node.is_missing
        open_nodes += [child for child in node.children if child.has_error]
    return count


def _whole(text: str, place: Place, parsed: Parsed, part: tuple[int, int]) -> bool:
    """The part parses with the answer in it; a part too long to look at is taken to do so."""
    start, end = part
    if end - start > 2 * LONGEST_PART:
        return True
    return _parses(parsed, _with(text, place, parsed, part))


def _with(text: str, place: Place, parsed: Parsed, part: tuple[int, int]) -> bytes:
    """The part as it would be with the answer in it."""
    start, end = part
    offset = place.cursor.offset
    head, tail = parsed.byte(offset), parsed.byte(offset + replaced(text, place))
    said = text.replace("\n", place.terminator).encode("utf-8", "replace")
    return parsed.data[start:head] + said + parsed.data[tail:end]


def _part(parsed: Parsed, at: int, further: int) -> tuple[int, int]:
    """The bytes of the top-level nodes around a place, in whole lines, with those after them up to `further` bytes on.

    The nearest alone may not do: an answer that opens a block can close what the nodes after them hold.
    """
    data, walk = parsed.data, parsed.root.walk()
    later = walk.node if walk.goto_first_child_for_byte(at) is not None else None
    last = at if later is None else later.end_byte
    if later is None:
        former = walk.node if walk.goto_last_child() else None
    else:
        beyond = parsed.root.walk()
        beyond.goto_first_child_for_byte(at)
        while (
            further and beyond.goto_next_sibling() and beyond.node is not None and beyond.node.end_byte < at + further
        ):
            last = beyond.node.end_byte
        former = walk.node if later.start_byte >= at and walk.goto_previous_sibling() else later
    start = 0 if former is None else data.rfind(b"\n", 0, former.start_byte) + 1
    end = data.find(b"\n", max(at, last))
    return min(start, data.rfind(b"\n", 0, at) + 1), len(data) if end < 0 else end + 1


def _parses(parsed: Parsed, data: bytes) -> bool:
    from context.grammars import parse

    tree = parse(parsed.language, data, longest=LONGEST_TRY)
    return tree is None or not tree.root_node.has_error
