"""The tensors of a model by name, each stored once."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from seqtasks.errors import SeqtasksError

SAME_TRAINING = "Weights and configuration have to come from the same training."


def unique_state_dict(model: nn.Module) -> dict[str, Tensor]:
    """The model's state with every tied tensor once, under its first name: the live tensors, not copies."""
    seen: set[int] = set()
    tensors = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if tensor.data_ptr() not in seen or tensor.numel() == 0:
            seen.add(tensor.data_ptr())
            tensors[name] = tensor.detach()
    return tensors


@torch.no_grad()
def load_unique_state_dict(model: nn.Module, tensors: Mapping[str, Tensor], hint: str = SAME_TRAINING) -> None:
    """Copies what `unique_state_dict` named into the model.

    Args:
        model: Its tensors are written in place.
        tensors: By their names.
        hint: What to do where they do not fit.

    Raises:
        SeqtasksError: Before anything is copied: a name, a shape or a kind of numbers is not the model's, or a value is
            NaN or infinite.
    """
    own = unique_state_dict(model)
    wrong = [f"{name} is missing" for name in own if name not in tensors]
    wrong += [f"{name} is unknown" for name in tensors if name not in own]
    wrong += [
        f"{name} is {'x'.join(map(str, tensors[name].shape))}, not {'x'.join(map(str, tensor.shape))}"
        for name, tensor in own.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    wrong += [
        f"{name} holds {str(tensors[name].dtype).removeprefix('torch.')}, not numbers with a fraction"
        for name, tensor in own.items()
        if name in tensors and tensor.is_floating_point() and not tensors[name].is_floating_point()
    ]
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise SeqtasksError(
            f"The weights do not fit the model: {wrong[0]}{more}.",
            hint,
        )
    broken = [name for name in own if not tensors[name].isfinite().all()]
    if broken:
        raise SeqtasksError(
            f"{broken[0]} contains NaN or infinite values.",
            "Use another checkpoint, or copy it again.",
        )
    for name, tensor in own.items():
        tensor.copy_(tensors[name])
