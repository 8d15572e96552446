"""The places that an explanation names as `path:line`, made into links where the file is there and may be shown."""

from __future__ import annotations

import re

from context.desk import Desk
from lsp_server.actions.edits import lines_of

_NAMED = re.compile(r"(?<![\w./\\\[(+-])((?:[\w.+-]+/)*[\w+-]+\.\w{1,8}):(\d{1,6})(?:-\d{1,6})?(?![\w:])")
_LINKED = re.compile(r"\]\(((?:\./)?\w[\w./+-]*?)(?:(?::|#L)(\d+)(?:-L?\d+)?)?\)")
_FENCE = re.compile(r"`{3,}")


class Linker:
    """For a document outside of the workspace: links by whole address, and to its files alone. Takes clean Markdown in pieces
    that end with a line, as it comes."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._fence = desk, ""

    def feed(self, markdown: str) -> str:
        return "".join(map(self._line, lines_of(markdown)))

    def _line(self, line: str) -> str:
        mark = _FENCE.match(line)
        if mark and (not self._fence or line.rstrip() == self._fence):
            self._fence = "" if self._fence else mark[0]
        elif not self._fence:
            line = _LINKED.sub(lambda found: f"]({_address(found[1], found[2], self._desk) or '#'})", line)
            line = _linked(line, self._desk)
        return line


def _linked(line: str, desk: Desk) -> str:
    """Mentions outside of code spans; a span that is nothing but a mention becomes a link too."""
    parts = re.split(r"(`+[^`]*`+|\[[^\]]*\]\([^)]*\))", line)
    for number, part in enumerate(parts):
        bare = part.strip("`")
        whole = _NAMED.fullmatch(bare) if part.startswith("`") else None
        if whole and (address := _address(whole[1], whole[2], desk)):
            parts[number] = f"[{part}]({address})"
        elif not part.startswith(("`", "[")):
            parts[number] = _NAMED.sub(lambda found: _mention(found, desk), part)
    return "".join(parts)


def _mention(found: re.Match[str], desk: Desk) -> str:
    address = _address(found[1], found[2], desk)
    return f"[{found[0]}]({address})" if address else found[0]


def _address(path: str, line: str | None, desk: Desk) -> str | None:
    for root in desk.roots:
        file = root / path
        if file.is_file() and desk.gate.refusal(file, cross_file=True) is None:
            return file.as_uri() + (f"#L{line}" if line else "")
    return None
