"""What a new model takes from the one in `init_from`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from seqtasks.config.training import InitModules
from seqtasks.models.state_dict import load_unique_state_dict, unique_state_dict

OTHER_SIZES = (
    "The sizes have to be those of the model in init_from: do not set them (seqtasks finetune MODEL "
    "DATA), train with its configuration (seqtasks train MODEL/config.toml --set init_from=MODEL), or set "
    'init_modules = "encoder".'
)


def load_init_from(
    model: nn.Module, weights: Mapping[str, Tensor], init_modules: InitModules, is_new: Callable[[str], bool]
) -> None:
    """Copies weights into a new model.

    Args:
        model: It is written in place.
        weights: Those of the model in `init_from`, as `unique_state_dict` names them.
        init_modules: "encoder" takes the weights of the encoder only.
        is_new: Whether the tensor of this name stays as it is where the weights lack it.

    Raises:
        SeqtasksError: The weights are those of a model with other sizes.
    """
    new = {name: own for name, own in unique_state_dict(model).items() if is_new(name)}
    taken = {name: tensor for name, tensor in weights.items() if init_modules == "model" or in_encoder(name)}
    load_unique_state_dict(model, new | taken, hint=OTHER_SIZES)


def in_encoder(name: str) -> bool:
    """Whether a tensor belongs to the encoder of a model; so do embeddings that the encoder shares."""
    return name.startswith("encoder.")
