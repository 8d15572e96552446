"""The mask that stands for a secret in what models read must not come back as if it were code."""

from __future__ import annotations

from context.privacy import MASK
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop


def secrets(text: str, place: Place) -> str | Drop:
    at = text.find(MASK)
    if at < 0:
        return text
    whole_lines = text[: max(0, text.rfind("\n", 0, at))]
    return whole_lines if whole_lines.strip() else Drop("it holds the mask of a secret")
