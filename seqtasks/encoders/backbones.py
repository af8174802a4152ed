"""Backbones: classification networks up to their last grid of features."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from seqtasks.encoders import vision_transformer
from seqtasks.errors import SeqtasksError
from seqtasks.layers.convolution import ACTIVATIONS, ConvActivation
from seqtasks.layers.efficientnet_lite import CHANNELS, LITE_FAMILY, PUBLISHED_NAMES, efficientnet_lite

LITE = "efficientnet_lite0"

HEADS = {"avgpool", "classifier", "dropout", "fc", "flatten", "head"}
"""What torchvision's networks call the parts that come after the grid."""

GROUPS = {"blocks", "features", "layers", "trunk_output"}
"""What they call a sequence of blocks; every other part is a block by itself."""

COUNTED = "num_batches_tracked"
"""A number that batch normalization keeps and that changes nothing here."""


class BackboneSpec(NamedTuple):
    """A network without its head, and what it has been trained on: `(pixel - mean) / deviation`, pixels 0 to 255."""

    network: nn.Sequential
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Backbone(nn.Module):
    """Bytes of pixels to a grid of features; normalizes by itself.

    All blocks compute in the precision of their weights: the gradients of convolutions in bfloat16 take a CPU 1.5 times
    as long. The statistics of batch normalization are kept in trained blocks too, but for a network that learns from
    scratch and has none yet.

    Args:
        name: One of `backbone_names`.
        trainable_from_block: The first block that is trained, counted from the end where negative; None trains none.
            The blocks before it run in evaluation mode and without autograd.
        from_scratch: The network gets no pretrained weights.
        lr_multiplier: Times the learning rate of the other parts.

    Raises:
        SeqtasksError: The network has no such block.
    """

    def __init__(
        self,
        name: str,
        *,
        trainable_from_block: int | None = None,
        from_scratch: bool = False,
        lr_multiplier: float = 1.0,
    ) -> None:
        super().__init__()
        self.name = name
        self.lr_multiplier = lr_multiplier
        self.trunk, self.channels, self.mean, self.deviation = make_backbone_spec(name)
        self.from_scratch = from_scratch
        count = len(self.blocks)
        if trainable_from_block is not None and not -count <= trainable_from_block < count:
            raise SeqtasksError(
                f"trainable_from_block = {trainable_from_block} is not a block of {name}.",
                f"It has {count}: 0 is the first, {count - 1} or -1 the last.",
            )
        self.frozen_blocks = count if trainable_from_block is None else trainable_from_block % count
        for block in self.blocks[: self.frozen_blocks]:
            block.requires_grad_(False)
        self.train()

    @property
    def blocks(self) -> list[nn.Module]:
        """What the network consists of, from the pixels on."""
        blocks: list[nn.Module] = []
        for name, part in self.trunk.named_children():
            blocks.extend(part.children() if name in GROUPS else [part])
        return blocks

    def forward(
        self, pixels: UInt8[Tensor, "rows 3 height width"]
    ) -> Float[Tensor, "rows channels grid_height grid_width"]:
        """The last grid of features of images of any size.

        A backbone without pretrained weights reads a single image twice in training: batch normalization cannot
        normalize one value a channel.
        """
        blocks = self.blocks
        rows = len(pixels)
        if self.training and self.from_scratch and rows == 1:
            pixels = pixels.expand(2, -1, -1, -1)  # batch normalization refuses a single value a channel
        with torch.autocast(pixels.device.type, enabled=False):
            with torch.no_grad():
                grid = self.normalize(pixels)
                for block in blocks[: self.frozen_blocks]:
                    grid = block(grid)
            for block in blocks[self.frozen_blocks :]:
                grid = block(grid)
        return grid[:rows]

    def normalize(self, pixels: UInt8[Tensor, "rows 3 height width"]) -> Float[Tensor, "rows 3 height width"]:
        """The input of the first block; channels last, which convolutions on a CPU are quicker with."""
        mean, deviation = (
            torch.tensor(values, device=pixels.device).view(3, 1, 1) for values in (self.mean, self.deviation)
        )
        dtype = next(self.trunk.parameters()).dtype
        normalized = pixels.float().sub_(mean).div_(deviation).to(dtype)
        return normalized.contiguous(memory_format=torch.channels_last)

    def train(self, mode: bool = True) -> Backbone:
        """Keeps frozen blocks, and the batch normalization of all pretrained ones, in evaluation mode."""
        super().train(mode)
        for number, block in enumerate(self.blocks):
            if number < self.frozen_blocks:
                block.eval()
            elif not self.from_scratch:
                for module in block.modules():
                    if isinstance(module, nn.BatchNorm2d):
                        module.eval()
        return self

    def fuse_for_inference(self) -> None:
        """Makes one module of each convolution and what follows it in a sequence, for evaluation alone.

        A batch normalization goes into the convolution's weights (Jacob et al. 2018, section 3.2): on a CPU
        EfficientNet-Lite0 took half of the time then, and what is rounded afterwards, such as to bfloat16, is rounded
        once. An activation goes into the pass that computes the convolution.
        """
        for sequence in [module for module in self.trunk.modules() if isinstance(module, nn.Sequential)]:
            for number in range(len(sequence) - 1):
                convolution, norm = sequence[number], sequence[number + 1]
                if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                    sequence[number] = fuse_conv_bn_eval(convolution.eval(), norm.eval())
                    sequence[number + 1] = nn.Identity()
            following = [number for number, module in enumerate(sequence) if not isinstance(module, nn.Identity)]
            for number, after in pairwise(following):
                convolution, activation = sequence[number], sequence[after]
                if isinstance(convolution, nn.Conv2d) and type(activation) in ACTIVATIONS:
                    sequence[number] = ConvActivation(convolution, activation)
                    sequence[after] = nn.Identity()

    def load_tensors(self, tensors: Mapping[str, Tensor], source: str) -> None:
        """Takes the weights of the whole network, by torchvision's names; those of its head are not looked at.

        Raises:
            SeqtasksError: One is missing or has another shape; the message begins with the `source`.
        """
        if self.name in LITE_FAMILY:
            tensors = rename_tensors(tensors, PUBLISHED_NAMES)
        if self.name.startswith(vision_transformer.FAMILY):
            tensors = rename_tensors(tensors, vision_transformer.PLACES)
        own = self.trunk.state_dict()
        wanted = [name for name in own if not name.endswith(COUNTED)]
        wrong = [name for name in wanted if name not in tensors or tensors[name].shape != own[name].shape]
        if wrong:
            problem = "has another shape" if wrong[0] in tensors else "is missing"
            more = f", and {len(wrong) - 1} more do not fit" if len(wrong) > 1 else ""
            raise SeqtasksError(
                f"{source} does not hold the weights of {self.name}: {wrong[0]} {problem}{more}.",
                "Set the backbone that the weights belong to.",
            )
        self.trunk.load_state_dict({name: tensors[name] for name in wanted}, strict=False)


def rename_tensors(tensors: Mapping[str, Tensor], patterns: Mapping[str, str]) -> dict[str, Tensor]:
    """The tensors with each pattern in their names replaced, in the order of the patterns."""
    renamed = {}
    for name, tensor in tensors.items():
        for pattern, replacement in patterns.items():
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor
    return renamed


def backbone_names() -> list[str]:
    """Every backbone there is: our own, and torchvision's classification networks."""
    from torchvision import models

    return [*LITE_FAMILY, *models.list_models(module=models)]


def make_backbone_spec(name: str) -> BackboneSpec:
    """The backbone of this name with random weights."""
    if name in LITE_FAMILY:
        return BackboneSpec(efficientnet_lite(*LITE_FAMILY[name]), CHANNELS, (127.0,) * 3, (128.0,) * 3)
    from torchvision import models

    options: dict[str, Any] = {}
    preset = models.get_model_weights(name).DEFAULT.transforms()
    mean, deviation = preset.mean, preset.std
    if name in ("googlenet", "inception_v3"):  # ported from TensorFlow with its normalization
        options = {"aux_logits": False, "init_weights": False}
        mean, deviation = (0.5,) * 3, (0.5,) * 3
    model = models.get_model(name, weights=None, **options)
    scaled = [tuple(255.0 * value for value in values) for values in (mean, deviation)]
    if name.startswith(vision_transformer.FAMILY):
        return BackboneSpec(vision_transformer.vision_transformer(model).eval(), model.hidden_dim, *scaled)
    parts = OrderedDict(
        (part, nn.Sequential(*module) if isinstance(module, nn.ModuleList) else module)
        for part, module in model.named_children()
        if part not in HEADS
    )
    if name.startswith("densenet"):  # its forward applies this between features and pooling
        parts["activation"] = nn.ReLU(inplace=True)
    network = nn.Sequential(parts).eval()
    with torch.no_grad():
        channels = network(torch.zeros(1, 3, 224, 224)).shape[1]
    return BackboneSpec(network, channels, *scaled)
