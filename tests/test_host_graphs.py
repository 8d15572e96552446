"""Passes that are recorded and repeated give what `generate()` gives; one that would not is never used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor

from backends.host.attention import How, Row
from backends.host.engine import Engine
from backends.host.fixed import Fixed, Shape, shapes, suits
from backends.host.packed import Packed
from backends.host.recording import TooLarge
from backends.host.scheduler import Scheduler
from backends.host.sequences import Layout
from tests.fake_clock import FakeClock
from tests.host_answers import PACE, ask, generated, hosting
from tests.host_models import CONFIGURATIONS, tiny
from tests.recorded_on_cpu import record
from tests.test_host_exactness import PROMPTS, TEXT

HOW = How(1.0, None, None)


@dataclass
class Counted:
    """Records as a GPU would; `repeated` counts the passes that were repeated."""

    repeated: int = 0

    def __call__(self, work: Callable[[], Tensor]) -> Callable[[], Tensor]:
        recorded = record(work)

        def repeat() -> Tensor:
            self.repeated += 1
            return recorded()

        return repeat


@dataclass
class Small:
    """A GPU without memory for the two largest passes."""

    error: Exception
    asked: int = 0

    def __call__(self, work: Callable[[], Tensor]) -> Callable[[], Tensor]:
        self.asked += 1
        if self.asked <= 2:
            raise self.error
        return record(work)


@dataclass
class Said:
    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)


@pytest.mark.parametrize("family", CONFIGURATIONS)
async def test_repeated_passes_answer_as_generate_does(family: str) -> None:
    """One after the other, side by side in other numbers than were recorded, and with drafts."""
    plain, counted = tiny(family), Counted()
    async with hosting(family, record=counted) as scheduler:
        proofs = counted.repeated
        for name, ids in PROMPTS.items():
            right = generated(plain, ids)
            assert (await ask(scheduler, ids, document="a"))[: len(right)] == right, name
        answers = await asyncio.gather(
            *(ask(scheduler, ids, client=str(at)) for at, ids in enumerate(PROMPTS.values()))
        )
        for ids, answer in zip(PROMPTS.values(), answers, strict=True):
            right = generated(plain, ids)
            assert answer[: len(right)] == right
    assert counted.repeated > proofs + len(PROMPTS)


async def test_a_text_longer_than_what_was_recorded_is_written_step_by_step() -> None:
    plain, counted = tiny("qwen2"), Counted()
    ids = TEXT * 4
    async with hosting("qwen2", record=counted) as scheduler:
        proofs = counted.repeated
        right = generated(plain, ids)
        assert (await ask(scheduler, ids))[: len(right)] == right
    assert counted.repeated == proofs


def test_every_shape_is_proved_and_progress_is_told() -> None:
    said = Said()
    reader = Engine.of(tiny("qwen2"), threads=1, record=record, longest=5000, progress=said).reader
    assert isinstance(reader, Packed)
    assert reader.graphs is not None
    assert len(reader.graphs) == len(shapes(504, 5)) == 6, "the model holds no more than 512"
    assert said.lines[-1] == "Recording the passes that the GPU will repeat: 6 of 6."


def test_a_recorded_pass_that_computes_something_else_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fixed, "_mask", lambda fixed, window: torch.zeros(()))
    _not_used(record)


def test_numbers_that_are_baked_into_a_recording_are_found_out() -> None:
    """What Python decided while it was recorded stays decided."""

    def once(work: Callable[[], Tensor]) -> Callable[[], Tensor]:
        logits = work().clone()
        return lambda: logits

    _not_used(once)


def test_a_gpu_that_cannot_record_is_used_without() -> None:
    def fails(work: Callable[[], Tensor]) -> Callable[[], Tensor]:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    _not_used(fails)


def test_a_value_that_is_read_back_cannot_be_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Fixed.attend

    def asks(fixed: Fixed, layer: int, query: Tensor, key: Tensor, value: Tensor, how: How) -> Tensor:
        return whole(fixed, layer, query * float(query.isfinite().all()), key, value, how)

    monkeypatch.setattr(Fixed, "attend", asks)
    _not_used(record)


def _not_used(how: Callable[[Callable[[], Tensor]], Callable[[], Tensor]]) -> None:
    said = Said()
    engine = Engine.of(tiny("qwen2"), threads=1, record=how, longest=300, progress=said)
    assert isinstance(engine.reader, Packed)
    assert engine.reader.graphs is None
    assert "Passes cannot be recorded" in said.lines[-1]
    assert len(engine.reader.sequences) == 0, "and what was read for the proof is not kept"


def test_a_row_that_ends_short_of_its_memory_is_held() -> None:
    """The pass writes keys behind the end of a text that reads fewer tokens than it has: there must be room for them."""
    engine = Engine.of(tiny("qwen2"), threads=1, record=record, longest=300)
    with engine.thread():
        sequence = engine.take(TEXT, "", 256)
        sequence.ids = list(range(251))
        shape = Shape(1, 5, 300)
        assert shape.holds([Row(sequence, [1])])
        sequence.ids = list(range(252))
        assert not shape.holds([Row(sequence, [1])])


def test_keys_of_unlike_widths_are_not_counted_out() -> None:
    cpu = torch.device("cpu")
    assert suits(Layout(((2, 8, 8),) * 3, torch.float32, cpu))
    assert not suits(Layout(((2, 8, 4),), torch.float32, cpu))
    assert not suits(Layout(((2, 8, 8), (1, 8, 8)), torch.float32, cpu))


async def test_no_token_is_read_beyond_the_last_position_of_a_model() -> None:
    """A pass reads more tokens than it was asked for, and a table of positions ends where the model's context does. A GPU is of
    no more use after such a read."""
    plain, counted = tiny("gpt_bigcode"), Counted()
    engine = Engine.of(tiny("gpt_bigcode"), threads=1, record=counted, longest=512)
    scheduler = Scheduler(engine, FakeClock(), pace=PACE)
    ids = [5 + at % 290 for at in range(500)]
    try:
        right = generated(plain, ids)
        assert (await ask(scheduler, ids))[: len(right)] == right
    finally:
        await scheduler.close()


def test_passes_that_there_is_no_memory_for_are_not_recorded_and_the_others_are() -> None:
    for error in (TooLarge("it would leave nothing"), torch.OutOfMemoryError("CUDA out of memory.")):
        engine = Engine.of(tiny("qwen2"), threads=1, record=Small(error), longest=300)
        assert isinstance(engine.reader, Packed)
        assert engine.reader.graphs is not None
        assert [fixed.shape for fixed, _ in engine.reader.graphs._recorded] == shapes(304, 5)[:4]


def test_without_memory_for_any_pass_none_is_recorded() -> None:
    def none(work: Callable[[], Tensor]) -> Callable[[], Tensor]:
        raise TooLarge("it would leave nothing")

    _not_used(none)


def test_memory_for_hardly_any_text_records_with_what_there_is() -> None:
    one = 256 * 2 * 2 * 16 * 4  # of two layers' keys and values, as wide as the tiny models'
    engine = Engine.of(tiny("qwen2"), threads=1, record=record, longest=300, cache_bytes=2 * one)
    assert isinstance(engine.reader, Packed)
    assert engine.reader.graphs is not None
    assert len(engine.reader.sequences) == 0
