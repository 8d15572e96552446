"""Prompters of the families, made once."""

from __future__ import annotations

from functools import cache

from backends.host.formats import Format, find
from backends.host.prompting import Prompter
from backends.host.vocabulary import Vocabulary
from tests.tiny_tokenizers import KINDS, tokenizer

FAMILIES = {
    **{name: name for name in KINDS if name not in ("stable-code", "prefix", "smollm")},
    "stable-code": "starcoder",
}
MODEL_TYPES = {"mellum": "llama"}


@cache
def family(name: str, chosen: str = "") -> tuple[Vocabulary, Format]:
    vocabulary = Vocabulary(tokenizer(name))
    return vocabulary, find(vocabulary, kind=MODEL_TYPES.get(name, ""), chosen=chosen)


def prompter(name: str, context: int = 4096, **more: bool) -> Prompter:
    return Prompter(*family(name), context, **more)
