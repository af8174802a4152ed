"""The convolutional encoder, over EfficientNet-Lite0 with random weights and tiny pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from seqtasks.data.feature_cache import FeatureCache
from seqtasks.encoders.cnn import CnnEncoder, grid_sinusoids
from seqtasks.errors import SeqtasksError
from seqtasks.layers.convolution import ConvActivation


def encoder(
    *, trainable_from_block: int | None = None, dim: int | None = 8, dropout: float = 0.0, **more: str
) -> CnnEncoder:
    """In evaluation mode, with statistics that are not those of a new network."""
    torch.manual_seed(1)
    made = CnnEncoder(
        CnnEncoder.Config(trainable_from_block=trainable_from_block, hidden_size=dim, dropout=dropout, **more)
    ).eval()
    torch.manual_seed(2)
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.01, 0.1)
    return made


def pictures(rows: int, side: int = 64) -> Tensor:
    numbers = torch.Generator().manual_seed(2)
    return torch.randint(0, 256, (rows, 3, side, side), dtype=torch.uint8, generator=numbers)


def statistics(made: CnnEncoder) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in made.backbone.named_buffers() if "running" in name}


@torch.no_grad()
def test_each_cell_is_a_source_position() -> None:
    memory = encoder()(pictures(3, 96))
    assert memory.states.shape == (3, 9, 8)
    assert memory.summary.shape == (3, 8)
    assert memory.mask.shape == (3, 9)
    assert memory.mask.all()
    assert torch.allclose(memory.summary, memory.states.mean(dim=1))


@torch.no_grad()
def test_without_a_projection_cells_have_the_width_of_the_backbone() -> None:
    made = encoder(dim=None)
    assert made.dim == 1280
    assert made(pictures(1)).states.shape == (1, 4, 1280)


@torch.no_grad()
def test_features_stand_for_their_pixels() -> None:
    made, pixels = encoder(), pictures(3)
    features = made.features(pixels)
    assert features.shape == (3, 4, 1280)
    assert features.dtype == torch.float16
    for one, two in zip(made(pixels), made(features), strict=True):
        assert torch.equal(one, two)


def test_training_on_a_cache_is_training_on_pixels(tmp_path: Path) -> None:
    made, pixels = encoder().train(), pictures(5)
    files = [tmp_path / f"{number}.raw" for number in range(5)]
    for file, picture in zip(files, pixels, strict=True):
        file.write_bytes(bytes(picture.flatten().tolist()))

    def decode(content: bytes, name: str) -> Tensor:
        return torch.tensor(list(content), dtype=torch.uint8).view(3, 64, 64)

    cached = FeatureCache(tmp_path / "cache", made.fingerprint()).features(files, decode, made.features)
    order = [3, 0, 4]
    gradients = []
    for images in (pixels[order], cached.rows(order)):
        made.zero_grad()
        states = made(images).states
        (states * torch.linspace(-1, 1, 8)).square().sum().backward()
        gradients.append([states, *(p.grad.clone() for p in made.parameters() if p.grad is not None)])
    assert len(gradients[0]) == 6
    for one, two in zip(*gradients, strict=True):
        assert torch.allclose(one, two, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_picture_depends_on_the_batch_by_no_more_than_rounding() -> None:
    made, pixels = encoder(), pictures(4)
    together = made.features(pixels)
    for row in range(4):
        assert torch.allclose(made.features(pixels[row : row + 1])[0], together[row], rtol=2e-3, atol=1e-4)


def test_a_frozen_backbone_learns_nothing() -> None:
    made = encoder().train()
    before = statistics(made)
    made(pictures(2)).states.sum().backward()
    assert made.frozen
    assert all(not each.requires_grad for each in made.backbone.parameters())
    assert {name.split(".")[0] for name, each in made.named_parameters() if each.grad is not None} == {
        "project",
        "norm",
        "place_scale",
    }
    assert all(torch.equal(before[name], value) for name, value in statistics(made).items())
    assert not any(module.training for block in made.backbone.blocks for module in block.modules())


@pytest.mark.parametrize(("trainable_from_block", "first"), [(15, 15), (-2, 16), (0, 0)])
def test_blocks_are_trained_from_a_number_on(trainable_from_block: int, first: int) -> None:
    made = encoder(trainable_from_block=trainable_from_block, weights="DEFAULT").train()
    before = statistics(made)
    memory = made(pictures(2))
    memory.states.square().sum().backward()
    assert not made.frozen
    assert made.features(pictures(1)).dtype == torch.float32
    for number, block in enumerate(made.backbone.blocks):
        assert all((each.grad is not None) == (number >= first) for each in block.parameters())
        assert all(each.training is False for each in block.modules() if isinstance(each, nn.BatchNorm2d))
    assert all(torch.equal(before[name], value) for name, value in statistics(made).items())


@torch.no_grad()
def test_in_evaluation_a_trained_backbone_is_the_frozen_one() -> None:
    pixels = pictures(2)
    for one, two in zip(encoder()(pixels), encoder(trainable_from_block=3)(pixels), strict=True):
        assert torch.allclose(one.float(), two.float(), rtol=1e-2, atol=1e-2)


def test_without_weights_the_statistics_are_learned() -> None:
    made = encoder(trainable_from_block=10, weights="none").train()
    before = statistics(made)
    made(pictures(4))
    changed = {name for name, value in statistics(made).items() if not torch.equal(before[name], value)}
    assert changed == {name for name in before if not name.startswith("trunk.stem") and block_number(name) >= 10}
    made.eval()
    before = statistics(made)
    made(pictures(4))
    assert all(torch.equal(before[name], value) for name, value in statistics(made).items())


def block_number(name: str) -> int:
    """Of the block that a statistic belongs to: the stem is block 0, the head the last."""
    return 17 if name.startswith("trunk.head") else 1 + int(name.split(".")[2])


@pytest.mark.parametrize("trainable_from_block", [18, -19])
def test_a_block_that_is_not_there(trainable_from_block: int) -> None:
    with pytest.raises(
        SeqtasksError,
        match=f"trainable_from_block = {trainable_from_block} is not a block of efficientnet_lite0. It has 18",
    ):
        encoder(trainable_from_block=trainable_from_block)


def test_an_unknown_backbone_is_a_mistake_in_the_settings() -> None:
    for name in ("resnet5O", "fasterrcnn_resnet50_fpn"):
        with pytest.raises(ValidationError, match=f"there is no backbone '{name}' with a grid of features; try"):
            CnnEncoder.Config(backbone=name)


def test_features_keep_their_precision_under_autocast() -> None:
    made, pixels = encoder(), pictures(2)
    expected = made.features(pixels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(made.features(pixels), expected)
        assert made(pixels).states.isfinite().all()


def test_trained_blocks_run_under_autocast() -> None:
    made = encoder(trainable_from_block=-2).train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made(pictures(2)).states.float().square().sum().backward()
    assert all(each.grad is not None for each in made.backbone.blocks[-1].parameters())


@torch.no_grad()
def test_weights_of_less_precision_encode_too() -> None:
    states = encoder().to(torch.bfloat16)(pictures(2)).states
    assert states.dtype == torch.bfloat16
    assert states.isfinite().all()


def test_dropout_is_for_training_alone() -> None:
    made, features = encoder(dropout=0.5), encoder().features(pictures(1))
    assert torch.equal(made(features).states, made(features).states)
    made.train()
    assert not torch.equal(made(features).states, made(features).states)


def test_the_fingerprint_tells_networks_apart() -> None:
    made = encoder()
    known = made.fingerprint()
    assert known == encoder(trainable_from_block=3, dim=4, weights="none").fingerprint()
    with torch.no_grad():
        made.backbone.trunk[0][1].running_mean[0] += 1e-3
    assert made.fingerprint() != known
    assert encoder().to(torch.bfloat16).fingerprint() != known
    made = encoder()
    made.backbone.mean = (1.0, 2.0, 3.0)
    assert made.fingerprint() != known


def test_places() -> None:
    places = grid_sinusoids(9, 8, device=torch.device("cpu"))
    assert len(places.unique(dim=0)) == 9
    rows, columns = places.view(3, 3, 8).split(4, dim=2)
    assert torch.equal(rows[:, 0], rows[:, 2])
    assert torch.equal(columns[0], columns[2])
    assert torch.equal(rows[:, 0], columns[0])
    with pytest.raises(ValueError, match="8 cells are not those of a square image"):
        grid_sinusoids(8, 8, device=torch.device("cpu"))


@pytest.mark.parametrize(
    "backbone", ["efficientnet_lite0", "efficientnet_b0", "mobilenet_v3_small", "resnet18", "densenet121"]
)
@torch.no_grad()
def test_simplified_it_says_the_same(backbone: str) -> None:
    made, pixels = encoder(backbone=backbone, weights="none"), pictures(2)
    for name, statistic in made.named_buffers():
        if "running_var" in name:
            statistic.uniform_(0.5, 1.5)
    whole = made(pixels)
    assert whole.states.isfinite().all()
    norms = sum(isinstance(module, nn.BatchNorm2d) for module in made.modules())
    made.fuse_for_inference()
    left = sum(isinstance(module, nn.BatchNorm2d) for module in made.modules())
    assert left < norms
    assert left == 0 or backbone in ("resnet18", "densenet121")
    joined = sum(isinstance(module, ConvActivation) for module in made.modules())
    assert joined > 10 or backbone in ("resnet18", "densenet121")
    for one, two in zip(made(pixels), whole, strict=True):
        assert torch.allclose(one, two, atol=2e-3)


def test_one_small_picture_can_be_learned_from_without_weights() -> None:
    made = encoder(trainable_from_block=0, weights="none").train()
    made(pictures(1, 32)).states.sum().backward()
    assert next(made.backbone.parameters()).grad.isfinite().all()
