"""How many tokens a prompt may have, and who gets them."""

from __future__ import annotations

from dataclasses import dataclass

CHARS_PER_TOKEN = 3.6
"""Characters of code that one token of the common code models stands for, on average."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`tokens` of prompt, split into the text before the cursor, after it, and excerpts of other places.

    The shares are a first choice and not yet measured. What the file is too short to use stays unused, because a longer
    prompt is a slower one.
    """

    tokens: int
    chars_per_token: float = CHARS_PER_TOKEN
    prefix_share: float = 0.35
    suffix_share: float = 0.17

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
