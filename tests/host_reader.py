"""A reader without a model: after token n comes n + 1. It notes every pass, and waits before each while a test holds it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Sequence as Ids
from dataclasses import dataclass, field

import torch
from torch import Tensor

from backends.host.attention import Interrupted, Row
from backends.host.engine import Engine

VOCABULARY = 1000


@dataclass(eq=False)
class Page:
    document: str
    ids: list[int] = field(default_factory=list)

    def crop(self, length: int) -> None:
        del self.ids[length:]


class CountingReader:
    """`room`: how many sequences may be held at a time, `memory`: for how many there really is some. `passes`: of each pass, how
    many tokens of which document it read."""

    crops = True
    bytes = 0
    bytes_per_token = 0

    def __init__(self, room: int = 100) -> None:
        self.room, self.memory, self.held = room, room, 0
        self.passes: list[dict[str, int]] = []
        self.failures: list[Exception] = []
        self.began = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self._holding = False

    def hold(self) -> None:
        self._holding = True

    def go(self, passes: int = 1) -> None:
        self._go.release(passes)

    def release(self) -> None:
        self._holding = False
        self.go(1000)

    def fits(self, tokens: int) -> bool:
        return True

    def take(self, ids: Ids[int], document: str, room: int) -> Page | None:
        if self.held == self.room:
            return None
        if self.held == self.memory:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …")
        self.held += 1
        return Page(document)

    def give(self, sequence: Page) -> None:
        self.held -= 1

    def drop(self, sequence: Page) -> None:
        self.held -= 1

    def shed(self) -> None:
        pass

    def read(self, rows: list[Row], interrupted: Callable[[], bool]) -> list[Tensor]:
        self.began.release()
        if self._holding:
            assert self._go.acquire(timeout=20)
        if interrupted():
            self.passes.append({"interrupted": 0})
            raise Interrupted
        if self.failures:
            raise self.failures.pop(0)
        self.passes.append({row.sequence.document: len(row.ids) for row in rows})
        logits = []
        for row in rows:
            row.sequence.ids += row.ids
            chosen = torch.tensor(
                [(token + 1) % VOCABULARY for token in row.ids[len(row.ids) - row.wanted :]], dtype=torch.long
            )
            logits.append(torch.nn.functional.one_hot(chosen, VOCABULARY).float())
        return logits


def engine_of(reader: CountingReader, context: int = 10_000) -> Engine:
    return Engine(reader, context, VOCABULARY, torch.device("cpu"), 1, False)
