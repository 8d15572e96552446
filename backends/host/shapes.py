"""Models of real shapes with random weights, made on the spot: speed does not hang on what the numbers are."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from transformers import AutoModelForCausalLM, PretrainedConfig, PreTrainedModel, Qwen2Config
from transformers.initialization import no_init_weights

SHAPES: Mapping[str, tuple[int, int, int, int, int, int, bool]] = {
    # vocabulary, width, inner width, layers, heads, key/value heads, whether input and output embedding are one
    "30M": (32_000, 384, 1_536, 8, 6, 2, True),
    "0.5B": (151_936, 896, 4_864, 24, 14, 2, True),  # Qwen2.5-Coder-0.5B, and so on
    "1.5B": (151_936, 1_536, 8_960, 28, 12, 2, True),
    "7B": (152_064, 3_584, 18_944, 28, 28, 4, False),
}


def configuration(shape: str) -> PretrainedConfig:
    vocabulary, width, inner, layers, heads, shared, tied = SHAPES[shape]
    return Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        max_position_embeddings=32_768,
        tie_word_embeddings=tied,
        bos_token_id=0,
        eos_token_id=None,
        pad_token_id=0,
    )


def random_model(shape: str, device: str = "cpu", *, exact: bool = False) -> PreTrainedModel:
    """In bfloat16, or in float32 if `exact`. Matrices are drawn; norms are ones and biases zero, as they begin."""
    dtype = torch.float32 if exact else torch.bfloat16
    with torch.device(device), no_init_weights():
        model: PreTrainedModel = AutoModelForCausalLM.from_config(configuration(shape), dtype=dtype)
    generator = torch.Generator(device).manual_seed(1)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            parameter.data.normal_(0, 0.02, generator=generator)
        else:
            parameter.data.fill_(0.0 if name.endswith("bias") else 1.0)
    model.tie_weights()
    return model.eval()
