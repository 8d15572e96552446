"""How much text a number of tokens is taken for."""

from __future__ import annotations

import pytest

from backends.api import Card
from backends.models import recognise
from context.budget import CHARS_PER_TOKEN, Budget, chars_per_token
from lsp_server.from_settings import small_vocabulary


def test_java_is_longer_for_its_tokens_than_c_and_markdown() -> None:
    assert chars_per_token("java", small=False) > CHARS_PER_TOKEN > chars_per_token("c", small=False)
    assert chars_per_token("markdown", small=True) < 2


@pytest.mark.parametrize("language", ["", "python", "go", "a language of the future"])
def test_a_small_vocabulary_makes_more_tokens_of_the_same_text(language: str) -> None:
    large, small = (Budget(1000, chars_per_token(language, small=small)) for small in (False, True))
    assert small.count("x" * 900) > large.count("x" * 900)
    assert small.prefix_chars < large.prefix_chars


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("codestral-latest", False),
        ("mistralai/Codestral-22B-v0.1", True),
        ("qwen2.5-coder:7b", False),
        ("codellama:7b-code", True),
        ("bigcode/starcoder2-3b", True),
        ("deepseek-coder-v2:16b", False),
        ("a model that nobody knows", False),
    ],
)
def test_which_models_have_a_small_vocabulary_is_known_by_their_name(name: str, small: bool) -> None:
    assert small_vocabulary(Card("openai", name, True, 8192)) is small
    assert (known := recognise(name)) is None or known.small is small
