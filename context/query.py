"""Our own small tree-sitter queries: `queries/LANGUAGE.scm`, in sections, compiled on first use.

A section begins with `;; NAME`. Every language with a file has all seven: definitions, references, imports, scopes,
blocks, strings, comments. Languages without a file work by their text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from context.grammars import grammar

if TYPE_CHECKING:
    from tree_sitter import Node, Query

SECTIONS = ("definitions", "references", "imports", "scopes", "blocks", "strings", "comments")

FILES: Mapping[str, str] = {
    # language id: its query file
    "c": "c",
    "cpp": "cpp",
    "go": "go",
    "java": "java",
    "javascript": "javascript",
    "javascriptreact": "javascript",
    "python": "python",
    "rust": "rust",
    "typescript": "typescript",
    "typescriptreact": "typescript",
}


def matches(
    language: str, section: str, node: Node, start: int | None = None, end: int | None = None
) -> Iterator[dict[str, list[Node]]]:
    """Each match as capture name → nodes, for a node and, when given, the bytes [start, end) of the source."""
    query = _query(language, section)
    if query is None:
        return
    from tree_sitter import QueryCursor

    cursor = QueryCursor(query)
    if start is not None and end is not None:
        cursor.set_byte_range(start, end)
    for _, captures in cursor.matches(node):
        yield captures


def captures(
    language: str, section: str, node: Node, start: int | None = None, end: int | None = None
) -> dict[str, list[Node]]:
    """All captures of a section by name, as `matches`."""
    query = _query(language, section)
    if query is None:
        return {}
    from tree_sitter import QueryCursor

    cursor = QueryCursor(query)
    if start is not None and end is not None:
        cursor.set_byte_range(start, end)
    return cursor.captures(node)


@cache
def _query(language: str, section: str) -> Query | None:
    found, file = grammar(language), FILES.get(language)
    if found is None or file is None:
        return None
    from tree_sitter import Query

    return Query(found, sections(file)[section])


@cache
def sections(file: str) -> Mapping[str, str]:
    """The parts of a query file by name."""
    text = (Path(__file__).parent / "queries" / f"{file}.scm").read_text("utf-8")
    parts = re.split(r"^;; (\w+)$", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
