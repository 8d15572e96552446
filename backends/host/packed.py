"""Reads tokens of several sequences in one pass of the model: sixteen editors' steps cost little more than one's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from collections.abc import Sequence as Ids

import torch
from torch import Tensor
from transformers import PreTrainedModel

from backends.host.attention import NAME, Row, Rows
from backends.host.graphs import Graphs
from backends.host.room import Arena, Heap
from backends.host.sequences import Layout, Sequence, Sequences

SCALED_BY_LENGTH = ("dynamic", "longrope")
"""Kinds of rotary embedding whose angles hang on the longest sequence of a pass: rows of one pass would change each other."""


def suits(model: PreTrainedModel) -> bool:
    """Whether the model's layers are attention of a kind that `attention.attend` computes, as far as its configuration tells."""
    config = model.config.get_text_config()
    rotary = getattr(config, "rope_parameters", None) or {}
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    scaled = [part.get("rope_type") for part in (rotary, *rotary.values()) if isinstance(part, dict)]
    return (
        not getattr(model, "_is_stateful", False)
        and model._can_set_attn_implementation()
        and kinds <= {"full_attention", "sliding_attention"}
        and not any(kind in SCALED_BY_LENGTH for kind in scaled)
    )


Compute = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Logits (kept, vocabulary) of the tokens at the indices kept, from all tokens' ids and positions; attention is the rows'."""


class Packed:
    """A `Reader` for models of plain attention: rows side by side, any beginning of a sequence can be kept."""

    crops = True

    def __init__(self, model: PreTrainedModel, layout: Layout, budget: int, *, in_one_piece: bool = False) -> None:
        """`in_one_piece`: all sequences are parts of one memory, as recorded passes need."""
        self.sequences = Sequences(layout, budget, Arena if in_one_piece else Heap)
        self.rows = Rows()
        self.graphs: Graphs | None = None
        self.vocabulary = int(model.config.get_text_config().vocab_size)
        self._model = model
        self.compute: Compute = self._by_modules
        self._own = model.config._attn_implementation
        self._picks = "logits_to_keep" in inspect.signature(model.forward).parameters
        self.rows.attach(model)
        model.set_attn_implementation(NAME)

    def detach(self) -> None:
        """Gives the model its own attention back."""
        self._model.set_attn_implementation(self._own)

    @property
    def bytes(self) -> int:
        return self.sequences.bytes

    @property
    def bytes_per_token(self) -> int:
        return self.sequences.layout.bytes_per_token

    def fits(self, tokens: int) -> bool:
        return self.sequences.fits(tokens)

    def take(self, ids: Ids[int], document: str, room: int) -> Sequence | None:
        return self.sequences.take(ids, document, room)

    def give(self, sequence: Sequence) -> None:
        self.sequences.give(sequence)

    def drop(self, sequence: Sequence) -> None:
        self.sequences.drop(sequence)

    def shed(self) -> None:
        self.sequences.shed()

    def read(self, rows: list[Row], interrupted: Callable[[], bool]) -> list[Tensor]:
        """Logits (wanted, vocabulary) in float32 for each row, whose sequence then holds its ids. A pass that fails or is
        interrupted leaves every sequence as it was."""
        if self.graphs is not None and (recorded := self.graphs.read(rows)) is not None:
            for row in rows:
                row.sequence.ids += row.ids
            return recorded
        device = self.sequences.layout.device
        ids: list[int] = []
        positions: list[int] = []
        wanted: list[int] = []
        for row in rows:
            start = len(row.sequence.ids)
            wanted += range(len(ids) + len(row.ids) - row.wanted, len(ids) + len(row.ids))
            positions += range(start, start + len(row.ids))
            ids += row.ids
        self.rows.place(rows, interrupted)
        keep = torch.tensor(wanted or [len(ids) - 1], device=device)
        try:
            logits = self.compute(torch.tensor(ids, device=device), torch.tensor(positions, device=device), keep)
        finally:
            self.rows.place([])
        for row in rows:
            row.sequence.ids += row.ids
        return list(logits.float()[: len(wanted)].split([row.wanted for row in rows]))

    def _by_modules(self, ids: Tensor, positions: Tensor, keep: Tensor) -> Tensor:
        """By transformers' own modules: a `Compute`."""
        logits: Tensor = self._model(
            input_ids=ids[None],
            position_ids=positions[None],
            past_key_values=self.rows,
            use_cache=True,
            **({"logits_to_keep": keep} if self._picks else {}),
        ).logits[0]
        return logits if self._picks else logits[keep]
