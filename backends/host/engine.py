"""The model as the scheduler sees it: sequences to take and give back, and `read`, which turns new tokens into logits.

Everything here runs on one thread, the scheduler's. Whether our attention, or layers written out, compute a model's own function
is not believed but proved when the engine is made: the same tokens through both, in pieces and side by side, must give the same
logits. A model whose attention fails is read by its own cache, one sequence at a time, slower and never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Ids
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from backends.host import graphs, llama_layers, packed, proof, quantize, recording, recurrent
from backends.host.attention import Row
from backends.host.drafts import AHEAD
from backends.host.jobs import HostOutOfMemory, Unsuitable
from backends.host.llama_layers import LlamaLayers
from backends.host.memory import give_back
from backends.host.packed import Packed
from backends.host.proof import agree, in_pieces
from backends.host.recording import Record
from backends.host.recurrent import OneByOne
from backends.host.sequences import Layout
from backends.host.threads import candidates, fastest, processors, use_threads
from context.clock import Clock, MonotonicClock


class Reader(Protocol):
    """What reads tokens; `crops` says whether a sequence can forget its last ones, as a wrong draft needs."""

    crops: bool

    @property
    def bytes(self) -> int: ...
    @property
    def bytes_per_token(self) -> int: ...
    def fits(self, tokens: int) -> bool: ...
    def take(self, ids: Ids[int], document: str, room: int) -> Any: ...
    def give(self, sequence: Any) -> None: ...
    def drop(self, sequence: Any) -> None: ...
    def shed(self) -> None: ...
    def read(self, rows: list[Row], interrupted: Callable[[], bool]) -> list[Tensor]: ...


@dataclass(slots=True)
class Engine:
    """`context` is how many tokens the model can hold in all; `quantized` says that its weights are int8."""

    reader: Reader
    context: int
    vocabulary: int
    device: torch.device
    threads: int
    quantized: bool

    @classmethod
    def of(
        cls,
        model: PreTrainedModel,
        *,
        cache_bytes: int = 2 << 30,
        int8: bool | None = None,
        threads: int | None = None,
        longest: int | None = None,
        record: Record | None = None,
        clock: Clock | None = None,
        progress: Callable[[str], None] = lambda message: None,
    ) -> Engine:
        """Takes the model over: its attention and, with `int8`, its weights are replaced.

        `int8` None means on a CPU, where a token costs what reading the weights costs, unless they are float32, which somebody
        chose who wants exactness. `threads` None means as many as are found to be fastest. `longest` is how many tokens a prompt
        and its answer will have at most, if fewer than the model can hold. `record` records passes to be repeated; on CUDA
        it need not be named.
        """
        model.eval().requires_grad_(False)
        clock = clock or MonotonicClock()
        config, device = model.config.get_text_config(), model.device
        use_threads(threads or candidates(processors())[-1])
        progress("Checking that the model's attention is computed right.")
        if device.type == "cuda":
            record = record or recording.on_cuda(device)
            # On the GPUs where torch prefers cuDNN's attention, a plan is made for each new length, which takes half a second,
            # and kept for ever: https://github.com/modelscope/FunASR/issues/3704
            torch.backends.cuda.enable_cudnn_sdp(False)
        with torch.inference_mode():
            reader = _reader(model, cache_bytes, in_one_piece=record is not None)
        wanted = int8 if int8 is not None else device.type == "cpu" and model.dtype != torch.float32
        if wanted:
            progress("Rounding the weights to eight bits.")
            wanted = quantize.to_int8(model)
        give_back()
        if threads is None:
            progress("Finding how many threads are fastest.")
            threads = fastest(partial(_one_token, reader), processors(), clock) if device.type == "cpu" else 1
        context = int(getattr(config, "max_position_embeddings", 0) or 1 << 20)
        if record is not None and isinstance(reader, Packed):
            with torch.inference_mode():
                graphs.add(reader, record, min(context, (longest or context) + AHEAD), model.dtype, progress)
        vocabulary = int(model.get_input_embeddings().num_embeddings)
        return cls(reader, context, vocabulary, device, threads, wanted)

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Around all that the reading thread does: torch keeps both of these for each thread of ours apart."""
        use_threads(self.threads)
        with torch.inference_mode():
            yield

    def take(self, ids: Ids[int], document: str, room: int) -> Any:
        """A sequence that begins as `ids` does; None while there is no room for it. Where memory runs out although there should
        be room, the kept sequences are dropped and it is tried once more: others that run may give back what is missing."""
        for _ in range(2):
            try:
                return self.reader.take(ids, document, room)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                self.shed()
        return None

    def read(self, rows: list[Row], interrupted: Callable[[], bool] = lambda: False) -> list[Tensor]:
        """Logits (wanted, vocabulary) for each row. Where memory runs out, the kept sequences are dropped and it is tried once
        more; then it is `HostOutOfMemory`, and the caller drops the rows' sequences."""
        for tried in (False, True):
            try:
                with torch.inference_mode():
                    return self.reader.read(rows, interrupted)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                self.shed()
                if tried or not self.reader.crops:
                    break
        raise HostOutOfMemory

    def shed(self) -> None:
        self.reader.shed()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """torch says it by a type of its own on a GPU and by a sentence on a CPU, the system by another."""
    said = str(error).lower()
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or any(
        f"{cannot} allocate memory" in said for cannot in ("can't", "cannot")
    )


def _reader(model: PreTrainedModel, budget: int, *, in_one_piece: bool) -> Reader:
    ids = proof.ids(int(model.config.get_text_config().vocab_size))
    cache = DynamicCache(config=model.config)
    right = recurrent.read(model, ids, cache)
    if packed.suits(model):
        layout = _layout(cache, torch.float32 if model.device.type == "cpu" else model.dtype, model.device)
        reader = Packed(model, layout, budget, in_one_piece=in_one_piece)
        if agree(right, in_pieces(reader, ids), model.dtype):
            _write_out(model, reader, ids, right)
            reader.shed()
            return reader
        reader.detach()
    for in_parts, parts in ((True, [ids[:17], ids[17:]]), (False, [ids[:17], *([token] for token in ids[17:])])):
        state = DynamicCache(config=model.config)
        if agree(right, torch.cat([recurrent.read(model, part, state) for part in parts]), model.dtype):
            return OneByOne(model, budget, in_parts=in_parts)
    raise Unsuitable(type(model).__name__)


def _write_out(model: PreTrainedModel, reader: Packed, ids: list[int], right: Tensor) -> None:
    """Has `reader` compute by layers that are written out, if the model is of their kind and they agree with its own."""
    if not llama_layers.suits(model, reader.rows):
        return
    layers, modules = LlamaLayers(model, reader.rows), reader.compute
    reader.shed()  # of what the modules read, so that nothing of it is taken for read by the layers
    reader.compute = layers
    if agree(right, in_pieces(reader, ids), model.dtype):
        layers.take_over()
    else:
        layers.give_up()
        reader.compute = modules


@torch.inference_mode()
def _one_token(reader: Reader) -> None:
    """The pass that there are most of."""
    sequence = reader.take([0, 1], "", 2)
    reader.read([Row(sequence, [1], 1)], lambda: False)
    reader.drop(sequence)


def _layout(cache: DynamicCache, dtype: torch.dtype, device: torch.device) -> Layout:
    heads = tuple((layer.keys.shape[1], layer.keys.shape[3], layer.values.shape[3]) for layer in cache.layers)
    return Layout(heads, dtype, device)
