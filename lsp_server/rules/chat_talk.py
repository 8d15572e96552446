"""Sentences spoken to the user around the code: the talk goes, the code stays."""

from __future__ import annotations

import re

from lsp_server.lexis import PROSE
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop

_OPENING = re.compile(
    r"\s*(?:sure|certainly|absolutely"
    r"|of course|okay|ok|here(?:'s|’s| is| are)|the (?:following|completed?|missing|updated|rest)\b"
    r"|to (?:complete|finish|fix|implement)"
    r"|this (?:code|function|snippet|completes|will)|i(?:'ve|’ve| have|'ll| will| would|'m)\b"
    r"|you (?:can|could|should)|it (?:looks|seems)|based on|as an ai|i'm sorry|sorry)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:this (?:code|function|snippet|implementation|will)|note(?: that|:)|explanation:|in this (?:code|example|function)"
    r"|let me know|i hope|you can (?:now|use))\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"[=;{}<>\[\]]|\w\(|^\s*(?:#|//|/\*|\*|--)")


def is_talk(line: str) -> bool:
    """A sentence of several words that opens as chat answers do, and holds nothing of code."""
    return len(line.split()) >= 3 and _OPENING.match(line) is not None and _CODE.search(line.split(":")[0]) is None


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
        if (
            at
            and not lines[at - 1].strip()
            and _CLOSING.match(line)
            and _CODE.search(line) is None
            and len(line.split()) >= 4
        ):
            return "\n".join(lines[:at]).rstrip("\n")
    return "\n".join(lines)
