"""Convolutions padded as TensorFlow does, those together with the activation after them, and widths of windows."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import AfterValidator
from torch import Tensor, nn


def require_widths(widths: tuple[int, ...]) -> tuple[int, ...]:
    """Refuses no width at all, and widths below 1."""
    if not widths or min(widths) < 1:
        raise ValueError("give at least one kernel size, and none below 1")
    return widths


KernelSizes = Annotated[tuple[int, ...], AfterValidator(require_widths)]
"""How many neighbors filters see, of each width some."""
ACTIVATIONS: dict[type[nn.Module], tuple[str, tuple[float, ...]]] = {
    nn.ReLU: ("relu", ()),
    nn.ReLU6: ("hardtanh", (0.0, 6.0)),
    nn.Hardswish: ("hardswish", ()),
    nn.SiLU: ("swish", ()),
}
"""What oneDNN can do with a convolution's outputs before it stores them: its name there, and its numbers."""


Values = Float[Tensor, "rows inputs height width"]
Convolved = Float[Tensor, "rows outputs new_height new_width"]


class ConvActivation(nn.Module):
    """oneDNN's convolution with an activation, which saves writing and reading all outputs once more.

    Elsewhere than on a CPU it is one after the other. It knows no gradients.
    """

    def __init__(self, convolution: nn.Conv2d, activation: nn.Module) -> None:
        super().__init__()
        self.convolution = convolution
        self.activation = activation

    def forward(self, values: Values) -> Convolved:
        """Convolution and activation in one pass where oneDNN has it, one after the other elsewhere."""
        convolution = self.convolution
        if not is_fusible(values):
            activated: Tensor = self.activation(convolution(values))
            return activated
        weight, padding = placement(convolution, values)
        name, numbers = ACTIVATIONS[type(self.activation)]
        fused: Tensor = torch.ops.mkldnn._convolution_pointwise(
            values, weight, convolution.bias, padding, convolution.stride, convolution.dilation, convolution.groups,
            name, numbers, "",
        )  # fmt: skip
        return fused


def is_fusible(values: Tensor) -> bool:
    """Whether oneDNN has the fused convolution here: on processors without AVX-512 it refuses half precision."""
    if values.device.type != "cpu" or not torch._C._has_mkldnn:
        return False
    if values.dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return values.dtype == torch.float32


class Conv2dSame(nn.Conv2d):
    """Padded as TensorFlow's "SAME": an output for each `stride` pixels, the odd one of the padding at the end."""

    def forward(self, values: Values) -> Convolved:
        """Convolves with an output for each `stride` pixels."""
        weight, padding = placement(self, values)
        return nn.functional.conv2d(values, weight, self.bias, self.stride, padding, self.dilation, self.groups)


def placement(
    convolution: nn.Conv2d, values: Values
) -> tuple[Float[Tensor, "outputs group kernel_height kernel_width"], tuple[int, int]]:
    """The weights and the padding on both sides of the height and of the width.

    Where one side needs more of it than the other, the weights get a row or a column of zeros at the beginning, which
    is far less to write than a padded copy of the values.
    """
    if not isinstance(convolution, Conv2dSame):
        assert not isinstance(convolution.padding, str)
        return convolution.weight, (convolution.padding[0], convolution.padding[1])
    ends, zeros = [], []
    for length, kernel, stride in zip(values.shape[2:], convolution.kernel_size, convolution.stride, strict=True):
        needed = max(0, (-(-length // stride) - 1) * stride + kernel - length)
        ends.append(needed - needed // 2)
        zeros.append(needed % 2)
    weight = convolution.weight
    if any(zeros):
        weight = nn.functional.pad(weight, (zeros[1], 0, zeros[0], 0))
    return weight, (ends[0], ends[1])
