"""Translation models as ONNX: a graph that reads sources, a graph for a step, and a search in NumPy in the guide."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn

from seqtasks.decoders import LstmDecoder, TransformerDecoder
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import LstmEncoder, TransformerEncoder
from seqtasks.errors import SeqtasksError, require_package
from seqtasks.export.onnx_graphs import LstmSteps, SourceGraph, StepGraph, Steps, TransformerSteps
from seqtasks.export.onnx_guide import guide
from seqtasks.models import EncoderDecoder
from seqtasks.registry import kind_of
from seqtasks.special_tokens import END
from seqtasks.storage.atomic import atomic_directory
from seqtasks.tasks import TranslationTask

EXAMPLE = [[5, 6, 7, END, 0], [5, 6, 7, 8, END], [5, END, 0, 0, 0]]
"""Sources to follow the computation with; sizes of rows, sources, hypotheses and pasts all differ."""


@torch.no_grad()
def write_onnx(task: TranslationTask, model: EncoderDecoder, decoding: DecodingConfig, card: str, path: Path) -> None:
    """Writes a directory: both graphs in float32, text processors, the card, and a guide to use it.

    Args:
        task: The task of the model, with its processors.
        model: Its encoder and its decoder are Transformers or LSTMs.
        decoding: The options that the program in the guide has.
        card: The model card, in Markdown.
        path: The directory.

    Raises:
        SeqtasksError: A package is missing, or a network or an option of decoding cannot be exported.
    """
    steps = steps_of(task, model)
    text = guide(task, decoding)
    require_package("onnxscript", "--format onnx needs onnxscript.", "export")
    reading, step = SourceGraph(model, steps).eval(), StepGraph(model, steps).eval()
    sources, tokens = torch.tensor(EXAMPLE), torch.tensor([[5, 6], [7, 8], [5, 5]])
    memory, state = reading(sources)
    state = [torch.cat([leaf, leaf], dim=1) for leaf in state]
    for _ in range(4):
        _, state = step(tokens, memory, state)
    memory_names = [f"memory_{number}" for number in range(len(memory))]
    state_names = [f"state_{number}" for number in range(len(state))]
    step_axes = ({0: "rows", 1: "hypotheses"}, steps.memory_axes, steps.state_axes)
    carried = [*memory_names, *state_names]
    step_outputs = ["log_probabilities", *(f"next_{name}" for name in state_names)]
    with atomic_directory(path) as part:
        save(part / "source.onnx", reading, (sources,), ({0: "rows", 1: "source"},), ["tokens"], carried)
        save(part / "step.onnx", step, (tokens, memory, state), step_axes, ["tokens", *carried], step_outputs)
        task.save_processors(part)
        (part / "README.md").write_text(text, encoding="utf-8")
        (part / "CARD.md").write_text(card, encoding="utf-8")


def steps_of(task: TranslationTask, model: EncoderDecoder) -> Steps:
    """How the model's decoder makes a step.

    Raises:
        SeqtasksError: For a network that is not written as ONNX.
    """
    if type(model.encoder) in (TransformerEncoder, LstmEncoder):
        if type(model.decoder) is TransformerDecoder:
            return TransformerSteps(model.decoder)
        if type(model.decoder) is LstmDecoder:
            return LstmSteps(model.decoder)
    kinds = [f'"{kind_of(part)}"' for part in (task.config.model.encoder, task.config.model.decoder)]
    raise SeqtasksError(
        f"Only Transformers and LSTMs can be exported to ONNX: this model's encoder is {kinds[0]}, its decoder "
        f"{kinds[1]}.",
        'Train one with model.encoder.kind and model.decoder.kind "transformer" or "lstm".',
    )


def save(
    path: Path, graph: nn.Module, example: tuple[Any, ...], axes: tuple[Any, ...], inputs: list[str], outputs: list[str]
) -> None:
    """Follows the graph on an example and writes what it computes for any sizes of the named axes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch's own inner workings
        written = torch.onnx.export(
            graph, example, dynamo=True, verbose=False,
            dynamic_shapes=axes, input_names=inputs, output_names=outputs,
        )  # fmt: skip
    assert written is not None
    written.save(path)
