"""Short passes of a few fixed shapes, recorded once and repeated: for a GPU that would wait for Python most of the time.

A token of a small model takes such a GPU less than a millisecond, and Python some ten to say what it is to do. In a CUDA graph
all is said beforehand (https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs). A pass that fits none of the shapes, as
the reading of a prompt, is computed step by step. Every recorded pass is proved against those steps before it is used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from backends.host import fixed, proof
from backends.host.attention import Row
from backends.host.drafts import AHEAD
from backends.host.fixed import Fixed, Shape
from backends.host.recording import Record, Repeat, TooLarge
from backends.host.room import Arena
from backends.host.sequences import Sequence

if TYPE_CHECKING:
    from backends.host.packed import Packed

_log = logging.getLogger(__name__)


class Graphs:
    def __init__(self) -> None:
        self._recorded: list[tuple[Fixed, Repeat]] = []  # those of the smallest shape first

    def __len__(self) -> int:
        return len(self._recorded)

    def add(self, attention: Fixed, repeat: Repeat) -> None:
        self._recorded.insert(0, (attention, repeat))

    def read(self, rows: list[Row]) -> list[Tensor] | None:
        """As `Packed.read`, but the sequences are not told; None where no shape holds `rows`."""
        for attention, repeat in self._recorded:
            if attention.shape.holds(rows):
                attention.tell(rows)
                logits = repeat().view(attention.shape.rows, attention.shape.tokens, -1).to(torch.float32, copy=True)
                return [each[len(row.ids) - row.wanted : len(row.ids)] for row, each in zip(rows, logits, strict=False)]
        return None


def add(reader: Packed, record: Record, longest: int, dtype: torch.dtype, progress: Callable[[str], None]) -> None:
    """Has `reader` repeat recorded passes from now on, those that there is memory for, if its model allows it and all of them
    prove right. For texts of up to `longest` tokens, beyond which there may be no positions; in weights of `dtype`."""
    room, layout = reader.sequences.room, reader.sequences.layout
    if not isinstance(room, Arena) or not fixed.suits(layout):
        return
    shapes = fixed.shapes(longest, 1 + AHEAD)
    graphs, sequences = Graphs(), list[Sequence]()
    try:
        for sequence in _sequences(reader, max(shape.rows for shape in shapes)):
            sequences.append(sequence)
        if not sequences:
            return
        for at, shape in enumerate(reversed(shapes)):  # the largest first, whose memory then serves the others
            progress(f"Recording the passes that the GPU will repeat: {at + 1} of {len(shapes)}.")
            attention = Fixed(shape, layout, room.memory)
            attention.tell(_rows(sequences[-shape.rows :], shape))
            try:
                repeat = record(lambda attention=attention: _compute(reader, attention))  # type: ignore[misc]
            except (TooLarge, torch.OutOfMemoryError) as error:
                _log.warning("passes of %s are not recorded: %s", shape, error)
                continue
            graphs.add(attention, repeat)
            # Other texts than were recorded: what Python made of those must not have become part of the recording.
            rows = _rows(sequences[: shape.rows][::-1], shape)
            right, recorded = _step_by_step(reader, rows), graphs.read(rows)
            if recorded is None or not proof.agree(torch.cat(right), torch.cat(recorded), dtype):
                raise Differs(shape)
        if not len(graphs):
            raise TooLarge("there is no memory to record any pass")
        reader.graphs = graphs
    except (Differs, RuntimeError) as error:
        _log.warning("no passes are recorded: %s", error)
        progress("Passes cannot be recorded on this GPU, so that answers are written more slowly; the log says why.")
    finally:
        for sequence in sequences:
            reader.drop(sequence)


class Differs(Exception):
    """A recorded pass gave other logits than the same one step by step."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(f"a recorded pass of {shape} differs from the same one step by step")


def _compute(reader: Packed, attention: Fixed) -> Tensor:
    """Logits (rows · tokens, vocabulary)."""
    ids, positions = attention.begin()
    with _instead(reader, attention):
        logits = reader.compute(ids, positions, torch.arange(len(ids), device=ids.device))
    attention.end()
    return logits


@contextmanager
def _instead(reader: Packed, attention: Fixed) -> Iterator[None]:
    reader.rows.attention = attention.attend
    try:
        yield
    finally:
        reader.rows.attention = None


def _sequences(reader: Packed, count: int) -> Iterator[Sequence]:
    """Up to `count` short texts, as many as there is room for."""
    for seed in range(count):
        ids = proof.ids(reader.vocabulary, seed)
        sequence = reader.take(ids, f"proof {seed}", len(ids) + 1 + AHEAD)
        if sequence is None:
            return
        yield sequence
        reader.read([Row(sequence, ids, 1)], lambda: False)


def _rows(sequences: list[Sequence], shape: Shape) -> list[Row]:
    """Of one token and more in turn."""
    return [
        Row(sequence, sequence.ids[: 1 + at % shape.tokens], 1 + at % shape.tokens)
        for at, sequence in enumerate(sequences)
    ]


def _step_by_step(reader: Packed, rows: list[Row]) -> list[Tensor]:
    """What the pass should give; the sequences are as before."""
    logits = reader.read(rows, lambda: False)
    for row in rows:
        row.sequence.crop(len(row.sequence.ids) - len(row.ids))
    return logits
