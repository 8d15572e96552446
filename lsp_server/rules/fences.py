"""Markdown fences around code, in a file that is not Markdown: what is inside them is the answer."""

from __future__ import annotations

from lsp_server.lexis import PROSE
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop
from lsp_server.talk import FENCE, is_talk


def fences(text: str, place: Place) -> str | Drop:
    if place.language in PROSE or place.within:
        return text
    fence = FENCE.search(text)
    if fence is None:
        return text
    before = text[: fence.start()]
    if before.strip() and not fence[1] and not is_talk(before.strip().split("\n")[0]):
        return before.rstrip("\n")  # the fence that ends a block whose beginning the prompt had given
    inside = text[fence.end() :].removeprefix("\n")
    end = FENCE.search(inside)
    inside = inside[: end.start()].rstrip("\n") if end else inside
    return inside if inside.strip() else Drop("a fence with nothing in it")
