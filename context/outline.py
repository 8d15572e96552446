"""What a file defines: names, where, and their signatures, as a reader would skim it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from context.query import captures, matches

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

HOLDERS = frozenset({"class", "interface", "struct", "enum", "trait", "impl", "module"})
"""Kinds whose members belong to them."""

LONGEST_SIGNATURE = 240
LONGEST_DOC = 100
MOST_LINES_ABOVE = 60
"""Of a comment; many definitions may stand below one."""

_SPACE = re.compile(r"\s+")
_WRAPPERS = frozenset(
    {"decorated_definition", "export_statement", "expression_statement", "template_declaration", "type_declaration"}
)
_COMMENT = re.compile(r"\s*+(?:///?!?|/\*\*?|\*|#+)(.*)")


@dataclass(frozen=True, slots=True)
class Definition:
    """`first` and `end` are line numbers from 0, `end` is after the last; `owner` is the name of what holds it, or ""."""

    name: str
    kind: str
    first: int
    end: int
    indent: int
    signature: str
    doc: str
    owner: str


def outline(language: str, tree: Tree, data: bytes, lines: list[str]) -> list[Definition]:
    """The definitions of a file in order of place; local variables are not definitions. `lines` are those of the text."""
    found: dict[tuple[int, str], Definition] = {}
    holders: list[tuple[int, int, str]] = []
    for match in matches(language, "definitions", tree.root_node):
        kind, node = next((kind, nodes[0]) for kind, nodes in match.items() if kind not in ("name", "body", "_self"))
        name = _text(data, match["name"][0])
        body = match["body"][0] if "body" in match else None
        outer = node.parent if node.parent is not None and node.parent.type in _WRAPPERS else node
        first, end = outer.start_point.row, outer.end_point.row + (outer.end_point.column > 0)
        key = (node.start_byte, name)
        if kind in HOLDERS:
            holders.append((node.start_byte, node.end_byte, name))
        if key in found and body is None and found[key].kind != "type":
            continue
        found[key] = Definition(
            name,
            kind,
            first,
            end,
            _indent(lines, first),
            _signature(data, node, body),
            _doc(data, body, lines, first, language),
            "",
        )
    return _owned(found, holders)


def imports(language: str, tree: Tree, data: bytes) -> list[tuple[int, str]]:
    """Every import of a file: its line number from 0 and its text in one line, without the comments in it."""
    nodes = captures(language, "imports", tree.root_node).get("import", [])
    return sorted((node.start_point.row, _SPACE.sub(" ", _without_comments(data, node)).strip()) for node in nodes)


def _without_comments(data: bytes, node: Node) -> str:
    text, end = "", node.start_byte
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if "comment" in one.type:
            text += data[end : one.start_byte].decode("utf-8", "replace")
            end = one.end_byte
        else:
            waiting.extend(reversed(one.children))
    return text + data[end : node.end_byte].decode("utf-8", "replace")


def _owned(found: dict[tuple[int, str], Definition], holders: list[tuple[int, int, str]]) -> list[Definition]:
    """Names the nearest holder of each definition, and drops an attribute that was assigned before."""
    owned: list[Definition] = []
    seen: set[tuple[str, str]] = set()
    holders.sort()
    open_holders: list[tuple[int, int, str]] = []
    position = 0
    for (start, name), definition in sorted(found.items(), key=lambda item: item[0]):
        while position < len(holders) and holders[position][0] < start:
            open_holders.append(holders[position])
            position += 1
        while open_holders and open_holders[-1][1] <= start:
            open_holders.pop()
        owner = open_holders[-1][2] if open_holders else ""
        if definition.kind == "attribute":
            if (owner, name) in seen:
                continue
            seen.add((owner, name))
        owned.append(
            Definition(
                name,
                definition.kind,
                definition.first,
                definition.end,
                definition.indent,
                definition.signature,
                definition.doc,
                owner,
            )
        )
    return owned


def _signature(data: bytes, node: Node, body: Node | None) -> str:
    """The definition up to its body, in one line."""
    end = body.start_byte if body is not None else node.end_byte
    text = data[node.start_byte : min(end, node.start_byte + 4 * LONGEST_SIGNATURE)].decode("utf-8", "replace")
    if body is None:
        text = text.partition("\n")[0] if len(text) > LONGEST_SIGNATURE else text
    text = _SPACE.sub(" ", text).strip().removesuffix("{").rstrip()
    return text if len(text) <= LONGEST_SIGNATURE else text[: LONGEST_SIGNATURE - 1] + "…"


def _doc(data: bytes, body: Node | None, lines: list[str], first: int, language: str) -> str:
    """The first line of the docstring, or of the comment right above."""
    if language == "python":
        head = body.named_children[0] if body is not None and body.named_child_count else None
        inner = (
            head.named_children[0]
            if head is not None and head.type == "expression_statement" and head.named_child_count
            else head
        )
        if inner is None or inner.type != "string":
            return ""
        return _text(data, inner).lstrip("rRuUbB").strip("\"' \n\t").partition("\n")[0].strip()[:LONGEST_DOC]
    top = first
    while top > max(0, first - MOST_LINES_ABOVE) and _COMMENT.match(lines[top - 1]):
        top -= 1
    for line in lines[top:first]:
        match = _COMMENT.match(line)
        if match and (said := match[1].rstrip().removesuffix("*/").strip()):
            return said[:LONGEST_DOC]
    return ""


def _indent(lines: list[str], row: int) -> int:
    return len(lines[row]) - len(lines[row].lstrip()) if row < len(lines) else 0


def _text(data: bytes, node: Node) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")
