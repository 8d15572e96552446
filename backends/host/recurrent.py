"""Models that cannot forget their last tokens: Mamba's state, hybrids, and attention that is not of the plain kind.

Their state is read by the model's own cache, one sequence at a time. A copy of the state from shortly before the prompt's end
is kept, and a later prompt that begins with exactly the same ids goes on from there; any other is read from its beginning.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Ids
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from backends.host.attention import Interrupted, Row

BEFORE_END = 8
"""The last tokens of a prompt are split otherwise when a letter is added, so the copy is taken before them."""
WORTH_SINGLY = 64
"""A model that takes one token at a time once it has begun goes on from a copy only if so few are left."""


@dataclass(slots=True, eq=False)
class State:
    """`cache` is the model's own, after `ids`; a copy is taken when it holds `copy_at` tokens."""

    document: str
    cache: Any
    ids: list[int] = field(default_factory=list)
    copy_at: int = 0


class OneByOne:
    """A `Reader` for any causal model of transformers; `in_parts`: it may be handed several tokens after the first pass."""

    crops = False

    def __init__(self, model: PreTrainedModel, budget: int, *, in_parts: bool) -> None:
        self._model, self._budget, self._in_parts = model, budget, in_parts
        self._copies: list[State] = []  # least recently used first

    @property
    def bytes(self) -> int:
        return sum(tensor.nbytes for state in self._copies for tensor in _tensors(state.cache))

    @property
    def bytes_per_token(self) -> int:
        """A state does not grow with its tokens, or hardly."""
        return 0

    def fits(self, tokens: int) -> bool:
        return True

    def take(self, ids: Ids[int], document: str, room: int) -> State | None:
        best: State | None = None
        for state in self._copies:
            held = len(state.ids)
            if held < len(ids) and list(ids[:held]) == state.ids and (best is None or held > len(best.ids)):
                best = state
        if best is None or (not self._in_parts and len(ids) - len(best.ids) > WORTH_SINGLY):
            return State(document, DynamicCache(config=self._model.config), [], max(0, len(ids) - BEFORE_END))
        self._copies.remove(best)
        self._copies.append(best)
        return State(document, copy.deepcopy(best.cache), list(best.ids), max(0, len(ids) - BEFORE_END))

    def give(self, sequence: State) -> None:
        """Nothing is kept of a state that has run on; its copy was taken on the way."""

    def drop(self, sequence: State) -> None:
        pass

    def shed(self) -> None:
        self._copies.clear()

    def read(self, rows: list[Row], interrupted: Callable[[], bool]) -> list[Tensor]:
        """As `Packed.read`, but a row that fails is lost: its state cannot be taken back."""
        return [self._one(row, interrupted) for row in rows]

    def _one(self, row: Row, interrupted: Callable[[], bool]) -> Tensor:
        state: Any = row.sequence
        for part in self._parts(state, row.ids):
            if interrupted():
                raise Interrupted
            logits = read(self._model, part, state.cache)
            state.ids += part
            if len(state.ids) == state.copy_at:
                self._keep(State(state.document, copy.deepcopy(state.cache), list(state.ids)))
        return logits[-1:].float() if row.wanted else logits[:0]

    def _parts(self, state: State, ids: list[int]) -> Iterator[list[int]]:
        """Split where a copy is due, and behind the first pass into single tokens where the model needs it."""
        started = len(state.ids)
        split = state.copy_at - started
        whole = [ids[:split], ids[split:]] if 0 < split < len(ids) else [ids]
        for part in whole:
            if self._in_parts or (started == 0 and part is whole[0]):
                yield part
            else:
                yield from ([token] for token in part)

    def _keep(self, state: State) -> None:
        self._copies = [other for other in self._copies if other.document != state.document or state.document == ""]
        self._copies.append(state)
        while len(self._copies) > 1 and self.bytes > self._budget:
            self._copies.pop(0)


def read(model: PreTrainedModel, ids: list[int], cache: Any) -> Tensor:
    """Logits (tokens, vocabulary) of `ids` after what `cache` holds; recurrent models give the argument another name."""
    name = "cache_params" if "cache_params" in inspect.signature(model.forward).parameters else "past_key_values"
    logits: Tensor = model(input_ids=torch.tensor([ids], device=model.device), use_cache=True, **{name: cache}).logits
    return logits[0]


def _tensors(cache: Any) -> Iterator[Tensor]:
    for layer in cache.layers:
        for value in vars(layer).values():
            held = value if isinstance(value, dict) else {0: value}
            yield from (tensor for tensor in held.values() if isinstance(tensor, Tensor))
