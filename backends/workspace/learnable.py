"""What may be learned: code in files that the gate lets through, without its secrets."""

from __future__ import annotations

from pathlib import PurePath

from backends.workspace.lexer import HIDDEN
from context.grammars import language_of
from context.masking import secret_spans
from context.privacy import Gate

_NOT_CODE = frozenset(["csv", "html", "json", "jsonc", "markdown", "plaintext", "restructuredtext", "svg", "xml"])


def language_to_learn(path: PurePath) -> str | None:
    """The file's language id, None for data and prose: they are not what code is written from."""
    language = language_of(path)
    return None if not language or language in _NOT_CODE else language


def without_secrets(text: str, gate: Gate) -> str:
    """The same length of text, every secret overwritten: a hole that is neither learned nor offered."""
    spans = secret_spans(text)
    if not spans:
        return text
    parts: list[str] = []
    position = 0
    for start, end in spans:
        parts.append(text[position:start])
        parts.append(HIDDEN * (end - start))
        position = end
    parts.append(text[position:])
    return "".join(parts)
