"""What models trained to chat put around code: Markdown fences, and sentences spoken to the user."""

from __future__ import annotations

import re

FENCE = re.compile(r"^[ \t]*+(?:```|~~~)[ \t]*+([\w+#.-]*+)[ \t]*+$", re.MULTILINE)
"""A line that opens or closes a Markdown code block; group 1 is the language it names."""

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


def is_afterword(line: str) -> bool:
    """A sentence of several words that explains code above it."""
    return len(line.split()) >= 4 and _CLOSING.match(line) is not None and _CODE.search(line) is None


def is_packed(answer: str) -> bool:
    """The answer begins with a fence or with talk, so that its code comes later."""
    first = answer.lstrip().partition("\n")[0]
    return FENCE.match(first) is not None or is_talk(first)
