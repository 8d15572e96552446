"""What is known of Mistral's chat models: how much each reads, what it costs, whether it takes a predicted output.

Figures are those of the public documentation of August 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from backends.models import Price


@dataclass(frozen=True, slots=True)
class ChatModel:
    """`predicts`: takes the text that an answer will mostly repeat, and is faster for it."""

    name: str
    context_tokens: int
    price: Price
    predicts: bool


MISTRAL: tuple[ChatModel, ...] = (
    ChatModel("codestral-latest", 128_000, Price(prompt=0.30, completion=0.90, cached=0.03), predicts=True),
    ChatModel("mistral-small-latest", 256_000, Price(prompt=0.15, completion=0.60, cached=0.015), predicts=True),
)
"""The default choice: the first that the prompt and the answer fit into. Codestral stands first because it was made for code."""

_OTHERS: tuple[ChatModel, ...] = (
    ChatModel("mistral-medium", 256_000, Price(prompt=1.50, completion=7.50, cached=0.15), predicts=True),
    ChatModel("mistral-large", 256_000, Price(prompt=0.50, completion=1.50, cached=0.05), predicts=False),
    ChatModel("ministral-3b", 256_000, Price(prompt=0.10, completion=0.10, cached=0.01), predicts=False),
    ChatModel("ministral-8b", 256_000, Price(prompt=0.15, completion=0.15, cached=0.015), predicts=False),
    ChatModel("ministral-14b", 256_000, Price(prompt=0.20, completion=0.20, cached=0.02), predicts=False),
)


def fitting(tokens: int) -> ChatModel:
    """The first default model that takes so many tokens of prompt and answer; the largest where none does."""
    return next((model for model in MISTRAL if tokens <= model.context_tokens), MISTRAL[-1])


def known(name: str) -> ChatModel | None:
    """What is known of a model by its id or alias, None for a stranger."""
    kinds = (*MISTRAL, *_OTHERS)
    return next((model for model in kinds if name.startswith(model.name.removesuffix("-latest"))), None)
