"""Attention of several sequences in one pass: the tokens of all of them stand side by side, and each row sees its own past.

transformers' modules call two things that are ours: `update` of the cache, and the attention function, registered by name
(https://huggingface.co/docs/transformers/attention_interface). The linear layers, where the time goes, see one matrix of all
tokens without padding. No mask is built by transformers for an attention function that it does not know, so position, window
and causality are decided here, and `PROOF` in `engine.py` compares the outcome with the model's own attention.

All of it is one kernel of torch, which on a CPU needs help twice: heads that share keys are handed over as more tokens of one
head, and keys are kept in float32. For one token after 2,000 in a model of 0.5B it takes 41 ms in bfloat16 and without that,
and 6.5 so; and its products have no new shape for each length, for which oneDNN would compile and keep a kernel every time.
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
"""Up to so many new tokens of a row, the heads that share keys are folded into one."""


def _never() -> bool:
    return False


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

    def mask(self, window: int | None, first: int, times: int, like: Tensor) -> Tensor | None:
        """(times · size, keys) of 0 and -inf for the keys from `first` on; made once for all layers. A single token sees all."""
        if self.size == 1:
            return None
        if (made := self.masks.get(window)) is None:
            own = torch.arange(self.start, self.start + self.size, device=like.device)[:, None]
            key = torch.arange(first, self.start + self.size, device=like.device)[None, :]
            hidden = key > own
            if window is not None:
                hidden |= key <= own - window
            zeros = torch.zeros(hidden.shape, device=like.device, dtype=like.dtype)
            made = self.masks[window] = zeros.masked_fill_(hidden, float("-inf")).repeat(times, 1)
        return made


@dataclass(frozen=True, slots=True)
class How:
    """What a layer asks of its attention: the factor of its scores, how many tokens back it sees, and Gemma's soft limit."""

    scale: float
    window: int | None
    softcap: float | None


Attention = Callable[[int, Tensor, Tensor, Tensor, How], Tensor]
"""As `Rows.attend`."""


class Rows(Cache):
    """The cache that transformers' modules are handed: it holds no layer of its own, only which rows this pass is about.
    `asked` is what each layer asked of its attention in the last pass through transformers' modules; `attention` computes it in
    place of the rows' own."""

    def __init__(self) -> None:
        super().__init__(layers=[])
        self.spans: list[_Span] = []
        self.interrupted: Callable[[], bool] = _never
        self.asked: dict[int, How] = {}
        self.attention: Attention | None = None

    def place(self, rows: list[Row], interrupted: Callable[[], bool] = _never) -> None:
        """For the next pass; without rows when it is over, so that nothing of it is held any longer."""
        self.interrupted = interrupted
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

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, how: How) -> Tensor:
        """query (heads, tokens, width); key and value (key/value heads, tokens, width); returns (tokens, heads, width)."""
        if self.attention is not None:
            return self.attention(layer, query, key, value, how)
        if self.interrupted():
            raise Interrupted
        parts = []
        for span in self.spans:
            here, end = slice(span.at, span.at + span.size), span.start + span.size
            keys, values = span.row.sequence.keys[layer], span.row.sequence.values[layer]
            keys[:, span.start : end] = key[:, here]
            values[:, span.start : end] = value[:, here]
            first = 0 if how.window is None else max(0, span.start - how.window + 1)
            times = len(query) // len(keys) if span.size <= NARROW or how.softcap is not None else 1
            mask = span.mask(how.window, first, times, keys)
            seen = query[:, here].to(keys.dtype).reshape(len(query) // times, times * span.size, -1)
            mixed = _mixed(seen, keys[:, first:end], values[:, first:end], how.scale, mask, how.softcap)
            parts.append(mixed.reshape(len(query), span.size, -1).transpose(0, 1))
        return parts[0] if len(parts) == 1 else torch.cat(parts)


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
    layer: int = module.layer_idx
    how = How(query.shape[-1] ** -0.5 if scaling is None else scaling, sliding_window, softcap)
    rows.asked[layer] = how
    return rows.attend(layer, query[0], key[0], value[0], how).to(query.dtype).unsqueeze(0), None


def _mixed(
    query: Tensor, keys: Tensor, values: Tensor, scale: float, mask: Tensor | None, softcap: float | None
) -> Tensor:
    """query (heads, tokens, width), keys and values (key/value heads, all, width), mask (tokens, all); (heads, tokens, width)."""
    if softcap is None:
        shared = len(query) != len(keys)
        if shared and query.device.type != "cpu":
            # No kernel of a GPU takes a mask and heads that share keys: torch would write out all scores in float32.
            keys, values = (part.repeat_interleave(len(query) // len(part), 0) for part in (keys, values))
            shared = False
        return scaled_dot_product_attention(
            query[None], keys[None], values[None], attn_mask=mask, scale=scale, enable_gqa=shared
        )[0]
    scores = torch.tanh(torch.bmm(query, keys.transpose(1, 2)) * (scale / softcap)) * softcap
    if mask is not None:
        scores += mask
    return torch.bmm(scores.softmax(-1), values)
