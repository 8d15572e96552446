"""A model's own control tokens are never shown; what follows one belongs to no answer."""

from __future__ import annotations

from lsp_server.control import CONTROL_TOKEN
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop


def control_tokens(text: str, place: Place) -> str | Drop:
    while (token := CONTROL_TOKEN.search(text)) is not None:
        if token[0] in place.above or token[0] in place.below:
            return text  # a file about models: here the token is the author's own text
        if text[: token.start()].strip():
            return text[: token.start()]
        text = text[: token.start()] + text[token.end() :]
    return text
