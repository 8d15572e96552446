"""Weights in eight bits, since a token costs what reading the weights from memory costs.

On a CPU, fbgemm's dynamic linear layer keeps weights as int8 with a scale for each output, and rounds the inputs to eight bits
between the least and the largest of them all. One token with a giant activation, as the first of a text is, would then leave no
bits to the others of its pass, so inputs of several tokens are brought between 0 and 1 first, each token by its own least and
largest. What is rounded are the inputs: the weights' own rounding costs a thirtieth of that in perplexity (docs/log.md).
"""

from __future__ import annotations

import logging
import warnings

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from transformers import PreTrainedModel

_log = logging.getLogger(__name__)
LARGEST_REST = 0.2
"""Share of the parameters that may lie outside of linear layers and embeddings, as experts do; beyond, int8 gains nothing."""


SLICE = 4096
"""Outputs of a layer that are rounded at a time: a vocabulary's in float32, several times over, are gigabytes."""


class Int8Linear(nn.Module):
    """In place of a linear layer: (…, inputs) to (…, outputs); on a CPU in float32."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        rounded = [_rounded(part.float()) for part in linear.weight.split(SLICE)]
        whole, scale = (torch.cat(parts) for parts in zip(*rounded, strict=True))
        self.in_features, self.out_features = linear.in_features, linear.out_features
        on_cpu = whole.device.type == "cpu"
        self.product = OnCpu(whole, scale) if on_cpu else OnGpu(whole, scale)
        self.bias = None if linear.bias is None else linear.bias.float() if on_cpu else linear.bias

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = self.product(inputs.reshape(-1, self.in_features))
        if self.bias is not None:
            outputs += self.bias
        return outputs.view(*inputs.shape[:-1], self.out_features)


def _rounded(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(outputs, inputs) of int8, and the scale of each output."""
    scale = weight.abs().amax(1).clamp_min(1e-12) / 127
    return (weight / scale[:, None]).round_().clamp_(-127, 127).to(torch.int8), scale


class OnCpu:
    """(tokens, inputs) to (tokens, outputs) by fbgemm, in float32."""

    def __init__(self, whole: Tensor, scale: Tensor) -> None:
        zeros = torch.zeros(len(scale), dtype=torch.long)
        with warnings.catch_warnings():  # torch announces that quantised tensors will go; the operators stay
            warnings.simplefilter("ignore", UserWarning)
            tensor = torch._make_per_channel_quantized_tensor(whole, scale.double(), zeros, 0)
        self._weights = torch.ops.quantized.linear_prepack(tensor, None)
        self._sums = whole.sum(1) * scale  # what an input of ones gives
        # Without VNNI seven bits must do, or sums of two products overflow.
        self._saturates = not torch.cpu._is_vnni_supported()

    def __call__(self, tokens: Tensor) -> Tensor:
        outputs: Tensor
        if len(tokens) == 1:
            outputs = torch.ops.quantized.linear_dynamic(tokens, self._weights, self._saturates)
            return outputs
        # `aminmax` takes twenty times as long.
        low, high = tokens.amin(-1, keepdim=True), tokens.amax(-1, keepdim=True)
        span = (high - low).clamp_min_(1e-12)
        outputs = torch.ops.quantized.linear_dynamic((tokens - low).div_(span), self._weights, self._saturates)
        return outputs.mul_(span).addcmul_(low, self._sums)


class OnGpu:
    """(tokens, inputs) to (tokens, outputs) by the GPU's product of int8 matrices, in the numbers the model computes in. Each
    token is rounded to whole numbers from -127 to 127 between its own least and largest."""

    FEWEST = 32
    """cuBLAS takes no fewer than 17 rows, and as long for 32 as for one: what takes time is to read the weights."""

    def __init__(self, whole: Tensor, scale: Tensor) -> None:
        self._weights, self._scale = whole, scale
        self._sums = whole.sum(1) * scale

    def __call__(self, tokens: Tensor) -> Tensor:
        low, high = tokens.amin(-1, keepdim=True).float(), tokens.amax(-1, keepdim=True).float()
        step = (high - low).clamp_min(1e-12) / 254
        middle = low + 127 * step
        rounded = ((tokens - middle) / step).round_().to(torch.int8)
        product = torch._int_mm(pad(rounded, (0, 0, 0, max(0, self.FEWEST - len(tokens)))), self._weights.t())
        outputs = product[: len(tokens)] * self._scale
        return outputs.mul_(step).addcmul_(middle, self._sums).to(tokens.dtype)


def to_int8(model: PreTrainedModel) -> bool:
    """Replaces the linear layers, on a GPU those whose widths its product takes, and on a CPU lets the rest compute in float32;
    False, and nothing is changed, where it does not pay.

    Embeddings stay as they are, since only a row of them is read for a token.
    """
    on_cpu = model.device.type == "cpu"
    linear = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and (on_cpu or module.in_features % 8 == module.out_features % 8 == 0)
    }
    embeddings = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    known = {id(module.weight) for module in (*linear.values(), *embeddings)}
    every = {id(parameter): parameter.numel() for parameter in model.parameters()}
    rest = sum(size for key, size in every.items() if key not in known)
    if not linear or rest > LARGEST_REST * sum(every.values()) or not (on_cpu or _multiplies(model.device)):
        return False
    for name, module in linear.items():
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, Int8Linear(module))
    if not on_cpu:
        return True
    kept = {id(module.weight) for module in embeddings}
    for parameter in model.parameters():
        if id(parameter) not in kept:
            parameter.data = parameter.data.float()
    for embedding in embeddings:
        embedding.register_forward_hook(_in_float32)
    return True


def _multiplies(device: torch.device) -> bool:
    """Whether a GPU has the product: those before Turing, of 2018, do not."""
    some = torch.zeros(OnGpu.FEWEST, OnGpu.FEWEST, dtype=torch.int8, device=device)
    try:
        torch._int_mm(some, some.t())
    except RuntimeError as error:
        _log.warning("weights stay in 16 bits, since this GPU does not multiply those of eight: %s", error)
        return False
    return True


def _in_float32(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
    return output.float()
