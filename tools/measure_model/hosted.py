"""The real model in the host's own hands: the engine, its vocabulary, and answers as the host writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from backends.host.attention import Row
from backends.host.engine import Engine
from backends.host.healing import Healing
from backends.host.loading import Loaded, Wanted, load
from backends.host.memory import Precision
from backends.host.prompting import Prompt
from backends.host.writing import Writer

PIECE = 256


@dataclass(frozen=True, slots=True)
class Hosted:
    loaded: Loaded
    engine: Engine

    @classmethod
    def of(cls, folder: Path, precision: Precision, threads: int) -> Hosted:
        loaded = load(Wanted(str(folder.resolve()), precision=precision))
        int8 = precision is Precision.INT8
        engine = Engine.of(loaded.weights, cache_bytes=2 << 30, int8=int8, threads=threads)
        return cls(loaded, engine)

    def logits(self, ids: Sequence[int], wanted: int) -> Tensor:
        """Those after each of the last `wanted` ids, float32 (wanted, vocabulary)."""
        with self.engine.thread():
            sequence = self.engine.take(list(ids), "", len(ids))
            sequence.crop(min(len(sequence.ids), len(ids) - wanted))
            found: list[Tensor] = []
            while (start := len(sequence.ids)) < len(ids):
                part = list(ids[start : start + PIECE])
                mine = min(len(part), max(0, start + len(part) - (len(ids) - wanted)))
                found += self.engine.read([Row(sequence, part, mine)])
            self.engine.reader.give(sequence)
        return torch.cat([each.float().cpu() for each in found if len(each)]).clone()

    def answer(self, prompt: Prompt, tokens: int, stops: Sequence[str] = ()) -> str:
        """What the host answers to `prompt`, greedily, without what only makes it fast."""
        vocabulary, ids = self.loaded.model.vocabulary, list(prompt.ids)
        healing = Healing(vocabulary, prompt.healed)
        writer, text = Writer(vocabulary, healed=prompt.healed, stops=stops, most=tokens), ""
        while not writer.ended:
            row = self.logits(ids, 1)[0]
            healing.mask(row)
            token = int(row.argmax())
            if token in self.loaded.model.format.stop_ids:
                break
            healing.accept(token)
            text += writer.feed(token)
            ids.append(token)
        return text + writer.rest()
