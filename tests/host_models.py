"""Tiny models of every family, made on the spot: the real architecture, shrunk, with random weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import transformers as t
from transformers import PreTrainedModel

SIZE = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}

CONFIGURATIONS: Mapping[str, Callable[[], t.PretrainedConfig]] = {
    "qwen2": lambda: t.Qwen2Config(**SIZE),
    "llama": lambda: t.LlamaConfig(**SIZE),  # CodeLlama, DeepSeek-Coder V1, Seed-Coder, Mellum
    "mistral": lambda: t.MistralConfig(**SIZE, sliding_window=None),  # Codestral
    "starcoder2": lambda: t.Starcoder2Config(**SIZE, sliding_window=24),
    "gemma": lambda: t.GemmaConfig(**SIZE, head_dim=8),  # CodeGemma
    "granite": lambda: t.GraniteConfig(**SIZE, logits_scaling=4.0, residual_multiplier=0.5),
    "stablelm": lambda: t.StableLmConfig(**SIZE, use_qkv_bias=True),  # StableCode
    "gpt_bigcode": lambda: t.GPTBigCodeConfig(
        vocab_size=300, n_positions=512, n_embd=32, n_layer=2, n_head=4, n_inner=64, eos_token_id=2, bos_token_id=1
    ),  # SantaCoder, StarCoder, Granite 20B and 34B
    "granite_moe": lambda: t.GraniteMoeConfig(**SIZE, num_local_experts=4, num_experts_per_tok=2),
    "qwen3_moe": lambda: t.Qwen3MoeConfig(
        **SIZE, head_dim=8, moe_intermediate_size=16, num_experts=4, num_experts_per_tok=2
    ),
    "gemma2": lambda: t.Gemma2Config(
        **SIZE, head_dim=8, sliding_window=24, layer_types=["sliding_attention", "full_attention"]
    ),
}

SLOW: Mapping[str, Callable[[], t.PretrainedConfig]] = {
    "mamba": lambda: t.MambaConfig(
        vocab_size=300,
        hidden_size=32,
        state_size=8,
        num_hidden_layers=2,
        eos_token_id=2,
        bos_token_id=1,
        pad_token_id=0,
    ),
    "granite_hybrid": lambda: t.GraniteMoeHybridConfig(
        **SIZE,
        num_local_experts=0,
        shared_intermediate_size=64,
        layer_types=["mamba", "attention"],
        mamba_n_heads=8,
        mamba_d_head=8,
        mamba_d_state=8,
        mamba_chunk_size=16,
    ),
    "codegen": lambda: t.CodeGenConfig(
        vocab_size=300, n_positions=512, n_embd=32, n_layer=2, n_head=4, rotary_dim=4, eos_token_id=2, bos_token_id=1
    ),
}
"""Models whose layers are not plain attention, or do not call transformers' attention functions."""


def tiny(family: str, seed: int = 0) -> PreTrainedModel:
    """In float32; its logits are spread wide, so that the two best seldom lie close."""
    torch.manual_seed(seed)
    configuration = {**CONFIGURATIONS, **SLOW}[family]()
    model = t.AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.3)
    model.generation_config.eos_token_id = None
    return model.eval()
