"""torchvision's Vision Transformers (Dosovitskiy et al. 2021) as a sequence of blocks from pixels to a grid."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

FAMILY = "vit_"
"""With which torchvision's names of them begin."""
PLACES = {
    r"^(class_token|conv_proj\.)": r"patches.\1",
    r"^encoder\.pos_embedding$": "patches.pos_embedding",
    r"^encoder\.layers\.": "layers.",
    r"^encoder\.ln\.": "grid.norm.",
}
"""Where the parts of torchvision's model are here, by their names."""


class PatchEmbedding(nn.Module):
    """Pixels to the vectors of patches, each with its place, after one for the whole image.

    Images of another size than the model was made for have places between those that it knows.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.conv_proj = model.conv_proj
        self.class_token = model.class_token
        self.pos_embedding = model.encoder.pos_embedding
        self.dropout = model.encoder.dropout

    def forward(self, pixels: Float[Tensor, "rows 3 height width"]) -> Float[Tensor, "rows tokens channels"]:
        """The class token's vector, then those of the patches, row by row."""
        grid = self.conv_proj(pixels)
        patches = grid.flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(patches), -1, -1), patches], dim=1)
        vectors: Tensor = self.dropout(tokens + self.places(grid.shape[2], grid.shape[3]))
        return vectors

    def places(self, height: int, width: int) -> Float[Tensor, "1 tokens channels"]:
        """Places for a grid of height x width patches: bicubic between those of the square that was learned."""
        whole, known = self.pos_embedding[:, :1], self.pos_embedding[:, 1:]
        side = round(known.shape[1] ** 0.5)
        if (height, width) == (side, side):
            return torch.cat([whole, known], dim=1)
        square = known.transpose(1, 2).unflatten(2, (side, side))
        resized = functional.interpolate(square, size=(height, width), mode="bicubic", align_corners=False)
        return torch.cat([whole, resized.flatten(2).transpose(1, 2)], dim=1)


class PatchGrid(nn.Module):
    """The last vectors of the patches, each in its cell of a square image's grid."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, tokens: Float[Tensor, "rows tokens channels"]) -> Float[Tensor, "rows channels side side"]:
        """Leaves out the class token and lays the patches out in their square."""
        patches = self.norm(tokens)[:, 1:]
        side = round(patches.shape[1] ** 0.5)
        grid: Tensor = patches.transpose(1, 2).unflatten(2, (side, side))
        return grid


def vision_transformer(model: Any) -> nn.Sequential:
    """The model without its head."""
    layers = nn.Sequential(OrderedDict(model.encoder.layers.named_children()))
    return nn.Sequential(
        OrderedDict([("patches", PatchEmbedding(model)), ("layers", layers), ("grid", PatchGrid(model.encoder.ln))])
    )
