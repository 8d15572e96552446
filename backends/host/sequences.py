"""What the model has read and still holds: token ids with their keys and values, kept after the request for the next keystroke.

A keystroke changes a prompt in its last tokens, and keys and values depend on nothing but the tokens up to their own. So a new
prompt takes over the sequence that begins like it, and only the rest is computed.
"""

from __future__ import annotations

from collections.abc import Sequence as Ids
from dataclasses import dataclass, field
from itertools import count

import torch
from torch import Tensor

STEP = 256
"""Room is given in steps of so many tokens, so that a sequence that grows by a token a keystroke is seldom moved."""
WORTH_COPYING = 16
"""Tokens that must agree before their keys and values are copied from a sequence that is to stay as it is."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What one token takes in each layer: `heads` is (key/value heads, key width, value width)."""

    heads: tuple[tuple[int, int, int], ...]
    dtype: torch.dtype
    device: torch.device

    @property
    def bytes_per_token(self) -> int:
        numbers = sum(heads * (key + value) for heads, key, value in self.heads)
        return numbers * int(self.dtype.itemsize)


@dataclass(slots=True, eq=False)
class Sequence:
    """`ids` are computed: layer i holds keys[i][:, :len(ids)] and values[i][:, :len(ids)] of shape (heads, capacity, width)."""

    document: str
    capacity: int
    keys: list[Tensor]
    values: list[Tensor]
    ids: list[int] = field(default_factory=list)
    busy: bool = True
    used: int = 0  # the turn at which it was last given back

    def crop(self, length: int) -> None:
        """Forgets what follows the first `length` tokens. Their room is written over, nothing is moved."""
        del self.ids[length:]


class Sequences:
    """All sequences, within `budget` bytes that nothing exceeds: what runs is never dropped, what waits for use is."""

    def __init__(self, layout: Layout, budget: int) -> None:
        self.layout, self.budget = layout, budget
        self._held: list[Sequence] = []
        self._turns = count(1)

    @property
    def bytes(self) -> int:
        return sum(sequence.capacity for sequence in self._held) * self.layout.bytes_per_token

    @property
    def tokens(self) -> int:
        """Tokens whose keys and values are held."""
        return sum(len(sequence.ids) for sequence in self._held)

    def __len__(self) -> int:
        return len(self._held)

    def fits(self, tokens: int) -> bool:
        """Whether a sequence of so many tokens fits at all, with nothing else held."""
        return _rounded(tokens) * self.layout.bytes_per_token <= self.budget

    def take(self, ids: Ids[int], document: str, room: int) -> Sequence | None:
        """A sequence that begins as `ids` does, cropped to what agrees, with room for `room` tokens; None until memory is free.

        At least the last of `ids` is left to compute: its logits are what the answer begins with.
        """
        donor, agreed = self._longest(ids[:-1])
        if donor is not None and not donor.busy and _may_lose_the_rest(donor, agreed, document):
            return self._taken_over(donor, agreed, document, room)
        if not self._make_room(_rounded(room), spared=donor):
            if donor is None or donor.busy:
                return None
            return self._taken_over(donor, agreed, document, room)
        made = self._made(document, _rounded(room))
        if donor is not None and agreed >= WORTH_COPYING:
            _copy(donor, made, agreed)
        self._held.append(made)
        return made

    def _taken_over(self, donor: Sequence, agreed: int, document: str, room: int) -> Sequence | None:
        donor.busy = True  # so that it is not dropped to make room for itself
        grown = False
        try:
            grown = donor.capacity >= room or self._grow(donor, agreed, room)
        finally:
            donor.busy = grown
        if not grown:
            return None
        donor.crop(agreed)
        donor.document = document
        return donor

    def give(self, sequence: Sequence) -> None:
        """The request has ended; the sequence stays for the next one, unless it holds nothing."""
        sequence.busy, sequence.used = False, next(self._turns)
        if not sequence.ids:
            self.drop(sequence)

    def drop(self, sequence: Sequence) -> None:
        if sequence in self._held:
            self._held.remove(sequence)

    def shed(self) -> None:
        """Drops whatever no request is using."""
        self._held = [sequence for sequence in self._held if sequence.busy]

    def _longest(self, ids: Ids[int]) -> tuple[Sequence | None, int]:
        """The sequence that agrees with most of `ids`, an idle one if two agree in the same number."""
        best, most = None, 0
        for sequence in self._held:
            agreed = shared(sequence.ids, ids)
            if agreed > most or (agreed and agreed == most and best is not None and best.busy):
                best, most = sequence, agreed
        return best, most

    def _grow(self, sequence: Sequence, kept: int, room: int) -> bool:
        if not self._make_room(_rounded(room) - sequence.capacity):
            return False
        larger = self._made(sequence.document, _rounded(room))
        _copy(sequence, larger, kept)
        sequence.keys, sequence.values, sequence.capacity = larger.keys, larger.values, larger.capacity
        return True

    def _make_room(self, tokens: int, spared: Sequence | None = None) -> bool:
        """Drops the least useful until `tokens` more fit."""
        each = self.layout.bytes_per_token
        while self.bytes + tokens * each > self.budget:
            idle = [sequence for sequence in self._held if not sequence.busy and sequence is not spared]
            if not idle:
                return False
            self._held.remove(min(idle, key=self._usefulness))
        return True

    def _usefulness(self, sequence: Sequence) -> tuple[int, int]:
        """First goes what two newer sequences of its document have overtaken, then what was used longest ago.

        Length does not count: a long sequence costs more to compute again, and frees as much more when it goes.
        """
        newer = sum(
            other.used > sequence.used and other.document == sequence.document and sequence.document != ""
            for other in self._held
        )
        return (0 if newer >= 2 else 1, sequence.used)

    def _made(self, document: str, capacity: int) -> Sequence:
        """In one piece of memory: so many long-lived small ones between short-lived ones would never be given back whole."""
        layout = self.layout
        sizes = [heads * capacity * width for heads, key, value in layout.heads for width in (key, value)]
        pieces = torch.empty(sum(sizes), dtype=layout.dtype, device=layout.device).split(sizes)
        keys = [
            piece.view(heads, capacity, key) for piece, (heads, key, _) in zip(pieces[::2], layout.heads, strict=True)
        ]
        values = [
            piece.view(heads, capacity, value)
            for piece, (heads, _, value) in zip(pieces[1::2], layout.heads, strict=True)
        ]
        return Sequence(document, capacity, keys, values)


def shared(one: Ids[int], other: Ids[int]) -> int:
    """How many ids two prompts begin with in common."""
    end, start = min(len(one), len(other)), 0
    while start + 64 <= end and list(one[start : start + 64]) == list(other[start : start + 64]):
        start += 64
    while start < end and one[start] == other[start]:
        start += 1
    return start


def _may_lose_the_rest(donor: Sequence, agreed: int, document: str) -> bool:
    """A sequence of the same document is taken over if half of it stays; another's only if it loses next to nothing."""
    if donor.document == document or "" in (donor.document, document):
        return agreed * 2 >= len(donor.ids)
    return len(donor.ids) - agreed < WORTH_COPYING


def _copy(source: Sequence, target: Sequence, tokens: int) -> None:
    for old, new in zip((*source.keys, *source.values), (*target.keys, *target.values), strict=True):
        new[:, :tokens] = old[:, :tokens]
    target.ids = source.ids[:tokens]


def _rounded(tokens: int) -> int:
    return -(-tokens // STEP) * STEP
