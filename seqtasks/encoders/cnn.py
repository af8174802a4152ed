"""The convolutional encoder: an image as a grid of cells, each one a source position (Xu et al. 2015)."""

from __future__ import annotations

import difflib
import hashlib
import math
from typing import Literal

import torch
from jaxtyping import Bool, Float, UInt8
from pydantic import Field, field_validator
from torch import Tensor, nn

from seqtasks.encoders.backbones import COUNTED, LITE, Backbone, backbone_names
from seqtasks.encoders.base import Encoder
from seqtasks.encoders.pretrained_weights import pretrained_tensors
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.efficientnet_lite import LITE_FAMILY
from seqtasks.layers.embedding import sinusoids
from seqtasks.layers.memory import Memory
from seqtasks.registry import ConfigModel

FEATURES = "features 1"
"""Part of every fingerprint; to be changed whenever `CnnEncoder.features` computes something else."""

LARGEST = torch.finfo(torch.float16).max
FIRST_PLACE_SCALE = 0.2


Images = UInt8[Tensor, "rows 3 height width"] | Float[Tensor, "rows cells channels"]
"""Pixels of square images, or what `CnnEncoder.features` has made of them."""


class CnnConfig(ConfigModel):
    """What encoders of images have in common."""

    backbone: str = LITE
    """"efficientnet_lite0" to "efficientnet_lite4", or a classification network by its torchvision name."""
    weights: str = "DEFAULT"
    """"DEFAULT" (ImageNet), "none", or the path of a state dict (.safetensors, .pth); for a new model only."""
    trainable_from_block: int | None = None
    """First block of the backbone that is trained, negative from the end; without it, the backbone is frozen."""
    lr_multiplier: float = Field(default=0.1, gt=0)
    """Multiplier of the backbone's learning rate."""
    hidden_size: int | None = Field(default=512, gt=0, multiple_of=2)
    """Width that the cells are projected to; None keeps that of the backbone."""
    dropout: float = Field(default=0.3, ge=0, lt=1)
    """Dropout on the states of the cells."""

    @field_validator("backbone")
    @classmethod
    def is_known(cls, name: str) -> str:
        """Refuses a name for which there is no network with a grid of features; suggests the closest ones."""
        if name in LITE_FAMILY:
            return name
        known = backbone_names()
        if name not in known:
            close = difflib.get_close_matches(name, known) or [LITE, "mobilenet_v3_large", "resnet50"]
            raise ValueError(f"there is no backbone {name!r} with a grid of features; try {', '.join(close)}")
        return name


class CnnEncoder(Encoder):
    """A backbone, a projection of its cells, and the place of each; the memory's summary is the mean of the cells.

    Features of a `frozen` backbone are rounded to half precision, so that a cache on disk rounds nothing more. They
    are not the same to the bit in batches of other sizes, for which a CPU may take other kernels: between 32 and 8
    photographs EfficientNet-Lite0's differed by 2e-6 of their norm before the rounding; after it 0.2 % of them were
    the neighboring number, and the states of a new encoder, which are about 1, differed by at most 7e-4.
    """

    class Config(CnnConfig):
        kind: Literal["cnn"] = "cnn"

    def __init__(self, config: CnnConfig) -> None:
        super().__init__()
        self.weights = config.weights
        self.backbone = Backbone(
            config.backbone,
            trainable_from_block=config.trainable_from_block,
            from_scratch=config.weights == "none",
            lr_multiplier=config.lr_multiplier,
        )
        self.dim = config.hidden_size or self.backbone.channels
        self.project = nn.Linear(self.backbone.channels, self.dim) if config.hidden_size else nn.Identity()
        self.norm = nn.LayerNorm(self.dim)
        self.place_scale = nn.Parameter(torch.full((self.dim,), FIRST_PLACE_SCALE))
        self.dropout = Dropout(config.dropout)

    @property
    def frozen(self) -> bool:
        """Whether no part of the backbone is trained, so that its features can be computed once."""
        return self.backbone.frozen_blocks == len(self.backbone.blocks)

    def load_pretrained(self) -> None:
        """Gets the weights that the settings name. A model out of a bundle has its own and must not call this.

        Raises:
            SeqtasksError: They cannot be had or do not fit.
        """
        if self.weights != "none":
            tensors = pretrained_tensors(self.backbone.name, self.weights)
            self.backbone.load_tensors(tensors, f"weights = {self.weights!r}")

    def forward(self, images: Images, mask: Bool[Tensor, "rows cells"] | None = None) -> Memory:
        """Encodes square images, or what `features` has made of them. No image is padded: all cells are real."""
        return self.memory(self.states(images))

    def states(self, images: Images) -> Float[Tensor, "rows cells dim"]:
        """The projected cells, each with its place."""
        cells = self.features(images) if images.dtype == torch.uint8 else images
        normed: Tensor = self.norm(self.project(cells.to(self.norm.weight.dtype)))
        places = grid_sinusoids(normed.shape[1], self.dim, device=normed.device)
        return normed + (places * self.place_scale).to(normed.dtype)

    def memory(self, states: Float[Tensor, "rows cells dim"]) -> Memory:
        """The memory of cells that are all real; its summary is their mean."""
        real = torch.ones(states.shape[:2], dtype=torch.bool, device=states.device)
        return Memory(self.dropout(states), real, self.dropout(states.mean(dim=1)))

    def features(self, pixels: UInt8[Tensor, "rows 3 height width"]) -> Float[Tensor, "rows cells channels"]:
        """The backbone's cells, row by row of the grid."""
        cells: Tensor = self.backbone(pixels).flatten(2).transpose(1, 2)
        return cells.clamp(-LARGEST, LARGEST).to(torch.float16) if self.frozen else cells

    def fuse_for_inference(self) -> None:
        """Joins convolutions, batch normalization and activations of the backbone."""
        self.backbone.fuse_for_inference()

    def fingerprint(self) -> str:
        """Changes with whatever `features` depends on but the pixels: the key of a cache."""
        backbone = self.backbone
        digest = hashlib.sha256(f"{FEATURES} {backbone.name} {backbone.mean} {backbone.deviation}".encode())
        for name, tensor in backbone.trunk.state_dict().items():
            if not name.endswith(COUNTED):
                digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
                digest.update(tensor.cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return digest.hexdigest()


def grid_sinusoids(cells: int, dim: int, *, device: torch.device) -> Float[Tensor, "cells dim"]:
    """The row of each cell of a square grid in the first half of the width, its column in the second."""
    side = math.isqrt(cells)
    if side * side != cells:
        raise ValueError(f"{cells} cells are not those of a square image")
    line = sinusoids(side, dim // 2, device=device)
    return torch.cat([line.repeat_interleave(side, dim=0), line.repeat(side, 1)], dim=1)
