"""Lists of models as different servers write them."""

from __future__ import annotations

import pytest

from backends.served import Served, listed, read


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (
            {"object": "list", "data": [{"id": "coder", "root": "/models/starcoder2-3b", "max_model_len": 4096}]},
            (Served("coder", "/models/starcoder2-3b", 4096),),
        ),
        (
            {"data": [{"id": "qwen2.5-coder:1.5b", "owned_by": "library"}]},
            (Served("qwen2.5-coder:1.5b", by_ollama=True),),
        ),
        (
            {"data": [{"id": "hf.co/unsloth/Mellum-GGUF:Q8_0", "owned_by": "unsloth"}]},
            (Served("hf.co/unsloth/Mellum-GGUF:Q8_0", by_ollama=True),),
        ),
        ({"data": [{"id": "codellama:7b", "owned_by": "vllm"}]}, (Served("codellama:7b"),)),
        (
            {"models": [{"name": "tiny"}], "data": [{"id": "tiny", "meta": {"n_ctx": 4096}}]},
            (Served("tiny", "", 4096),),
        ),
        ({"data": [{"id": "codestral", "max_input_tokens": 32000}]}, (Served("codestral", "", 32000),)),
        ([{"id": "a"}, {"id": "b", "max_context_length": 8192}], (Served("a"), Served("b", "", 8192))),
        (
            {"data": [{"id": None}, {"name": "x"}, "y", {"id": "z", "root": None, "max_model_len": "big"}]},
            (Served("z"),),
        ),
        ({"data": None}, ()),
        ({"error": "no"}, ()),
        ("<html>", ()),
        (None, ()),
    ],
    ids=[
        "vLLM",
        "Ollama",
        "Ollama, of another namespace",
        "a colon elsewhere",
        "llama.cpp",
        "LiteLLM",
        "bare list",
        "odd entries",
        "no data",
        "an error",
        "text",
        "null",
    ],
)
def test_a_list_is_read_for_what_it_holds(reply: object, expected: tuple[Served, ...]) -> None:
    assert read(reply) == expected


def test_a_long_list_is_cut_in_a_message() -> None:
    assert listed([Served(name) for name in "abcdefg"]) == "a, b, c, d, e and 2 more"
