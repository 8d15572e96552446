"""A model's folder as one gets it from Hugging Face, tiny: configuration, tokenizer, safetensors; random, or with one phrase."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
import transformers
from transformers import PreTrainedModel

from backends.host.vocabulary import Vocabulary
from tests.tiny_tokenizers import tokenizer


def write(path: Path, family: str = "qwen", *, says: str = "", seed: int = 0, context: int = 1024) -> Path:
    """Two layers of Qwen2's or Llama's architecture, with the tokenizer of `family`. With `says` it writes that, and stops."""
    words = tokenizer(family)
    torch.manual_seed(seed)
    kind = transformers.Qwen2Config if family == "qwen" else transformers.LlamaConfig
    configuration = kind(
        vocab_size=-(-len(words) // 64) * 64,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        tie_word_embeddings=False,
    )
    model = transformers.AutoModelForCausalLM.from_config(configuration, dtype=torch.float32)
    if says:
        teach(model, [*Vocabulary(words).encode(says), words.eos_token_id])
    model.save_pretrained(path)
    words.save_pretrained(path)
    return path


@torch.no_grad()
def teach(model: PreTrainedModel, phrase: list[int]) -> None:
    """Each token of `phrase` calls the next, every other token the first. Layers add nothing; a token is a direction, and the
    head has the successor of each direction. The tokens must differ, and be fewer than the model is wide."""
    assert len(set(phrase)) == len(phrase) < model.config.hidden_size
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    embedding.zero_()
    head.zero_()
    embedding[:, 0] = 1.0
    head[phrase[0], 0] = 1.0
    for place, (token, following) in enumerate(pairwise(phrase), 1):
        embedding[token] = 0.0
        embedding[token, place] = 1.0
        head[following, place] = 1.0
