"""Whether the cursor stands in a list of fields, arms or entries, which are rarely written one at a time.

A syntax tree says so best; where none is kept, or it is broken around the cursor, the words before the open brace do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsp_server.lexis import BY_INDENTATION
from lsp_server.place import Place, width

if TYPE_CHECKING:
    from tree_sitter import Node

_HEADS_MEMBERS = re.compile(
    r"(?:\b(?:struct|interface|enum|match|switch|union|record|trait|protocol|message|type|data)\b[^()]*|[=(\[,:?]|\breturn)\s*$"
)

_MEMBER_LISTS = re.compile(
    r"(?:field_declaration|match|field_initializer|initializer|ordered_field_declaration)_list|enumerator_list|enum_(?:body|variant_list)"
    r"|interface_(?:body|type)|object(?:_type)?|array|dictionary|list|match_block|literal_value|tuple|set|switch_block"
)
_STATEMENT_LISTS = re.compile(
    r"(?:statement_)?block|compound_statement|class_body|declaration_list|program|module|source_file|translation_unit"
)


def among_members(place: Place) -> bool:
    """The cursor's line is the last so far of a list of fields, arms or entries, which are rarely written one at a time."""
    ends_here = not place.line_below or width(place.line_below) < width(place.before)
    if not ends_here:
        return False
    if place.language in BY_INDENTATION:
        return place.before.lstrip().startswith(("| ", "- "))
    if place.language in ("json", "jsonc", "json5"):
        return True
    header = _header(place)
    return header is not None and _HEADS_MEMBERS.search(header) is not None


def _header(place: Place) -> str | None:
    """What stands before the innermost open brace on its line; None where none is open."""
    if place.parsed is not None and (kind := _enclosing_kind(place)) is not None:
        return "struct" if kind else ""
    openers = place.openers()
    if not openers:
        return None
    for line in (place.before, *place.lines_above):
        if line.rstrip().endswith(openers[-1].kind) and width(line) == width(openers[-1].indent):
            return line.rstrip()[:-1].rstrip()
    return None


def _enclosing_kind(place: Place) -> bool | None:
    """True inside a list of members, False inside statements, None where the tree is broken around the cursor."""
    assert place.parsed is not None
    at = place.cursor.offset - (len(place.before) - len(place.before.rstrip()))
    node: Node | None = place.parsed.node_at(max(0, at - 1))
    while node is not None:
        if node.type == "ERROR":
            return None
        if _MEMBER_LISTS.fullmatch(node.type) or _STATEMENT_LISTS.fullmatch(node.type):
            return _MEMBER_LISTS.fullmatch(node.type) is not None
        node = node.parent
    return None
