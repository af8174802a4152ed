from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from seqtasks.layers.efficientnet_lite import InvertedBottleneck, SameConvolution, efficientnet_lite0


@torch.no_grad()
def test_size() -> None:
    network = efficientnet_lite0().eval()
    assert sum(each.numel() for each in network.parameters()) == 4_652_008 - 1_281_000  # published, less its classifier
    assert network(torch.randn(2, 3, 64, 96)).shape == (2, 1280, 2, 3)


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (7, 7), (8, 5)])
@torch.no_grad()
def test_padding_is_that_of_tensorflow(kernel: int, stride: int, size: tuple[int, int]) -> None:
    convolution, values = SameConvolution(2, 3, kernel, stride, bias=False), torch.randn(1, 2, *size)
    found = convolution(values)
    height, width = (-(-length // stride) for length in size)
    assert found.shape == (1, 3, height, width)
    padded = functional.pad(values, [10, 10, 10, 10])
    for row in range(height):
        top = 10 + row * stride - max(0, (height - 1) * stride + kernel - size[0]) // 2
        for column in range(width):
            left = 10 + column * stride - max(0, (width - 1) * stride + kernel - size[1]) // 2
            window = padded[0, :, top : top + kernel, left : left + kernel]
            assert torch.allclose(found[0, :, row, column], (convolution.weight * window).sum(dim=(1, 2, 3)), atol=1e-5)


@torch.no_grad()
def test_only_blocks_that_keep_the_shape_add_their_input() -> None:
    values = torch.randn(1, 4, 6, 6)
    for outputs, stride, added in ((4, 1, True), (4, 2, False), (6, 1, False)):
        block = InvertedBottleneck(4, outputs, 3, stride, 6).eval()
        block.project[1].weight.zero_()
        assert torch.equal(block(values), values) == added
