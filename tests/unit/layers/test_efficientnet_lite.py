from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from seqtasks.layers.efficientnet_lite import (
    LITE_FAMILY,
    Conv2dSame,
    InvertedBottleneck,
    efficientnet_lite,
    multiple_of_eight,
)


@pytest.mark.parametrize(
    ("name", "parameters", "blocks"),
    [
        ("efficientnet_lite0", 4_652_008, 16),
        ("efficientnet_lite1", 5_416_680, 21),
        ("efficientnet_lite2", 6_092_072, 21),
        ("efficientnet_lite3", 8_197_096, 24),
        ("efficientnet_lite4", 13_006_568, 30),
    ],
)
@torch.no_grad()
def test_size(name: str, parameters: int, blocks: int) -> None:
    network = efficientnet_lite(*LITE_FAMILY[name]).eval()
    classifier = 1_281_000
    assert sum(each.numel() for each in network.parameters()) == parameters - classifier  # published
    assert len(network.blocks) == blocks
    assert network(torch.randn(2, 3, 64, 96)).shape == (2, 1280, 2, 3)


def test_channels_are_a_multiple_of_eight_and_lose_at_most_a_tenth() -> None:
    found = [multiple_of_eight(each) for each in (16, 17.6, 19.2, 20, 33.6, 134.4, 268.8)]
    assert found == [16, 16, 24, 24, 32, 136, 272]
    for channels in range(16, 400):
        assert channels * 0.9 <= multiple_of_eight(channels) < channels + 8
        assert multiple_of_eight(channels) % 8 == 0


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (7, 7), (8, 5)])
@torch.no_grad()
def test_padding_is_that_of_tensorflow(kernel: int, stride: int, size: tuple[int, int]) -> None:
    convolution, values = Conv2dSame(2, 3, kernel, stride, bias=False), torch.randn(1, 2, *size)
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
