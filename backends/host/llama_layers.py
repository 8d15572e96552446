"""Layers of Llama's kind, written out in few calls of torch: transformers' many small steps cost a sixth of a token on a CPU.

Llama, Mistral, Qwen2 and what was built like them (Code Llama, DeepSeek-Coder, Codestral, Qwen2.5-Coder, Seed-Coder, Mellum) have
one and the same layer: a norm, queries, keys and values, their rotation, attention, a norm and a gated product. A model whose
modules have these names and no others is taken for one of them, and `engine.py` has it proved that the same comes out as of its
own modules. Queries, keys and values become one product, gate and up another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import rms_norm
from transformers import PreTrainedModel

from backends.host.attention import How, Rows

MODEL = frozenset({"embed_tokens", "layers", "norm", "rotary_emb"})
LAYER = frozenset({"self_attn", "mlp", "input_layernorm", "post_attention_layernorm"})
ATTENTION = frozenset({"q_proj", "k_proj", "v_proj", "o_proj"})
GATED = frozenset({"gate_proj", "up_proj", "down_proj", "act_fn"})


class LlamaLayers:
    """A `packed.Compute`. The model's own modules go on working until `take_over`: their weights are parts of the joined ones."""

    def __init__(self, model: PreTrainedModel, rows: Rows) -> None:
        """For a model that `suits`, and that `rows` has seen a pass of."""
        inner: Any = model.model
        self._model, self._inner, self._rows = model, inner, rows
        self._layers = [_Layer(layer, rows.asked[at]) for at, layer in enumerate(inner.layers)]

    def take_over(self) -> None:
        """Removes the modules whose place the joined ones take; from then on the model's own forward computes no more."""
        for layer in self._layers:
            layer.take_over()

    def give_up(self) -> None:
        """Removes the joined modules, and leaves the model as it was."""
        for layer in self._layers:
            layer.give_up()

    def __call__(self, ids: Tensor, positions: Tensor, keep: Tensor) -> Tensor:
        states = self._inner.embed_tokens(ids)
        cosine, sine = (part[0][:, None] for part in self._inner.rotary_emb(states, positions[None]))
        half = sine.shape[-1] // 2
        turn = cosine, torch.cat((-sine[..., :half], sine[..., half:]), -1)
        for at, layer in enumerate(self._layers):
            states = layer(states, turn, self._rows, at)
        if len(keep) < len(ids):
            states = states[keep]
        logits: Tensor = self._model.lm_head(_normed(self._inner.norm, states))
        return logits


def suits(model: PreTrainedModel, rows: Rows) -> bool:
    """Whether the modules' names and kinds are those of Llama. What they do with one another is left to the proof."""
    inner: Any = getattr(model, "model", None)
    head = getattr(model, "lm_head", None)
    if inner is None or not isinstance(head, nn.Linear) or _names(inner) != MODEL or not _is_norm(inner.norm):
        return False
    return all(_is_layer(layer) and at in rows.asked for at, layer in enumerate(inner.layers))


class _Layer:
    def __init__(self, layer: Any, how: How) -> None:
        self._layer, self._how = layer, how
        attention, gated = layer.self_attn, layer.mlp
        self._width: int = attention.head_dim
        self._keys = attention.k_proj.out_features // self._width
        self._queries = attention.q_proj.out_features // self._width
        self._inner: int = gated.gate_proj.out_features
        attention.qkv = _joined([attention.q_proj, attention.k_proj, attention.v_proj])
        gated.gate_up = _joined([gated.gate_proj, gated.up_proj])

    def take_over(self) -> None:
        attention, gated = self._layer.self_attn, self._layer.mlp
        del attention.q_proj, attention.k_proj, attention.v_proj, gated.gate_proj, gated.up_proj

    def give_up(self) -> None:
        del self._layer.self_attn.qkv, self._layer.mlp.gate_up

    def __call__(self, states: Tensor, turn: tuple[Tensor, Tensor], rows: Rows, at: int) -> Tensor:
        """(tokens, hidden) to (tokens, hidden), in the same memory."""
        layer, queries, turned = self._layer, self._queries, self._queries + self._keys
        attention, gated, (cosine, sine) = layer.self_attn, layer.mlp, turn
        heads = attention.qkv(_normed(layer.input_layernorm, states)).view(len(states), -1, self._width)
        plain = heads[:, :turned]
        rotated = torch.addcmul(plain * cosine, plain.roll(self._width // 2, -1), sine).transpose(0, 1)
        seen = rows.attend(at, rotated[:queries], rotated[queries:], heads[:, turned:].transpose(0, 1), self._how)
        states += attention.o_proj(seen.to(states.dtype).reshape(len(states), -1))
        both = gated.gate_up(_normed(layer.post_attention_layernorm, states))
        states += gated.down_proj(gated.act_fn(both[:, : self._inner]) * both[:, self._inner :])
        return states


def _normed(norm: Any, states: Tensor) -> Tensor:
    return rms_norm(states, states.shape[-1:], norm.weight, norm.variance_epsilon)


def _joined(parts: Sequence[nn.Linear]) -> nn.Linear:
    """One layer that computes what `parts` do, whose weights become parts of its own: so nothing is held twice."""
    first = parts[0]
    with torch.device("meta"):
        joined = nn.Linear(first.in_features, sum(part.out_features for part in parts), bias=first.bias is not None)
    for name, _ in list(joined.named_parameters()):
        whole = torch.cat([getattr(part, name) for part in parts])
        setattr(joined, name, nn.Parameter(whole, requires_grad=False))
        for part, piece in zip(parts, whole.split([part.out_features for part in parts]), strict=True):
            getattr(part, name).data = piece
    return joined


def _is_layer(layer: Any) -> bool:
    if _names(layer) != LAYER or _names(layer.self_attn) != ATTENTION or _names(layer.mlp) != GATED:
        return False
    attention, gated = layer.self_attn, layer.mlp
    joined = ((attention.q_proj, attention.k_proj, attention.v_proj), (gated.gate_proj, gated.up_proj))
    return (
        all(type(part) is nn.Linear for parts in joined for part in parts)
        and all(len({part.bias is None for part in parts}) == 1 for parts in joined)
        and isinstance(getattr(attention, "head_dim", None), int)
        and attention.k_proj.out_features == attention.v_proj.out_features
        and _is_norm(layer.input_layernorm)
        and _is_norm(layer.post_attention_layernorm)
    )


def _is_norm(norm: Any) -> bool:
    return hasattr(norm, "variance_epsilon") and {name for name, _ in norm.named_parameters()} == {"weight"}


def _names(module: nn.Module) -> frozenset[str]:
    return frozenset(name for name, _ in module.named_children())
