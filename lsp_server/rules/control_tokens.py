"""A model's own control tokens are never shown; what follows one belongs to no answer."""

from __future__ import annotations

from lsp_server.control import control_token
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop


def control_tokens(text: str, place: Place) -> str | Drop:
    while (token := control_token(text, place)) is not None:
        if text[: token.start()].strip():
            return text[: token.start()]
        text = text[: token.start()] + text[token.end() :]
    return text
