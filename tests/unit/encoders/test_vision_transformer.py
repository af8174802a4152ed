"""Vision Transformers as backbones: small ones, against torchvision's own."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import VisionTransformer

from seqtasks.encoders.backbones import Backbone

SIDE, PATCH, WIDTH = 32, 8, 16


def small(**options: object) -> VisionTransformer:
    """In place of vit_b_16, which has 86 million parameters."""
    torch.manual_seed(1)
    model = VisionTransformer(
        image_size=SIDE, patch_size=PATCH, num_layers=3, num_heads=2, hidden_dim=WIDTH, mlp_dim=24
    )
    nn.init.normal_(model.class_token)
    return model.eval()


@pytest.fixture(autouse=True)
def small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision.models, "get_model", lambda name, **options: small())


def backbone(trainable_from_block: int | None = None) -> Backbone:
    made = Backbone("vit_b_16", trainable_from_block=trainable_from_block)
    made.load_tensors(small().state_dict(), "the network")
    return made


def pixels(side: int = SIDE) -> Tensor:
    return torch.randint(0, 256, (2, 3, side, side), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)


@torch.no_grad()
def test_the_grid_holds_what_the_last_layer_says_of_each_patch() -> None:
    made, model = backbone(), small()
    seen: list[Tensor] = []
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.append(output))
    model(made.normalize(pixels()))
    grid = made(pixels())
    assert grid.shape == (2, WIDTH, SIDE // PATCH, SIDE // PATCH)
    assert made.channels == WIDTH
    assert torch.allclose(grid.flatten(2).transpose(1, 2), seen[0][:, 1:], atol=1e-5)


@torch.no_grad()
def test_pictures_of_another_size_have_places_between_those_known() -> None:
    made = backbone()
    assert made(pixels(48)).shape == (2, WIDTH, 6, 6)
    patches = made.trunk.get_submodule("patches")
    known = patches.pos_embedding[:, 1:]
    known.copy_(torch.arange(4.0).repeat(4).view(1, 16, 1).expand_as(known))  # places grow from left to right
    places = patches.places(6, 6)[0, 1:, 0].view(6, 6)
    assert torch.allclose(places, places[:1].expand_as(places))
    assert (places[0].diff() > 0).all()


def test_the_last_layers_can_be_trained() -> None:
    made = backbone(trainable_from_block=-2)  # the last layer and the norm
    made(pixels()).square().sum().backward()
    learned = {name.split(".")[0] + name.split(".")[1] for name, value in made.trunk.named_parameters()
               if value.grad is not None}  # fmt: skip
    assert learned == {"layersencoder_layer_2", "gridnorm"}
