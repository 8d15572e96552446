"""Attention of several sequences in one pass: the tokens of all of them stand side by side, and each row sees its own past.

transformers' modules call two things that are ours: `update` of the cache, and the attention function, registered by name
(https://huggingface.co/docs/transformers/attention_interface). The linear layers, where the time goes, see one matrix of all
tokens without padding. No mask is built by transformers for an attention function that it does not know, so position, window
and causality are decided here, and `PROOF` in `engine.py` compares the outcome with the model's own attention.

On a CPU, torch's own attention takes 41 ms for one token of a 0.5B model in bfloat16, and two products of matrices 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, Cache

from backends.host.sequences import Sequence

NAME = "infill_rows"
NARROW = 16
"""Up to so many new tokens the scores of a row are computed by plain products; above, in blocks or by torch's own kernel."""
BLOCK = 64
ROUNDED = 128
"""For every new shape of a product in sixteen bits oneDNN compiles a kernel, in half a millisecond, and keeps it, in half a
megabyte. So the number of keys is rounded up, and a mask hides what lies beyond the last one, which is zeros or out of date.
"""


class Interrupted(Exception):
    """Nobody waits for this pass any more, or somebody more urgent came."""


@dataclass(slots=True)
class Row:
    """`ids` continue `sequence`; the logits of the last `wanted` of them are asked for."""

    sequence: Sequence
    ids: list[int]
    wanted: int = 1


@dataclass(slots=True)
class _Span:
    """Where a row's tokens stand in the pass, `at` to `at + size`, and in its sequence, `start` to `start + size`."""

    row: Row
    at: int
    start: int
    size: int
    masks: dict[int | None, Tensor] = field(default_factory=dict)

    def mask(self, window: int | None, first: int, stop: int, like: Tensor) -> Tensor:
        """(size, keys) of 0 and -inf for the keys from `first` to `stop`; made once for all layers."""
        if (made := self.masks.get(window)) is None:
            own = torch.arange(self.start, self.start + self.size, device=like.device)[:, None]
            key = torch.arange(first, stop, device=like.device)[None, :]
            hidden = key > own
            if window is not None:
                hidden |= key <= own - window
            zeros = torch.zeros(hidden.shape, device=like.device)
            made = self.masks[window] = zeros.masked_fill_(hidden, float("-inf"))
        return made


class Rows(Cache):
    """The cache that transformers' modules are handed: it holds no layer of its own, only which rows this pass is about."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.spans: list[_Span] = []
        self.interrupted: Callable[[], bool] = _never

    def place(self, rows: list[Row]) -> None:
        self.spans, at = [], 0
        for row in rows:
            self.spans.append(_Span(row, at, len(row.sequence.ids), len(row.ids)))
            at += len(row.ids)

    def attach(self, model: nn.Module) -> None:
        """Lets the attention function find the rows of its own model from the module that calls it."""
        AttentionInterface.register(NAME, attend)
        for module in model.modules():
            if hasattr(module, "layer_idx"):
                module.infill_rows = self

    def update(self, keys: Tensor, values: Tensor, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        """The new keys and values alone; `attend` puts them into the sequences."""
        return keys, values


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """query (1, heads, tokens, width); key and value (1, key/value heads, tokens, width); returns (1, tokens, heads, width)."""
    rows: Rows = module.infill_rows
    if rows.interrupted():
        raise Interrupted
    layer: int = module.layer_idx
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    parts = []
    for span in rows.spans:
        here, end = slice(span.at, span.at + span.size), span.start + span.size
        keys, values = span.row.sequence.keys[layer], span.row.sequence.values[layer]
        keys[:, span.start : end] = key[0, :, here]
        values[:, span.start : end] = value[0, :, here]
        first = 0 if sliding_window is None else max(0, span.start - sliding_window + 1)
        stop = end if keys.is_cuda or keys.dtype == torch.float32 else _rounded(end, first, keys.shape[1])
        mask = None if span.size == 1 and stop == end else span.mask(sliding_window, first, stop, keys)
        seen = query[0, :, here].to(keys.dtype)
        parts.append(_weighted(seen, keys[:, first:stop], values[:, first:stop], scale, mask, softcap))
    attended = parts[0] if len(parts) == 1 else torch.cat(parts)
    return attended.to(query.dtype).unsqueeze(0), None


def _weighted(
    query: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None, softcap: float | None
) -> Tensor:
    """query (heads, tokens, width), keys and values (key/value heads, all, width), mask (tokens, all); (tokens, heads, width).

    Heads that share keys are folded into the rows of one product. Scores are kept in float32, as transformers' modules do.
    """
    heads, tokens, _ = query.shape
    if tokens > NARROW and softcap is None and (query.is_cuda or query.dtype == torch.float32):
        kernel_mask = None if mask is None else mask.to(query.dtype)
        whole = scaled_dot_product_attention(
            query[None], keys[None], values[None], attn_mask=kernel_mask, scale=scale, enable_gqa=True
        )
        return whole[0].transpose(0, 1)
    if tokens > BLOCK:
        pieces = [
            _weighted(
                query[:, i : i + BLOCK], keys, values, scale, None if mask is None else mask[i : i + BLOCK], softcap
            )
            for i in range(0, tokens, BLOCK)
        ]
        return torch.cat(pieces)
    product = _head_by_head if tokens <= NARROW and query.dtype != torch.float32 and not query.is_cuda else torch.bmm
    scores = product(query.reshape(len(keys), -1, query.shape[-1]), keys.transpose(1, 2)).float().mul_(scale)
    if softcap is not None:
        scores = torch.tanh(scores / softcap) * softcap
    if mask is not None:
        scores.view(heads, tokens, -1).add_(mask)
    mixed = product(scores.softmax(-1).to(values.dtype), values)
    return mixed.view(heads, tokens, -1).transpose(0, 1)


def _rounded(end: int, first: int, capacity: int) -> int:
    return min(capacity, first - (first - end) // ROUNDED * ROUNDED)


def _head_by_head(one: Tensor, other: Tensor) -> Tensor:
    """`torch.bmm` without the copy that it makes of keys in sixteen bits, which lie in more room than they fill."""
    return torch.stack([left @ right for left, right in zip(one, other, strict=True)])


def _never() -> bool:
    return False
