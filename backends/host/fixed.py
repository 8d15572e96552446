"""A pass whose every size is fixed: so many rows, so many tokens each, keys up to so many. What changes from one to the next are
numbers on the device, so that a GPU can repeat the pass from a recording, without Python and without being told each step.

Where a row's sequence lies is one of those numbers: all sequences are parts of one piece of memory (`room.Arena`), and keys and
values are gathered from it. A row that reads fewer tokens than the pass has repeats its last one, whose keys fall behind the end
of its sequence, where the next pass writes over them; a row too many repeats the first. Both compute what nobody looks at.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from backends.host.attention import How, Row
from backends.host.sequences import Layout


@dataclass(frozen=True, slots=True)
class Shape:
    rows: int
    tokens: int
    keys: int

    def holds(self, rows: list[Row]) -> bool:
        """Whether `rows` can be read in a pass of this shape: the keys of the tokens that are too many need room as well."""
        return len(rows) <= self.rows and all(
            len(row.ids) <= self.tokens and len(row.sequence.ids) + self.tokens <= min(self.keys, row.sequence.capacity)
            for row in rows
        )


def suits(layout: Layout) -> bool:
    """Keys and values of one width in all layers: then a token's are found by counting."""
    return len(set(layout.heads)) == 1 and all(key == value for _, key, value in layout.heads)


class Fixed:
    """The attention of such a pass, and what it is told: for each row where its sequence begins in `memory`, how many tokens that
    has room for and how many it holds, and then the ids to read."""

    TOLD = 3

    def __init__(self, shape: Shape, layout: Layout, memory: Tensor) -> None:
        self.shape = shape
        self._heads, self._width, _ = layout.heads[0]
        self._memory = memory[: len(memory) // self._width * self._width].view(-1, self._width)
        self._told = torch.zeros(shape.rows, self.TOLD + shape.tokens, dtype=torch.long, device=layout.device)
        self._masks: dict[int | None, Tensor] = {}

    def tell(self, rows: list[Row]) -> None:
        """What the next pass is about: in one copy to the device."""
        told = []
        for row in rows:
            sequence, ids = row.sequence, row.ids
            more = self.shape.tokens - len(ids)
            begins = sequence.piece.storage_offset() // self._width
            told.append([begins, sequence.capacity, len(sequence.ids), *ids, *[ids[-1]] * more])
        told += [told[0]] * (self.shape.rows - len(told))
        self._told.copy_(torch.tensor(told))

    def begin(self) -> tuple[Tensor, Tensor]:
        """Ids and positions of the pass, (rows · tokens). From here on nothing is read back from the device."""
        rows, tokens, keys = self.shape.rows, self.shape.tokens, self.shape.keys
        begins, room, start = (self._told[:, at].view(rows, 1) for at in range(self.TOLD))
        self._own = start + torch.arange(tokens, device=self._told.device)  # (rows, tokens)
        self._key = torch.arange(keys, device=self._told.device)
        part = torch.arange(2 * self._heads, device=self._told.device).view(-1, 1, 1)  # keys of each head, then values
        self._layer = room * (2 * self._heads)
        parts = begins + room * part
        self._written = parts + self._own  # (2 · heads, rows, tokens)
        self._seen = parts + self._key.minimum(start + tokens - 1)  # no row's keys but its own, not even with no weight
        return self._told[:, self.TOLD :].reshape(-1), self._own.reshape(-1)

    def end(self) -> None:
        """Lets go of what the layers had in common, whose memory another recording may then use as well."""
        del self._own, self._key, self._layer, self._written, self._seen
        self._masks = {}

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, how: How) -> Tensor:
        """query (heads, rows · tokens, width); key and value (key/value heads, rows · tokens, width); returns (rows · tokens,
        heads, width)."""
        rows, tokens, keys = self.shape.rows, self.shape.tokens, self.shape.keys
        shared, width, memory = self._heads, self._width, self._memory
        new = torch.cat((key, value)).to(memory.dtype).view(-1, width)
        memory.index_copy_(0, (self._written + layer * self._layer).view(-1), new)
        seen = memory.index_select(0, (self._seen + layer * self._layer).view(-1))
        held, values = seen.view(2, shared * rows, keys, width)
        asked = query.to(memory.dtype).view(shared, -1, rows, tokens, width).transpose(1, 2)
        scores = _product(asked.reshape(shared * rows, -1, width), held) * how.scale
        if how.softcap is not None:
            scores = torch.tanh(scores / how.softcap) * how.softcap
        masked = scores.view(shared, rows, -1, tokens, keys) + self._mask(how.window)
        weights = masked.softmax(-1).to(memory.dtype)
        mixed = torch.bmm(weights.view(shared * rows, -1, keys), values)
        return mixed.view(shared, rows, -1, tokens, width).permute(1, 3, 0, 2, 4).reshape(rows * tokens, -1, width)

    def _mask(self, window: int | None) -> Tensor:
        """(rows, 1, tokens, keys) of 0 and -inf, made once for all layers."""
        if window not in self._masks:
            own = self._own[:, None, :, None]
            hidden = self._key > own
            if window is not None:
                hidden |= self._key <= own - window
            zeros = torch.zeros(hidden.shape, dtype=self._memory.dtype, device=hidden.device)
            self._masks[window] = zeros.masked_fill(hidden, float("-inf"))
        return self._masks[window]


def _product(asked: Tensor, keys: Tensor) -> Tensor:
    """Scores in float32: some models, Qwen2.5 among them, have so large ones that sixteen bits would mix them up. A CPU, whose
    keys are float32, has no product of other numbers into these."""
    keys = keys.transpose(1, 2)
    return torch.bmm(asked, keys) if asked.dtype == torch.float32 else torch.bmm(asked, keys, out_dtype=torch.float32)


def shapes(longest: int, most_tokens: int) -> list[Shape]:
    """Those worth recording for texts of up to `longest` tokens, the cheapest first: few keys or many, one row or several, a
    token each or a draft as well."""
    keys = [*(count for count in (1024, 4096) if count < longest), longest]
    return [Shape(rows, tokens, most) for most in keys for rows in (1, 4, 16) for tokens in (1, most_tokens)]
