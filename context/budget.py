"""How many tokens a prompt may have, and who gets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CHARS_PER_TOKEN = 3.6
"""Characters of code that one token of the common code models stands for, on average over languages."""

_CHARS_PER_TOKEN: Mapping[str, tuple[float, float]] = {
    # language: characters for a token of a vocabulary of 100,000 and more, of one of 32,000 to 50,000. Measured with
    # Mistral's two tokenizers on windows of 4,000 characters of public repositories (docs/benchmarks.md).
    "": (CHARS_PER_TOKEN, 2.9),
    "c": (3.3, 2.7),
    "cpp": (3.5, 2.9),
    "go": (3.5, 2.8),
    "java": (4.3, 3.6),
    "javascript": (3.6, 2.9),
    "javascriptreact": (3.6, 2.9),
    "kotlin": (4.1, 3.5),
    "lua": (3.5, 2.9),
    "markdown": (2.8, 1.9),
    "python": (3.8, 3.1),
    "ruby": (3.3, 2.8),
    "rust": (3.7, 3.1),
    "typescript": (3.5, 2.9),
    "typescriptreact": (3.5, 2.9),
}


def chars_per_token(language: str, *, small: bool) -> float:
    """For a language, and a model with a small vocabulary or a large one; a tokenizer itself would cost more than it tells."""
    return _CHARS_PER_TOKEN.get(language, _CHARS_PER_TOKEN[""])[small]


@dataclass(frozen=True, slots=True)
class Budget:
    """`tokens` of prompt, split into the text before the cursor, after it, and excerpts of other places.

    The shares were measured by how many names of new code a prompt holds (docs/benchmarks.md, "The split of a prompt"). What
    the file is too short to use stays unused, because a longer prompt is a slower one.
    """

    tokens: int
    chars_per_token: float = CHARS_PER_TOKEN
    prefix_share: float = 0.28
    suffix_share: float = 0.12

    @property
    def prefix_chars(self) -> int:
        return int(self.tokens * self.prefix_share * self.chars_per_token)

    @property
    def suffix_chars(self) -> int:
        return int(self.tokens * self.suffix_share * self.chars_per_token)

    @property
    def excerpt_tokens(self) -> int:
        return self.tokens - int(self.tokens * self.prefix_share) - int(self.tokens * self.suffix_share)

    @property
    def excerpt_chars(self) -> int:
        return int(self.excerpt_tokens * self.chars_per_token)

    def count(self, text: str) -> int:
        """An estimate of the tokens of a text, never 0 for a text that is not empty."""
        return -int(-len(text) // self.chars_per_token)
