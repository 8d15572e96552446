"""Weights in eight bits for a CPU, where a token costs what reading the weights from memory costs.

fbgemm's dynamic linear layer keeps weights as int8 with a scale for each output, and rounds the inputs to eight bits between the
least and the largest of them all. One token with a giant activation, as the first of a text is, would then leave no bits to the
others of its pass, so inputs of several tokens are brought between 0 and 1 first, each token by its own least and largest. What
is rounded are the inputs: the weights' own rounding costs a thirtieth of that in perplexity (docs/log.md).
"""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

LARGEST_REST = 0.2
"""Share of the parameters that may lie outside of linear layers and embeddings, as experts do; beyond, int8 gains nothing."""


class Int8Linear(nn.Module):
    """In place of a linear layer: (…, inputs) to (…, outputs), in float32."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.float()
        scale = weight.abs().amax(1).clamp_min(1e-12) / 127
        whole = (weight / scale[:, None]).round_().clamp_(-127, 127).to(torch.int8)
        zeros = torch.zeros(len(scale), dtype=torch.long)
        with warnings.catch_warnings():  # torch announces that quantised tensors will go; the operators stay
            warnings.simplefilter("ignore", UserWarning)
            tensor = torch._make_per_channel_quantized_tensor(whole, scale.double(), zeros, 0)
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = None if linear.bias is None else linear.bias.float()
        self.weights = torch.ops.quantized.linear_prepack(tensor, None)
        self.sums = whole.sum(1) * scale  # what an input of ones gives
        self.saturates = not torch.cpu._is_vnni_supported()  # then seven bits must do, or sums of two products overflow

    def forward(self, inputs: Tensor) -> Tensor:
        tokens = inputs.reshape(-1, self.in_features)
        if len(tokens) == 1:
            outputs = torch.ops.quantized.linear_dynamic(tokens, self.weights, self.saturates)
        else:
            # `aminmax` takes twenty times as long.
            low, high = tokens.amin(-1, keepdim=True), tokens.amax(-1, keepdim=True)
            span = (high - low).clamp_min_(1e-12)
            outputs = torch.ops.quantized.linear_dynamic((tokens - low).div_(span), self.weights, self.saturates)
            outputs.mul_(span).addcmul_(low, self.sums)
        if self.bias is not None:
            outputs += self.bias
        return outputs.view(*inputs.shape[:-1], self.out_features)


def to_int8(model: PreTrainedModel) -> bool:
    """Replaces the linear layers, and lets the rest compute in float32; False, and nothing is changed, where it does not pay.

    Embeddings stay as they are, since only a row of them is read for a token.
    """
    linear = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    embeddings = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    known = {id(module.weight) for module in (*linear.values(), *embeddings)}
    every = {id(parameter): parameter.numel() for parameter in model.parameters()}
    rest = sum(size for key, size in every.items() if key not in known)
    if not linear or rest > LARGEST_REST * sum(every.values()):
        return False
    for name, module in linear.items():
        parent, _, own = name.rpartition(".")
        setattr(model.get_submodule(parent), own, Int8Linear(module))
    kept = {id(module.weight) for module in embeddings}
    for parameter in model.parameters():
        if id(parameter) not in kept:
            parameter.data = parameter.data.float()
    for embedding in embeddings:
        embedding.register_forward_hook(_in_float32)
    return True


def _in_float32(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
    return output.float()
