"""EfficientNet-Lite: EfficientNet (Tan & Le 2019) without squeeze-and-excitation, and with ReLU6 for swish.

What is left are inverted bottlenecks (Sandler et al. 2018), which are quick on small processors.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from torch import Tensor, nn

from seqtasks.layers.convolution import Conv2dSame, Convolved, Values

CHANNELS = 1280
"""Of the grid that comes out: a cell for 32 x 32 pixels."""

STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""How many blocks, kernel, stride of the first block, expansion, channels; all of Lite0."""

LITE_FAMILY = {
    "efficientnet_lite0": (1.0, 1.0),
    "efficientnet_lite1": (1.0, 1.1),
    "efficientnet_lite2": (1.1, 1.2),
    "efficientnet_lite3": (1.2, 1.4),
    "efficientnet_lite4": (1.4, 1.8),
}
"""How many times the channels and the blocks of Lite0. Published for images of 224, 240, 260, 280 and 300 pixels."""

PUBLISHED_NAMES = {
    r"^_blocks\.": "blocks.",
    r"^_conv_stem\.": "stem.0.",
    r"^_bn0\.": "stem.1.",
    r"^_conv_head\.": "head.0.",
    r"^_bn1\.": "head.1.",
    r"\._expand_conv\.": ".expand.0.",
    r"\._bn0\.": ".expand.1.",
    r"\._depthwise_conv\.": ".depthwise.0.",
    r"\._bn1\.": ".depthwise.1.",
    r"\._project_conv\.": ".project.0.",
    r"\._bn2\.": ".project.1.",
}
"""What efficientnet-lite-pytorch calls the parts, as patterns, and what they are called here."""


class InvertedBottleneck(nn.Module):
    """Widens, looks at the neighborhood of each channel by itself, narrows; adds its input where shapes allow.

    Args:
        inputs: Channels that it reads.
        outputs: Channels that it gives.
        kernel: Rows and columns of the neighborhood.
        stride: By what the height and width of the grid are divided.
        expansion: How many times the channels are widened.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = normalize(inputs, inner, activated=True) if expansion > 1 else nn.Identity()
        self.depthwise = normalize(inner, inner, kernel, stride, groups=inner, activated=True)
        self.project = normalize(inner, outputs, activated=False)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, values: Values) -> Convolved:
        """Adds the input where it has as many channels as the output and no stride divides the grid."""
        found: Tensor = self.project(self.depthwise(self.expand(values)))
        return found + values if self.residual else found


def efficientnet_lite(width: float, depth: float) -> nn.Sequential:
    """The network without its classifier: pixels (rows, 3, height, width) to a grid of `CHANNELS`.

    `STAGES` get `width` times the channels and, rounded up, `depth` times the blocks (Tan & Le 2019, equation 3). As
    in the published family, the stem and the head keep their channels, the first and the last stage their one block.
    """
    blocks: list[nn.Module] = []
    inputs = 32
    for count, kernel, stride, expansion, channels in STAGES:
        outputs = multiple_of_eight(width * channels)
        for number in range(math.ceil(depth * count) if count > 1 else 1):
            blocks.append(InvertedBottleneck(inputs, outputs, kernel, stride if number == 0 else 1, expansion))
            inputs = outputs
    parts: dict[str, nn.Module] = {
        "stem": normalize(3, 32, 3, 2, activated=True),
        "blocks": nn.Sequential(*blocks),
        "head": normalize(inputs, CHANNELS, activated=True),
    }
    return nn.Sequential(OrderedDict(parts))


def multiple_of_eight(channels: float) -> int:
    """The nearest one, the larger of two as near; the next one where that would take away more than a tenth."""
    nearest = int(channels + 4) // 8 * 8
    return nearest if nearest >= 0.9 * channels else nearest + 8


def normalize(
    inputs: int, outputs: int, kernel: int = 1, stride: int = 1, *, groups: int = 1, activated: bool
) -> nn.Sequential:
    """Convolution, batch normalization and, if wanted, ReLU6."""
    convolution = Conv2dSame(inputs, outputs, kernel, stride, groups=groups, bias=False)
    norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
    return nn.Sequential(convolution, norm, nn.ReLU6(inplace=True)) if activated else nn.Sequential(convolution, norm)
