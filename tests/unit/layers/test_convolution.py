from __future__ import annotations

import pytest
import torch
from torch import nn

from seqtasks.layers.convolution import ACTIVATIONS, Conv2dSame, ConvActivation

CONVOLUTIONS = {
    "plain": nn.Conv2d(6, 8, 3, 2, padding=1),
    "without bias, dilated": nn.Conv2d(6, 8, 3, padding=2, dilation=2, bias=False),
    "a channel each": nn.Conv2d(6, 6, (5, 3), padding=(2, 1), groups=6),
    "TensorFlow's": Conv2dSame(6, 8, 3, 2),
    "TensorFlow's, a channel each": Conv2dSame(6, 6, 5, 2, groups=6, bias=False),
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
@pytest.mark.parametrize("name", CONVOLUTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@torch.no_grad()
def test_in_one_pass_it_is_one_after_the_other(kind: type[nn.Module], name: str, dtype: torch.dtype) -> None:
    convolution = CONVOLUTIONS[name].to(dtype)
    for size in ((16, 16), (9, 12)):
        values = 8 * torch.randn(2, 6, *size).to(dtype).contiguous(memory_format=torch.channels_last)
        together = ConvActivation(convolution, kind())(values)
        apart = kind()(convolution(values))
        assert apart.std() > 0.3
        accuracy = 2e-5 if dtype == torch.float32 else 2e-2
        torch.testing.assert_close(together, apart, rtol=accuracy, atol=accuracy)


def test_elsewhere_than_on_a_cpu_it_is_one_after_the_other() -> None:
    convolution = ConvActivation(nn.Conv2d(3, 4, 3), nn.ReLU6()).to("meta")
    assert convolution(torch.empty(2, 3, 8, 8, device="meta")).shape == (2, 4, 6, 6)
