"""Between the editor's positions and our offsets: nothing else in Infill knows columns in UTF-16 units.

Also here: what an editor's trigger numbers mean, what its URIs name, and how an outcome is written as a reply.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from context.documents import Column, Documents, Edit
from context.snapshot import Cursor, Snapshot
from lsp_server.api import Selected
from lsp_server.outcome import Offered, Outcome, Suggestion, Trigger
from lsp_server.params import BadParams, Params, natural, obj, optional, string

ACCEPTED_COMMAND = "infill.accepted"
EMPTY_INLINE: Mapping[str, object] = {"items": []}
EMPTY_LIST: Mapping[str, object] = {"isIncomplete": True, "items": []}
LABEL_LENGTH = 60
"""Characters of a suggestion shown as the label in an ordinary completion list."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A unit of columns. `column` takes a line and a column in units, and clamps inside of a character to its start."""

    name: str
    column: Column
    width: Callable[[str], int]


def _utf8_column(line: str, column: int) -> int:
    return column if line.isascii() else len(line[:column].encode()[:column].decode("utf-8", "ignore"))


def _utf16_column(line: str, column: int) -> int:
    return (
        column if line.isascii() else len(line[:column].encode("utf-16-le")[: 2 * column].decode("utf-16-le", "ignore"))
    )


UTF8 = Encoding("utf-8", _utf8_column, lambda text: len(text.encode()))
UTF16 = Encoding(
    "utf-16", _utf16_column, lambda text: len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
)
UTF32 = Encoding("utf-32", lambda line, column: column, len)


def encoding_for(offered: object) -> Encoding:
    """The first of the editor's encodings that we know; utf-16 where it names none."""
    known = {encoding.name: encoding for encoding in (UTF8, UTF16, UTF32)}
    names = offered if isinstance(offered, list) else []
    return next((known[name] for name in names if isinstance(name, str) and name in known), UTF16)


class Numbering:
    """Which trigger kinds this editor sends: LSP 3.18 has Invoked 1 and Automatic 2, libraries from before it 0 and 1.

    A lone 1 says nothing: until a 0 or a 2 has been seen it counts as Automatic, which costs an explicit request its
    haste and never makes an automatic one too eager. Editors known to use the final numbers are believed at once.
    """

    def __init__(self, client: str) -> None:
        self._final: bool | None = True if client in ("Neovim", "emacs", "infill") else None

    def trigger(self, kind: object) -> Trigger:
        if kind == 0:
            self._final = False
        elif kind == 2:
            self._final = True
        invoked = kind == 0 or (kind == 1 and self._final is True)
        return Trigger.INVOKED if invoked else Trigger.AUTOMATIC


def path_from(uri: str) -> Path | None:
    """The path that a URI names, None where it names none.

    Also for what is no file here (notebook cells, remote and unsaved documents with a path): rules about paths hold for it.
    Where there is no path but a name, as in `untitled:.env`, the rules about names do.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if "\0" in path:
        return None
    if not path.startswith("/"):
        from context.privacy import holds_secrets  # rarely needed, and not before `initialize` is answered

        name = path.rpartition("/")[2]
        return Path("/", name) if holds_secrets(name) else None
    if os.name == "nt":
        if re.match(r"/[A-Za-z]:", path):
            path = path[1:]
        elif parts.scheme == "file" and parts.netloc:
            path = f"//{parts.netloc}{path}"
    return Path(path)


def edit(change: Params) -> Edit | str:
    """One entry of `contentChanges`. This is the hot path of typing: no more is checked than what could go wrong."""
    try:
        text, span = change["text"], change.get("range")
        if not isinstance(text, str):
            raise BadParams("contentChanges: a text is needed")
        if span is None:
            return text
        start, end = span["start"], span["end"]  # type: ignore[index]
        place = start["line"], start["character"], end["line"], end["character"]
    except (KeyError, TypeError) as error:
        raise BadParams("contentChanges: a range has a start and an end") from error
    if not all(type(number) is int for number in place):
        start_line, start_column, end_line, end_column = map(_whole_number, place)
        place = start_line, start_column, end_line, end_column
    return Edit(*place, text)


def _whole_number(number: object) -> int:
    """JSON has no integers, so 3.0 is one; a position below 0 is clamped with the others."""
    if type(number) is float and number.is_integer():
        return int(number)
    if type(number) is not int:
        raise BadParams("contentChanges: positions are whole numbers")
    return number


def uri_of(params: object, name: str = "textDocument") -> str:
    return string(obj(params, name), "uri")


def cursor_of(documents: Documents, params: object) -> Cursor | None:
    """The place a request is about, in the text as it is now. None for a document that is not open or not held."""
    uri, position = uri_of(params), obj(params, "position")
    return documents.cursor(uri, natural(position, "line"), natural(position, "character"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What an inline completion was asked for: where the session is to complete, and where the reply goes."""

    real: Cursor
    cursor: Cursor  # behind `selected`, as if it had been accepted
    start: int  # offset in the real text from which the reply replaces
    selected: Selected | None
    typed: int = 0  # characters of the reply that have been typed behind the real cursor since


def asked(documents: Documents, params: object, real: Cursor) -> Asked:
    """Reads `selectedCompletionInfo`: VS Code shows only ghost text that begins with its text and has its range."""
    info = optional(optional(params, "context"), "selectedCompletionInfo")
    if info is None:
        return Asked(real, real, real.offset, None)
    text, span = string(info, "text"), obj(info, "range")
    ends = []
    for name in ("start", "end"):
        position = obj(span, name)
        end = documents.cursor(real.snapshot.uri, natural(position, "line"), natural(position, "character"))
        ends.append(end.offset if end else real.offset)
    start, end_offset = min(ends), max(ends)
    if not start <= real.offset <= end_offset:
        raise BadParams("selectedCompletionInfo: the range does not hold the position")
    old = real.snapshot
    new = old.text[:start] + text + old.text[end_offset:]
    shown = Snapshot(old.uri, old.path, old.language, old.version, new)
    return Asked(real, Cursor(shown, start + len(text)), start, Selected(text, old.text[start:end_offset]))


def typed_since(cursor: Cursor, now: Snapshot) -> str | None:
    """What was typed at `cursor` since a request came, if nothing else has changed and it stands on the same line."""
    old, offset = cursor.snapshot.text, cursor.offset
    more = len(now.text) - len(old)
    if more < 0 or now.text[:offset] != old[:offset] or now.text[offset + more :] != old[offset:]:
        return None
    typed = now.text[offset : offset + more]
    return None if "\n" in typed or "\r" in typed else typed


def position(cursor: Cursor, encoding: Encoding) -> types.Position:
    text, end = cursor.snapshot.text, cursor.offset
    line = text.count("\n", 0, end)
    if "\r" in text:
        line += text.count("\r", 0, end) - text.count("\r\n", 0, end)
    return types.Position(line, encoding.width(cursor.line_before))


def inline_reply(outcome: Outcome, where: Asked, encoding: Encoding) -> types.InlineCompletionList:
    """Ghost text for each suggestion; an empty list for nothing and for a failure, which the status tells."""
    items = []
    for suggestion in outcome.suggestions if isinstance(outcome, Offered) else ():
        span, text = _replacement(suggestion, where, encoding)
        command = types.Command("Accept", ACCEPTED_COMMAND, arguments=[suggestion.id])
        items.append(types.InlineCompletionItem(insert_text=text, range=span, command=command))
    return types.InlineCompletionList(items)


def _replacement(suggestion: Suggestion, where: Asked, encoding: Encoding) -> tuple[types.Range, str]:
    selected = where.selected
    behind = where.start + len(selected.replaced) if selected else where.start
    text = (selected.text if selected else "") + suggestion.text
    cursor = Cursor(where.real.snapshot, where.start)
    start, last = position(cursor, encoding), behind + where.typed + suggestion.replaces
    if last <= cursor.line_end:
        line = where.real.snapshot.text[cursor.line_start : last]
        return types.Range(start, types.Position(start.line, encoding.width(line))), text
    return types.Range(start, position(Cursor(where.real.snapshot, last), encoding)), text


def completion_reply(outcome: Outcome, cursor: Cursor, encoding: Encoding) -> types.CompletionList:
    """The same as entries of an ordinary completion list: they begin with the word before the cursor, by which editors filter."""
    word = re.search(r"\w*\Z", cursor.line_before)
    typed = word[0] if word else ""
    start = Cursor(cursor.snapshot, cursor.offset - len(typed))
    items = []
    for rank, suggestion in enumerate(outcome.suggestions if isinstance(outcome, Offered) else ()):
        end = Cursor(cursor.snapshot, cursor.offset + suggestion.replaces)
        text = typed + suggestion.text
        lines = text.strip().splitlines() or [""]
        label = lines[0][:LABEL_LENGTH] + ("…" if len(lines) > 1 or len(lines[0]) > LABEL_LENGTH else "")
        items.append(
            types.CompletionItem(
                label=label,
                kind=types.CompletionItemKind.Text,
                detail="Infill",
                documentation=text if len(lines) > 1 else None,
                filter_text=text.lstrip() if not typed else text,
                sort_text=f"{rank:04}",
                insert_text_mode=types.InsertTextMode.AsIs,
                text_edit=types.TextEdit(types.Range(position(start, encoding), position(end, encoding)), text),
                command=types.Command("Accept", ACCEPTED_COMMAND, arguments=[suggestion.id]),
            )
        )
    return types.CompletionList(is_incomplete=True, items=items)
