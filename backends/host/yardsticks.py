"""What the engine is measured by: transformers' own `generate()`, and what the memory's bandwidth allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn
from transformers import PreTrainedModel

from backends.host.quantize import Int8Linear

READ_AT_ONCE: Mapping[str, int] = {"cpu": 1 << 29, "cuda": 1 << 32}
"""Bytes that are read to measure the bandwidth: far more than any cache holds, and longer than a GPU takes to be told."""


def generating(model: PreTrainedModel, ids: list[int]) -> Callable[[int], None]:
    """A function that lets transformers write so many tokens after `ids`, from the beginning, as a plain user would."""
    prompt = torch.tensor([ids], device=model.device)

    def write(tokens: int) -> None:
        model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=tokens, do_sample=False)
        finish(model.device)

    return write


def reading(device: torch.device) -> Callable[[], int]:
    """A function that reads a large piece of memory once and returns how many bytes it read."""
    held = torch.ones(READ_AT_ONCE[device.type] // 4, device=device)

    def read() -> int:
        float(held.sum())
        return int(held.nbytes)

    return read


def finish(device: torch.device) -> None:
    """Waits for a GPU, which is otherwise told what to do and left to it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def held(device: torch.device) -> int:
    """Bytes of a GPU's memory that were taken at most."""
    return int(torch.cuda.max_memory_reserved(device)) if device.type == "cuda" else 0


def parameters(model: PreTrainedModel) -> int:
    return sum(int(parameter.numel()) for parameter in model.parameters())


def bytes_per_token(model: PreTrainedModel) -> int:
    """Bytes of weights that one token of an answer has to read: every layer's, and no more than a row of the embedding, unless
    the output uses it again."""
    packed = sum(layer.in_features * layer.out_features for layer in model.modules() if isinstance(layer, Int8Linear))
    embeddings = {id(layer.weight) for layer in model.modules() if isinstance(layer, nn.Embedding)}
    tied = {id(layer.weight) for layer in model.modules() if isinstance(layer, nn.Linear)}
    floats = sum(
        parameter.nbytes for parameter in model.parameters() if id(parameter) not in embeddings or id(parameter) in tied
    )
    return int(packed + floats)
