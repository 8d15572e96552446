"""What the protocol says a document's text is, in the plainest words there are: one string, cut anew for every edit."""

from __future__ import annotations

import re

from context.documents import Edit
from lsp_server.convert import UTF16, Encoding

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def reference_offset(text: str, line: int, column: int, encoding: Encoding = UTF16) -> int:
    """The specification's words: lines end at \\n, \\r\\n, \\r; what is past an end is the end."""
    ends = [match.span() for match in re.finditer(r"\r\n|\n|\r", text)]
    starts = [0, *(end for _, end in ends)]
    if line >= len(starts):
        return len(text)
    content = text[starts[line] : ends[line][0] if line < len(ends) else len(text)]
    codec, width = CODECS[encoding.name]
    units = 0
    for index, character in enumerate(content):
        units += len(character.encode(codec)) // width
        if units > column:
            return starts[line] + index
    return starts[line] + len(content)


def reference_edit(text: str, edit: Edit, encoding: Encoding = UTF16) -> str:
    ends = [
        reference_offset(text, edit.start_line, edit.start_column, encoding),
        reference_offset(text, edit.end_line, edit.end_column, encoding),
    ]
    return text[: min(ends)] + edit.text + text[max(ends) :]
