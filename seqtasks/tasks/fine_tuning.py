"""An encoder that starts from a language model of this toolkit (Dai & Le 2015; Howard & Ruder 2018)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from seqtasks.encoders import TextEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.models.state_dict import unique_state_dict
from seqtasks.registry import ConfigModel, PolymorphicField, kind_of
from seqtasks.storage.bundle import Bundle, read_bundle
from seqtasks.storage.migration import migrate
from seqtasks.storage.model_paths import find_model
from seqtasks.tasks.base import load_tokenizer
from seqtasks.text import Tokenizer

PREFIXES = {"encoder": "encoder.", "embedding": "encoder.embedding."}
"""With which the names of a part's tensors begin, in a language model as in a classifier."""
SAMPLING = "subword_sampling"
"""The setting of a text processor that a classifier may choose for itself."""


def language_model(name: str) -> Bundle:
    """The bundle of a language model; SeqtasksError where it is a model for anything else."""
    bundle = read_bundle(find_model(name))
    if bundle.task != "language-modeling":
        raise SeqtasksError(
            f"model.encoder.init_from: {name} is a model for {bundle.task}, not a language model.",
            "Train one on your texts: seqtasks train language-modeling texts.txt --output my-writer",
        )
    return bundle


def text_settings(bundle: Bundle) -> dict[str, Any]:
    """How a language model reads text: its table `[text]`."""
    table = tomllib.loads(bundle.configuration.read_text(encoding="utf-8"))["text"]
    today: dict[str, Any] = migrate(Annotated[ConfigModel, PolymorphicField(Tokenizer)], table)[0]
    return today


def text_processor(bundle: Bundle, settings: ConfigModel) -> Tokenizer:
    """The text processor of a language model; SeqtasksError where `settings` do not read text as it does."""
    theirs = text_settings(bundle)
    ours = {"kind": kind_of(settings)} | settings.model_dump()
    names = [name for name in theirs if name != SAMPLING and theirs[name] != ours.get(name)]
    if names:
        name = "kind" if "kind" in names else names[0]
        raise SeqtasksError(
            f"text.{name} = {ours.get(name)!r}, but the language model in {bundle.path} has {theirs[name]!r}.",
            "A classifier that is initialized from it needs the same table [text].",
        )
    return load_tokenizer(bundle.processors, "text", settings)


@torch.no_grad()
def copy_pretrained(model: nn.Module, bundle: Bundle, part: str) -> None:
    """Copies the language model's encoder, or the embedding of it alone, into that of the model.

    Raises SeqtasksError, before anything is copied, where they are not of one shape.
    """
    prefix = PREFIXES[part]
    theirs = {name: tensor for name, tensor in bundle.tensors().items() if name.startswith(prefix)}
    ours = {name: tensor for name, tensor in unique_state_dict(model).items() if name.startswith(prefix)}
    wrong = [shape_mismatch(name, ours.get(name), theirs.get(name)) for name in sorted(ours.keys() | theirs.keys())]
    if told := [each for each in wrong if each]:
        more = f" and {len(told) - 1} more" if len(told) > 1 else ""
        raise SeqtasksError(
            f"The {part} differs from that of the language model {bundle.path}: {told[0]}{more}.",
            f"Use its kind, its settings and model.hidden_size from {bundle.configuration}.",
        )
    for name, tensor in ours.items():
        tensor.copy_(theirs[name])


def shape_mismatch(name: str, ours: Tensor | None, theirs: Tensor | None) -> str:
    """What keeps a tensor from being copied; empty when nothing does."""
    if ours is None or theirs is None:
        return f"{name} is {'not' if theirs is None else 'only'} there"
    if ours.shape != theirs.shape:
        return f"{name} is {'x'.join(map(str, theirs.shape))} there, not {'x'.join(map(str, ours.shape))}"
    return ""


def layer_groups(encoder: TextEncoder) -> list[list[nn.Module]]:
    """The parts of an encoder from the top down: layer by layer, at last the embedding."""
    embedding: nn.Module = encoder.embedding
    inner = [child for child in encoder.children() if child is not embedding]
    stacked = [child for child in inner if isinstance(child, nn.ModuleList)]
    layers = [layer for stack in stacked for layer in reversed(stack)]
    above = [child for child in inner if child not in stacked]
    return [[*above, *layers[:1]], *([layer] for layer in layers[1:]), [embedding]]


def unfreeze_gradually(parts: Sequence[Sequence[nn.Module]], every: int, lower_rate: float) -> None:
    """From the top down the parts of a trained model begin to learn (Howard & Ruder 2018, sections 3.2 and 3.3).

    What is above them learns from the first update on.

    Args:
        parts: Modules, from the bottom up.
        every: Updates from one part to the one below it.
        lower_rate: Times the learning rate of the part above.
    """
    for depth, modules in enumerate(parts, 1):
        for module in modules:
            vars(module).update(learns_from=every * depth + 1, lr_multiplier=lower_rate**depth)
