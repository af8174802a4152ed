"""How large a model would be, before any memory is taken for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode


def count_parameters(build: Callable[[], nn.Module]) -> int:
    """The number of values in the parameters of the model that `build` makes, each counted once.

    The model is made on the meta device, where tensors have shapes and nothing else.
    """
    with torch.device("meta"), _Unfilled():
        return sum(parameter.numel() for parameter in build().parameters())


class _Unfilled(TorchFunctionMode):
    """Leaves tensors as they are where they would be filled with random numbers.

    It changes no shape. On the meta device PyTorch computes random numbers, products and much else in Python, and
    imports its compiler and sympy for the first of them, which takes a second or two and 130 MB.
    """

    RANDOM = (torch.rand, torch.randn)
    IN_PLACE = (torch.Tensor.normal_, torch.Tensor.uniform_)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in self.IN_PLACE or getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return (torch.empty if func in self.RANDOM else func)(*args, **kwargs)
