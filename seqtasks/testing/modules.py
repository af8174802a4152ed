"""Rules for every part of a model: its settings, its gradients, how its weights are stored, and its rows."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from pydantic import ValidationError
from safetensors.torch import load, save
from torch import Tensor, nn

from seqtasks.models.state_dict import load_unique_state_dict, unique_state_dict
from seqtasks.registry import Component, ConfigModel, kind_of
from seqtasks.testing.contract import difference, same

STEP = 1e-3
"""How far weights go for a numerical gradient."""


class ModuleContract(ABC):
    """The rules that encoders and decoders share."""

    tolerance = 1e-4
    """How far a row alone may be from the same row in a batch."""

    @abstractmethod
    def make(self, seed: int = 1, *, dropout: float = 0.0) -> Any:
        """A new module in evaluation mode; `dropout` is that of the embedding of text."""

    @abstractmethod
    def run(self, module: nn.Module) -> Tensor:
        """All that the module gives for the real positions of all rows, as one tensor."""

    @abstractmethod
    def batch_outputs(self, module: nn.Module) -> Iterator[Sequence[Tensor]]:
        """What the module gives for each row of the batch."""

    @abstractmethod
    def single_output(self, module: nn.Module, row: int) -> Sequence[Tensor]:
        """What it gives for one of these rows alone, without its padding."""

    @torch.no_grad()
    def rows(self) -> Iterator[str]:
        """A row gives the same alone as in a batch."""
        module = self.make()
        for row, outputs in enumerate(self.batch_outputs(module)):
            far = max(map(difference, self.single_output(module, row), outputs))
            if far > self.tolerance:
                yield (
                    f"Row {row} alone differs from the same row in a batch (by {far:.2g}): rows must be independent "
                    "(batch statistics, a mean over the batch, sorting that is not undone)."
                )
                return

    def storing(self) -> Iterator[str]:
        """Weights that are stored and loaded give the same outputs."""
        with torch.no_grad():
            yield from stored(self.make, self.run)

    def gradients(self) -> Iterator[str]:
        """Every parameter learns."""
        module = self.make()
        if any(parameter.requires_grad for parameter in module.parameters()):
            yield from differentiable(module, self.run)

    def randomness(self) -> Iterator[str]:
        """Dropout follows the mode and the seed."""
        with torch.no_grad():
            yield from seeded(self.make, self.run)

    @torch.no_grad()
    def embedding_dropout(self) -> Iterator[str]:
        """The dropout of the embedding is applied."""
        yield from drops_embedding(lambda dropout: self.make(dropout=dropout), self.run)

    @torch.no_grad()
    def precision(self) -> Iterator[str]:
        """bfloat16 is close."""
        module = self.make()
        yield from same_in_bfloat16(lambda: self.run(module), self.run(module))


def component_name(config: object) -> str:
    """What the component is called whose settings these are."""
    named = config if isinstance(config, type) else type(config)
    return named.__qualname__.removesuffix(".Config")


def registered(family: type[Component], config: ConfigModel) -> Iterator[str]:
    """The settings are found by their kind, written and read again, and unknown keys are refused."""
    if not isinstance(config, ConfigModel):
        yield f"Give settings, {component_name(config)}.Config(), not {config!r}."
        return
    name = type(config).__qualname__
    if "kind" not in type(config).model_fields:
        yield f'{name} has no field kind. Give it `kind: Literal["..."] = "..."`.'
        return
    kind = kind_of(config)
    try:
        member = family.of_kind(kind)
    except KeyError:
        yield f"No {family.__name__} is called {kind!r}: let the class inherit from {family.__name__}."
        return
    if member.Config is not type(config):
        yield f"{kind!r} finds {member.__qualname__}, whose Config is another one: choose another kind."
    again = type(config).model_validate(json.loads(config.model_dump_json()))
    if again != config:
        yield f"Settings change when they are written and read: {config!r} became {again!r}."
    try:
        type(config).model_validate({**config.model_dump(), "no_such_option": 1})
    except ValidationError:
        return
    yield f'{name} accepts an unknown key, so that a misspelled option is lost: keep extra="forbid" of ConfigModel.'


def stored(make: Callable[[int], nn.Module], run: Callable[[nn.Module], Tensor]) -> Iterator[str]:
    """All that a module has learned is in its state_dict.

    Args:
        make: A new module in evaluation mode, with the seed of its weights.
        run: Its output on a fixed input.
    """
    one, other = make(1), make(2)
    if same(run(one), run(other), 0.0):
        yield "Two modules with other random weights give the same output: it depends on no weight."
    load_unique_state_dict(
        other, load(save({name: each.contiguous() for name, each in unique_state_dict(one).items()}))
    )
    far = difference(run(other), run(one))
    if far > 0:
        yield (
            f"A module with the weights of another one gives another output (by {far:.2g}): something that it "
            "depends on is neither a parameter nor a buffer. Register it with nn.Parameter or register_buffer."
        )


def differentiable(module: nn.Module, run: Callable[[nn.Module], Tensor]) -> Iterator[str]:
    """Every parameter has a gradient, the one that small steps of the weights show too.

    Args:
        module: In evaluation mode, so that nothing is random.
        run: Its output on a fixed input.
    """
    module.zero_grad()
    weights = torch.randn(run(module).shape, generator=torch.Generator().manual_seed(1))

    def value() -> Tensor:
        return (run(module) * weights).sum()

    value().backward()  # type: ignore[no-untyped-call]
    learned = {name: each for name, each in module.named_parameters() if each.requires_grad}
    missing = [name for name, each in learned.items() if each.grad is None]
    if missing:
        yield f"{', '.join(missing)} has no gradient: it would never be trained. Use it, or set requires_grad=False."
    wrong = [name for name, each in learned.items() if each.grad is not None and not each.grad.isfinite().all()]
    if wrong:
        yield f"The gradient of {', '.join(wrong)} is not finite."
        return
    numbers = torch.Generator().manual_seed(2)
    for name, parameter in learned.items():
        if parameter.grad is None:
            continue
        # along the gradient the change is largest, and rounding and the corners of ReLU matter least
        told = parameter.grad.norm().item()
        noise = torch.randn(parameter.shape, generator=numbers)
        direction = parameter.grad / told if told > 0 else noise / noise.norm()
        with torch.no_grad():
            there = parameter.clone()
            sides = []
            for step in (STEP, -STEP):
                parameter.copy_(there + step * direction)
                sides.append(value().item())
            parameter.copy_(there)
        found = (sides[0] - sides[1]) / (2 * STEP)
        if abs(found - told) > 0.1 * max(abs(found), told) + 0.02:
            yield (
                f"The gradient of {name} says {told:.3g} for a direction in which the output changes by {found:.3g}: "
                "part of the computation is cut off (detach, no_grad, .data) or a custom backward is wrong."
            )


def seeded(make: Callable[[int], nn.Module], run: Callable[[nn.Module], Tensor]) -> Iterator[str]:
    """In evaluation nothing is random; in training torch's generator decides about all that is."""
    module = make(1)
    if not same(run(module), run(module), 0.0):
        yield "In evaluation mode the same input gives different outputs. Let dropout and noise follow self.training."
    outputs = []
    for _ in range(2):
        training = make(1).train()
        torch.manual_seed(3)
        outputs.append(run(training))
    if not same(outputs[0], outputs[1], 0.0):
        yield (
            "In training the same seed gives different outputs, so that no run could be resumed exactly. Draw random "
            "numbers from torch only."
        )


def drops_embedding(make: Callable[[float], nn.Module], run: Callable[[nn.Module], Tensor]) -> Iterator[str]:
    """In training the dropout of the embedding changes the output.

    Args:
        make: A new module, with the probability of dropout in its embedding.
        run: Its output on a fixed input.
    """
    outputs = []
    for probability in (0.0, 0.5):
        module = make(probability).train()
        torch.manual_seed(3)
        outputs.append(run(module))
    if same(outputs[0], outputs[1], 0.0):
        yield (
            "model.embedding_dropout changes nothing in training: self.embedding(tokens) gives vectors without it, to "
            "which positions may be added. Read self.embedding.apply_dropout(vectors)."
        )


def same_in_bfloat16(run: Callable[[], Tensor], expected: Tensor) -> Iterator[str]:
    """Under autocast in bfloat16 the output is close to that in float32."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = run().float()
    far = ((found - expected).norm() / expected.norm().clamp(min=1e-6)).item()
    if not far < 0.1:
        yield f"Under bfloat16 autocast the output differs by {far:.0%} of its norm. Compute sums in float32."


def leaves(tree: Any) -> list[Tensor]:
    """All tensors of a tree."""
    if isinstance(tree, Tensor):
        return [tree]
    if tree is None:
        return []
    values = tree.values() if isinstance(tree, dict) else tree
    return [leaf for value in values for leaf in leaves(value)]
