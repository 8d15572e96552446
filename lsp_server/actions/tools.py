"""What a model may look at by itself: read-only tools, each call through the privacy gate, limited in number and in bytes.

No tool writes, runs or fetches. A path that the gate refuses is answered with the reason, as is a call that makes no sense:
the model may go on without.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backends.api import Tool, ToolCall
from context.desk import Desk
from lsp_server.actions.data import Piece, as_data, files_of
from lsp_server.actions.looking import Looking, NoSuchThing

MOST_CALLS = 20
MOST_BYTES = 64_000
"""Of all that the tools of one answer give."""
MOST_OF_ONE = 12_000


@dataclass(frozen=True, slots=True)
class Ability:
    """A row of `ABILITIES`: the tool as the model knows it, what it runs, and what the user is told meanwhile."""

    tool: Tool
    run: Callable[[Looking, Mapping[str, Any]], list[Piece]]
    says: str


def _tool(called: str, description: str, **parameters: str) -> Tool:
    properties = {each: {"type": kind} for each, kind in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return Tool(called, description, schema)


def _read_lines(looking: Looking, given: Mapping[str, Any]) -> list[Piece]:
    first, last = _natural(given, "first_line"), _natural(given, "last_line")
    return looking.lines(_text(given, "path"), first, last)


def _find_definition(looking: Looking, given: Mapping[str, Any]) -> list[Piece]:
    return looking.definitions(_text(given, "name"))


def _find_references(looking: Looking, given: Mapping[str, Any]) -> list[Piece]:
    return looking.references(_text(given, "name"))


def _search_text(looking: Looking, given: Mapping[str, Any]) -> list[Piece]:
    return looking.text(_text(given, "text"))


def _list_folder(looking: Looking, given: Mapping[str, Any]) -> list[Piece]:
    return looking.folder(_text(given, "path"))


ABILITIES: tuple[Ability, ...] = (
    Ability(
        _tool(
            "read_lines",
            "Reads lines of a file; both ends count, from 1.",
            path="string",
            first_line="integer",
            last_line="integer",
        ),
        _read_lines,
        "reads",
    ),
    Ability(_tool("find_definition", "Finds where a name is defined.", name="string"), _find_definition, "looks up"),
    Ability(
        _tool("find_references", "Finds lines that use a name.", name="string"), _find_references, "looks for uses of"
    ),
    Ability(_tool("search_text", "Finds lines that hold a text.", text="string"), _search_text, "searches for"),
    Ability(_tool("list_folder", "Lists a folder of the workspace.", path="string"), _list_folder, "lists"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a tool says, as data, and the files whose text that holds."""

    text: str
    files: tuple[str, ...] = ()


class Toolbox:
    """The tools of one answer, with what is left of their limits."""

    def __init__(self, desk: Desk) -> None:
        self._looking = Looking(desk)
        self._calls, self._bytes = MOST_CALLS, MOST_BYTES

    @property
    def offered(self) -> tuple[Tool, ...]:
        return tuple(ability.tool for ability in ABILITIES)

    def describe(self, call: ToolCall) -> str:
        """What the user is shown while it runs."""
        ability = next((each for each in ABILITIES if each.tool.name == call.name), None)
        if ability is None:
            return "The model asks for a tool that does not exist."
        given = _arguments(call)
        what = next((str(given[name])[:60] for name in ("path", "name", "text") if name in given), "")
        return f"The model {ability.says} {what}."

    async def run(self, call: ToolCall) -> Found:
        """What the tool found; never raises. File reading runs in a thread."""
        ability = next((each for each in ABILITIES if each.tool.name == call.name), None)
        if ability is None:
            return Found("There is no such tool.")
        if self._calls <= 0 or self._bytes <= 0:
            return Found("The limit of what the tools may show is reached. Answer with what you have.")
        self._calls -= 1
        try:
            pieces = await asyncio.to_thread(ability.run, self._looking, _arguments(call))
        except NoSuchThing as error:
            return Found(str(error))
        found = as_data(pieces) if pieces else "Nothing was found."
        allowed = min(MOST_OF_ONE, self._bytes)
        data = found.encode("utf-8", "replace")
        self._bytes -= min(len(data), allowed)
        if len(data) <= allowed:
            return Found(found, files_of(pieces))
        some = data[:allowed].decode("utf-8", "ignore") + "\n(cut off here: ask for less at a time)"
        return Found(some, files_of(pieces))


def _arguments(call: ToolCall) -> Mapping[str, Any]:
    try:
        given = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > 400 or "\0" in value:
        raise NoSuchThing(f"The argument {name} has to be a short text.")
    return value


def _natural(given: Mapping[str, Any], name: str) -> int:
    value = given.get(name)
    if type(value) is not int or value < 1:
        raise NoSuchThing(f"The argument {name} has to be a line number from 1.")
    return value
