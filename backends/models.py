"""What is known about a model from its name: its prompt's family, how much it can take, its licence and published price.

The first pattern that is found in the lower-cased name wins, so the special stands above the general. Names come in many
spellings: `Qwen/Qwen2.5-Coder-7B`, `qwen2.5-coder:7b-base`, `/models/qwen2.5-coder-7b-q8_0.gguf`, `text-completion-codestral/…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from backends.templates import SUFFIX


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    prompt: float
    completion: float
    cached: float


@dataclass(frozen=True, slots=True)
class Model:
    """`template` is a name in `templates.TEMPLATES`, or `SUFFIX`; `context_tokens` is what the smallest of the row can take;
    `small` says that it has 32,000 to 50,000 tokens, of which a text takes more."""

    pattern: str
    template: str
    context_tokens: int
    licence: str
    price: Price | None = None
    small: bool = False


def recognise(name: str) -> Model | None:
    """The row for a model's name, or None: then the user has to say with `fim_template` how it is asked."""
    lowered = name.lower()
    return next((model for model in MODELS if re.search(model.pattern, lowered)), None)


_CODESTRAL_PRICE = Price(prompt=0.30, completion=0.90, cached=0.03)  # Mistral's price list, August 2026
_OPENRAIL = "BigCode OpenRAIL-M: use restrictions"
_DEEPSEEK = "DeepSeek model licence: commercial use allowed, use restrictions"

MODELS: tuple[Model, ...] = (
    Model(
        r"text-completion-codestral/", SUFFIX, 131_072, "Mistral's API terms", _CODESTRAL_PRICE
    ),  # LiteLLM's route to FIM
    Model(r"codestral-?mamba|mamba-?codestral", "codestral", 32_768, "Apache-2.0", small=True),
    Model(r"codestral-(latest|25\d\d|26\d\d)", "codestral", 131_072, "Mistral's API terms", _CODESTRAL_PRICE),
    Model(r"codestral(?!.*embed)", "codestral", 32_768, "MNPL-0.1: no production use", small=True),
    Model(r"qwen3[-_.]?coder", "qwen", 262_144, "Apache-2.0"),
    Model(r"qwen2\.?5[-_.]?coder[-_:.]?3b", "qwen", 32_768, "Qwen research licence: no commercial use"),
    Model(r"qwen2\.?5[-_.]?coder", "qwen", 32_768, "Apache-2.0"),
    Model(r"codeqwen", "codeqwen", 65_536, "Tongyi Qianwen licence"),
    Model(r"starcoder[-_.]?2", "starcoder2", 16_384, _OPENRAIL, small=True),
    Model(r"starcoder", "starcoder", 8_192, _OPENRAIL, small=True),
    Model(r"santacoder", "santacoder", 2_048, "CodeML OpenRAIL-M 0.1: use restrictions", small=True),
    Model(r"deepseek[-_]?coder[-_:]?v2", "deepseek", 131_072, _DEEPSEEK),
    Model(r"deepseek[-_]?coder", "deepseek", 16_384, _DEEPSEEK, small=True),
    Model(
        r"code[-_]?llama(?!.*(34b|python))", "codellama", 16_384, "Llama 2 licence", small=True
    ),  # those two never saw a hole
    Model(r"code[-_]?gemma", "codegemma", 8_192, "Gemma terms of use"),
    Model(r"granite[-_]?4", "granite4", 32_768, "Apache-2.0"),
    Model(r"granite.*code", "starcoder", 2_048, "Apache-2.0", small=True),
    Model(r"granite[-_]?3", "starcoder", 4_096, "Apache-2.0", small=True),
    Model(r"seed[-_]?coder", "seed-coder", 32_768, "MIT"),
    Model(r"mellum[-_]?2", "mellum", 131_072, "Apache-2.0"),
    Model(r"mellum", "mellum", 8_192, "Apache-2.0", small=True),
    Model(r"stable[-_]?code", "starcoder", 16_384, "Stability AI community licence", small=True),
    Model(r"glm-?4\.[5-9]", "glm", 131_072, "MIT"),
)
