"""A pass of the model stays where the model is. There is no GPU where tests run, and `meta` is a device like any other: a tensor
that is made elsewhere by mistake does not mix with its own, and one that is read in Python, which would make a GPU wait, has
no data. https://docs.pytorch.org/docs/stable/meta.html
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import DynamicCache

from backends.host import attention, llama_layers, recurrent
from backends.host.attention import Row
from backends.host.engine import _layout
from backends.host.fixed import Fixed, shapes
from backends.host.graphs import _compute
from backends.host.llama_layers import LlamaLayers
from backends.host.packed import Packed
from backends.host.quantize import to_int8
from backends.host.room import Arena
from tests.host_models import CONFIGURATIONS


def passes(reader: Packed) -> list[Tensor]:
    """A long piece, a single token and a draft of one text beside single tokens of another; logits of the last."""
    one, other = (reader.take(list(range(start, start + 60)), str(start), 100) for start in (5, 100))
    assert one is not None
    assert other is not None
    for size in (40, 1, 5):
        logits = reader.read([Row(one, [7] * size, size), Row(other, [8], 1)], lambda: False)
    reader.drop(one)
    reader.drop(other)
    return logits


@pytest.mark.parametrize("family", CONFIGURATIONS)
@torch.inference_mode()
def test_a_pass_stays_on_the_device_of_the_model(family: str) -> None:
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(CONFIGURATIONS[family](), dtype=torch.bfloat16).eval()
    cache = DynamicCache(config=model.config)
    recurrent.read(model, [1, 2, 3], cache)
    reader = Packed(model, _layout(cache, torch.bfloat16, model.device), 1 << 24)
    ways = [reader.compute]
    passes(reader)
    if llama_layers.suits(model, reader.rows):
        ways.append(LlamaLayers(model, reader.rows))
    for way in ways:
        reader.compute = way
        logits = passes(reader)
        assert [each.shape for each in logits] == [(5, 300), (1, 300)]
        assert {each.device.type for each in logits} == {"meta"}
    assert (len(ways) == 2) is (family in ("qwen2", "llama", "mistral", "granite"))


@torch.inference_mode()
def test_no_kernel_of_a_gpu_is_asked_for_a_mask_and_shared_keys_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is none, and without one all scores are written out in float32: gigabytes for a long prompt."""
    kernel, asked = scaled_dot_product_attention, 0

    def watched(query: Tensor, keys: Tensor, values: Tensor, *, attn_mask: Tensor | None, **more: Any) -> Tensor:
        nonlocal asked
        asked += attn_mask is not None
        assert query.shape[1] == keys.shape[1] == values.shape[1]
        return kernel(query, keys, values, attn_mask=attn_mask, **more)

    monkeypatch.setattr(attention, "scaled_dot_product_attention", watched)
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(CONFIGURATIONS["qwen2"](), dtype=torch.bfloat16).eval()
    cache = DynamicCache(config=model.config)
    recurrent.read(model, [1, 2, 3], cache)
    passes(Packed(model, _layout(cache, torch.bfloat16, model.device), 1 << 24))
    assert asked


@pytest.mark.parametrize(
    ("family", "int8"), [*((family, False) for family in CONFIGURATIONS), ("qwen2", True), ("starcoder2", True)]
)
@torch.inference_mode()
def test_a_pass_to_be_recorded_stays_on_the_device_of_the_model(family: str, int8: bool) -> None:
    """Besides, nothing of it is asked for by Python: what is on `meta` could not be told."""
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(CONFIGURATIONS[family](), dtype=torch.bfloat16).eval()
    cache = DynamicCache(config=model.config)
    recurrent.read(model, [1, 2, 3], cache)
    reader = Packed(model, _layout(cache, torch.bfloat16, model.device), 1 << 24, in_one_piece=True)
    passes(reader)
    if llama_layers.suits(model, reader.rows):
        reader.compute = LlamaLayers(model, reader.rows)
    assert not int8 or to_int8(model)
    room = reader.sequences.room
    assert isinstance(room, Arena)
    sequence = reader.take([1, 2, 3, 4], "", 20)
    assert sequence is not None
    for shape in shapes(60, 5):
        made = Fixed(shape, reader.sequences.layout, room.memory)
        made.tell([Row(sequence, [7], 1)])
        logits = _compute(reader, made)
        assert logits.shape == (shape.rows * shape.tokens, 300)
        assert logits.device.type == "meta"
