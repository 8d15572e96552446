"""A model's folder as one gets it from Hugging Face, tiny and with random weights: configuration, tokenizer, safetensors."""

from __future__ import annotations

from pathlib import Path

import torch
import transformers

from tests.tiny_tokenizers import tokenizer


def write(path: Path, family: str = "qwen", *, width: int = 32, seed: int = 0, context: int = 1024) -> Path:
    """Two layers of Qwen2's or Llama's architecture, with the tokenizer of `family`."""
    words = tokenizer(family)
    torch.manual_seed(seed)
    kind = transformers.Qwen2Config if family == "qwen" else transformers.LlamaConfig
    configuration = kind(
        vocab_size=-(-len(words) // 64) * 64,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
    )
    model = transformers.AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)
    model.save_pretrained(path)
    words.save_pretrained(path)
    return path
