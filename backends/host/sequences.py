"""What the model has read and still holds: token ids with their keys and values, kept after the request for the next keystroke.

A keystroke changes a prompt in its last tokens, and keys and values depend on nothing but the tokens up to their own. So a new
prompt takes over the sequence that begins like it, and only the rest is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Ids
from dataclasses import dataclass, field
from itertools import count

import torch
from torch import Tensor

from backends.host.room import Heap, Room, apart

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
    def numbers_per_token(self) -> int:
        return sum(heads * (key + value) for heads, key, value in self.heads)

    @property
    def bytes_per_token(self) -> int:
        return self.numbers_per_token * int(self.dtype.itemsize)


@dataclass(slots=True, eq=False)
class Sequence:
    """`ids` are computed: layer i holds keys[i][:, :len(ids)] and values[i][:, :len(ids)] of shape (heads, capacity, width).

    All of them are views of `piece`, one after the other: keys of the first layer, its values, keys of the second, and so on.
    """

    document: str
    capacity: int
    piece: Tensor
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

    def __init__(
        self, layout: Layout, budget: int, room: Callable[[int, torch.dtype, torch.device], Room] = Heap
    ) -> None:
        self.layout, self.budget = layout, budget
        self.room = room(budget // layout.dtype.itemsize, layout.dtype, layout.device)
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
        made = self._made(document, _rounded(room), spared=donor)
        if made is None:
            if donor is None or donor.busy:
                return None
            return self._taken_over(donor, agreed, document, room)
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
            self.room.give(sequence.piece)

    def shed(self) -> None:
        """Drops whatever no request is using."""
        for sequence in [sequence for sequence in self._held if not sequence.busy]:
            self.drop(sequence)

    def _longest(self, ids: Ids[int]) -> tuple[Sequence | None, int]:
        """The sequence that agrees with most of `ids`, an idle one if two agree in the same number."""
        best, most = None, 0
        for sequence in self._held:
            agreed = shared(sequence.ids, ids)
            if agreed > most or (agreed and agreed == most and best is not None and best.busy):
                best, most = sequence, agreed
        return best, most

    def _grow(self, sequence: Sequence, kept: int, room: int) -> bool:
        larger = self._made(sequence.document, _rounded(room), instead_of=sequence.piece)
        if larger is None:
            return False
        if apart(larger.piece, sequence.piece):
            _copy(sequence, larger, kept)
        sequence.keys, sequence.values, sequence.capacity = larger.keys, larger.values, larger.capacity
        sequence.piece, sequence.ids = larger.piece, larger.ids
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

    def _made(
        self, document: str, capacity: int, *, spared: Sequence | None = None, instead_of: Tensor | None = None
    ) -> Sequence | None:
        """In one piece of memory: so many long-lived small ones between short-lived ones would never be given back whole.
        For its sake the least useful are dropped, but not `spared`."""
        layout = self.layout
        while (piece := self.room.take(capacity * layout.numbers_per_token, instead_of)) is None:
            idle = [sequence for sequence in self._held if not sequence.busy and sequence is not spared]
            if not idle:
                return None
            self.drop(min(idle, key=self._usefulness))
        parts = piece.split([heads * capacity * width for heads, key, value in layout.heads for width in (key, value)])
        keys = [part.view(heads, capacity, key) for part, (heads, key, _) in zip(parts[::2], layout.heads, strict=True)]
        values = [
            part.view(heads, capacity, value) for part, (heads, _, value) in zip(parts[1::2], layout.heads, strict=True)
        ]
        return Sequence(document, capacity, piece, keys, values)


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
