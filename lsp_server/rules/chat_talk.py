"""Sentences spoken to the user around the code: the talk goes, the code stays."""

from __future__ import annotations

from lsp_server.lexis import PROSE
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop
from lsp_server.talk import is_afterword, is_talk


def chat_talk(text: str, place: Place) -> str | Drop:
    if place.language in PROSE or place.within or not place.fresh:
        return text
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if is_talk(lines[first]):
        lines = lines[first + 1 :]
        while lines and not lines[0].strip():
            del lines[0]
        if not lines:
            return Drop("talk instead of code")
        if is_talk(lines[0]):
            return chat_talk("\n".join(lines), place)
    for at, line in enumerate(lines):
        if at and not lines[at - 1].strip() and is_afterword(line):
            return "\n".join(lines[:at]).rstrip("\n")
    return "\n".join(lines)
