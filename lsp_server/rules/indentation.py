"""Indentation as the file has it: tabs or spaces, the cursor's own blanks not said twice, an odd shift undone."""

from __future__ import annotations

from lsp_server.place import Place, indent_of, width
from lsp_server.rules.verdict import Drop
from lsp_server.whole import opens


def indentation(text: str, place: Place) -> str | Drop:
    if place.within and place.within != "\n":
        return text  # blanks inside a string are its content
    return _in_file_style(_from_cursor(text, place), place)


def _from_cursor(text: str, place: Place) -> str:
    """Makes the first line start where the cursor's line wants it, and the others with it."""
    if not place.fresh:
        return text
    first, *others = text.split("\n")
    stated = width(first)
    if not place.before:
        wanted = _wanted(place)
        if stated or not first.strip() or first[0] in ")]}" or not wanted or not _others_deeper(others):
            return text
        return "\n".join([_blanks(wanted, place) + first, *others])
    here = width(place.before)
    wanted = _wanted(place) if opens(place.line_above) and here == width(place.line_above) else here
    extra = wanted - here
    first = _blanks(extra, place) + first.lstrip(" \t") if extra else first.lstrip(" \t")
    if stated in (1, 2, 3) and stated % place.unit:
        # The model has put a stray blank or three before each line, not before the first alone.
        body = [line for line in others if line.strip()]
        if body and all((width(line) - stated - here) % place.unit == 0 and width(line) >= stated for line in body):
            others = [
                _blanks(width(line) - stated, place) + line.lstrip(" \t") if line.strip() else line for line in others
            ]
    return "\n".join([first, *others])


def _wanted(place: Place) -> int:
    """Columns at which a line inside the block around the cursor starts, 0 where no block is open."""
    if opens(place.line_above):
        return width(place.line_above) + place.unit
    openers = place.openers()
    if openers and openers[-1].kind == "{" and openers[-1].closed:
        return width(openers[-1].indent) + place.unit
    return 0


def _others_deeper(others: list[str]) -> bool:
    """The answer's later lines are indented, so the first one's missing indentation is a slip."""
    body = [line for line in others if line.strip()]
    return bool(body) and all(width(line) for line in body)


def _blanks(columns: int, place: Place) -> str:
    if place.tabs:
        tab = 4
        return "\t" * (columns // tab) + " " * (columns % tab)
    return " " * columns


def _in_file_style(text: str, place: Place) -> str:
    """Leading tabs become spaces or spaces tabs, where the file has the other and only the other."""
    tabs = place.tabs
    if tabs is None:
        return text
    lines = text.split("\n")
    start = 0 if place.fresh and not place.before else 1
    indents = [indent_of(line) for line in lines[start:] if line.strip()]
    if tabs:
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
