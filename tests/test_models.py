"""Names of models in the spellings that servers use, and the family each belongs to."""

from __future__ import annotations

import pytest

from backends.models import MODELS, recognise
from backends.templates import SUFFIX, TEMPLATES

NAMES = {
    "codestral-latest": "codestral",
    "text-completion-codestral/codestral-2508": "suffix",
    "mistralai/Codestral-22B-v0.1": "codestral",
    "codestral:22b": "codestral",
    "mistralai/Mamba-Codestral-7B-v0.1": "codestral",
    "Qwen/Qwen2.5-Coder-0.5B": "qwen",
    "qwen2.5-coder:1.5b-base": "qwen",
    "/models/qwen2.5-coder-7b-q8_0.gguf": "qwen",
    "Qwen/Qwen3-Coder-30B-A3B-Instruct": "qwen",
    "qwen3-coder:30b": "qwen",
    "Qwen/CodeQwen1.5-7B": "codeqwen",
    "bigcode/starcoder2-3b": "starcoder2",
    "starcoder2:7b": "starcoder2",
    "bigcode/starcoderbase-1b": "starcoder",
    "bigcode/santacoder": "santacoder",
    "deepseek-ai/deepseek-coder-1.3b-base": "deepseek",
    "deepseek-coder-v2:16b-lite-base": "deepseek",
    "codellama/CodeLlama-7b-hf": "codellama",
    "codellama:13b-code": "codellama",
    "google/codegemma-2b": "codegemma",
    "codegemma:7b-code": "codegemma",
    "ibm-granite/granite-3b-code-base-2k": "starcoder",
    "granite-code:8b": "starcoder",
    "granite3.3:2b": "starcoder",
    "ibm-granite/granite-4.0-350m-base": "granite4",
    "granite4:micro": "granite4",
    "ByteDance-Seed/Seed-Coder-8B-Base": "seed-coder",
    "JetBrains/Mellum-4b-base": "mellum",
    "stabilityai/stable-code-3b": "starcoder",
    "zai-org/GLM-4.5-Air": "glm",
}


@pytest.mark.parametrize(("name", "family"), NAMES.items())
def test_a_models_family_is_read_from_its_name(name: str, family: str) -> None:
    found = recognise(name)
    assert found is not None
    assert found.template == family


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o",
        "llama3.1:8b",
        "01-ai/Yi-Coder-1.5B",
        "codellama:34b-code",
        "codellama/CodeLlama-7b-Python-hf",
        "default",
        "",
    ],
)
def test_a_model_without_a_known_form_is_not_guessed(name: str) -> None:
    assert recognise(name) is None


def test_the_three_billion_model_alone_has_the_research_licence() -> None:
    assert [recognise(f"qwen2.5-coder-{size}").licence for size in ("3b", "32b")] == [  # type: ignore[union-attr]
        "Qwen research licence: no commercial use",
        "Apache-2.0",
    ]


def test_a_price_is_known_only_where_one_is_published() -> None:
    hosted, weights = recognise("codestral-latest"), recognise("mistralai/Codestral-22B-v0.1")
    assert hosted is not None
    assert hosted.price is not None
    assert (hosted.price.prompt, hosted.price.completion, hosted.price.cached) == (0.30, 0.90, 0.03)
    assert weights is not None
    assert weights.price is None


def test_every_row_names_a_template() -> None:
    assert {model.template for model in MODELS} <= {*TEMPLATES, SUFFIX}
