"""Leading tabs become spaces or spaces tabs, where the file has the other and only the other."""

from __future__ import annotations

from lsp_server.place import Place, indent_of
from lsp_server.rules.verdict import Drop


def tabs(text: str, place: Place) -> str | Drop:
    if place.tabs is None or (place.within and place.within != "\n"):
        return text  # blanks inside a string are its content
    lines = text.split("\n")
    start = 0 if place.fresh and not place.before else 1
    indents = [indent_of(line) for line in lines[start:] if line.strip()]
    if place.tabs:
        steps = [len(indent) for indent in indents if indent and "\t" not in indent]
        if not steps:
            return text
        unit = min((step for step in steps if step in (2, 4, 8)), default=4)
        return "\n".join(lines[:start] + [_with_tabs(line, unit) for line in lines[start:]])
    if not any("\t" in indent for indent in indents):
        return text
    return "\n".join(lines[:start] + [_with_spaces(line, place.unit) for line in lines[start:]])


def _with_tabs(line: str, unit: int) -> str:
    indent = indent_of(line)
    tabs, spaces = indent.count("\t"), indent.count(" ")
    return "\t" * (tabs + spaces // unit) + " " * (spaces % unit) + line[len(indent) :]


def _with_spaces(line: str, unit: int) -> str:
    indent = indent_of(line)
    return indent.replace("\t", " " * unit) + line[len(indent) :]
