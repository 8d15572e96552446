"""What is asked of CUDA to record a pass, in which order, and what is put right where CUDA refuses: by a CUDA of a few lines,
which keeps to what torch's sources say of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor

from backends.host.recording import SPARE, TooLarge, on_cuda

GPU = torch.device("cuda:1")


class Stream:
    def __init__(self, device: object = None) -> None:
        self.waited: list[Stream] = []

    def wait_stream(self, other: Stream) -> None:
        self.waited.append(other)


@dataclass
class Cuda:
    """One GPU. `takes` is what a pass takes in bytes, and `refuses` has the end of a recording fail, as it does after an
    operation that cannot be recorded: then torch does not take the recording's stream back, nor end its memory."""

    free: int
    takes: int = 0
    refuses: bool = False
    stream_now: Stream = field(default_factory=Stream)
    taking: list[object] = field(default_factory=list)
    released: list[object] = field(default_factory=list)
    repeated: int = 0
    pools: int = 0

    def graph_pool_handle(self) -> tuple[int, int]:
        self.pools += 1
        return (0, self.pools)

    def current_stream(self) -> Stream:
        return self.stream_now

    def set_stream(self, stream: Stream) -> None:
        self.stream_now = stream

    @contextmanager
    def stream(self, stream: Stream) -> Iterator[None]:
        before, self.stream_now = self.stream_now, stream
        yield
        self.stream_now = before

    @contextmanager
    def device(self, device: torch.device) -> Iterator[None]:
        assert device == GPU
        yield

    @contextmanager
    def graph(self, graph: Any, pool: object, stream: Stream, capture_error_mode: str) -> Iterator[None]:
        self.empty_cache()
        assert pool not in self.released, (
            "torch's allocator asserts it: https://github.com/vllm-project/vllm/issues/28426"
        )
        before, self.stream_now = self.stream_now, stream
        self.taking.append(pool)
        try:
            yield
        except RuntimeError:
            if not self.refuses:
                self.released.append(pool)  # as soon as the graph has gone
            raise
        finally:
            if self.refuses:
                raise torch.AcceleratorError("CUDA error: operation failed due to a previous error during capture")
            self.taking.remove(pool)
            self.stream_now = before

    def empty_cache(self) -> None:
        assert not self.taking, "torch's allocator asserts it"

    def end(self, device: int, pool: object) -> None:
        if pool not in self.taking:
            raise RuntimeError("endAllocatePool: not currently recording to mempool_id")
        self.taking.remove(pool)

    def replayed(self) -> None:
        self.repeated += 1


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Cuda:
    made = Cuda(free=10 * SPARE)

    class Graph:
        def replay(self) -> None:
            made.replayed()

    there = {
        "Stream": Stream,
        "CUDAGraph": Graph,
        "current_device": lambda: 1,
        "synchronize": lambda: None,
        "reset_peak_memory_stats": lambda: None,
        "memory_allocated": lambda: 0,
        "max_memory_allocated": lambda: made.takes,
        "mem_get_info": lambda: (made.free, made.free),
    }
    for name in ("graph_pool_handle", "current_stream", "set_stream", "stream", "device", "graph", "empty_cache"):
        there[name] = getattr(made, name)
    for name, value in there.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(torch._C, "_cuda_endAllocateToPool", made.end, raising=False)
    return made


def _pass() -> Tensor:
    return torch.ones(1)


def test_a_recorded_pass_is_repeated_without_its_python(cuda: Cuda) -> None:
    times = 0

    def work() -> Tensor:
        nonlocal times
        times += 1
        return torch.full((1,), times)

    before = cuda.stream_now
    repeat = on_cuda(GPU)(work)
    assert times == 4, "three times to warm up, and once to be recorded"
    assert repeat().tolist() == [4]
    assert cuda.repeated == 1
    assert cuda.stream_now is before


def test_after_a_refused_recording_the_gpu_is_as_before(cuda: Cuda) -> None:
    """Or the next lack of memory would be an error of torch's own, and all went on beside the stream that others wait for."""
    before, cuda.refuses, record = cuda.stream_now, True, on_cuda(GPU)
    with pytest.raises(RuntimeError, match="during capture"):
        record(_pass)
    assert cuda.stream_now is before
    assert not cuda.taking
    cuda.refuses = False
    assert record(_pass)().tolist() == [1]


def test_after_a_pass_that_failed_others_can_be_recorded(cuda: Cuda) -> None:
    times = 0

    def work() -> Tensor:
        nonlocal times
        times += 1
        if times == 4:
            raise RuntimeError("an operation that torch itself refuses")
        return torch.ones(1)

    record = on_cuda(GPU)
    with pytest.raises(RuntimeError, match="itself refuses"):
        record(work)
    assert not cuda.taking
    assert record(_pass)().tolist() == [1]


def test_recordings_leave_memory_for_what_is_not_recorded(cuda: Cuda) -> None:
    record = on_cuda(GPU)
    cuda.takes = cuda.free - SPARE + 1
    with pytest.raises(TooLarge):
        record(_pass)
    cuda.takes -= 1
    record(_pass)
    cuda.free = SPARE // 2
    record(_pass)  # whose memory is in the pool
    cuda.takes += 1
    with pytest.raises(TooLarge):
        record(_pass)
