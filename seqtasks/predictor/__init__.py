"""Trained models, ready to use: `load("en-de").translate(["A dog runs."])`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from seqtasks.bundle import find_model, read_bundle
from seqtasks.errors import SeqtasksError
from seqtasks.hardware import choose_device, choose_dtype, prepare
from seqtasks.loading import load_model, load_task, require_same_processors
from seqtasks.predictor.base import Predictor
from seqtasks.predictor.captioning import CaptioningPredictor
from seqtasks.predictor.classification import ClassificationPredictor
from seqtasks.predictor.generation import GenerationPredictor
from seqtasks.predictor.tagging import TaggingPredictor
from seqtasks.predictor.translation import TranslationPredictor
from seqtasks.tasks import (
    CaptioningTask,
    ClassificationTask,
    GenerationTask,
    TaggingTask,
    Task,
    TranslationTask,
    VideoTask,
)

__all__ = [
    "CaptioningPredictor",
    "ClassificationPredictor",
    "GenerationPredictor",
    "Predictor",
    "TaggingPredictor",
    "TranslationPredictor",
    "load",
]

Precision = Literal["auto", "float32", "bfloat16"]
Engine = Literal["torch", "ctranslate2"]
PREDICTORS: dict[type[Task], type[Predictor]] = {
    TranslationTask: TranslationPredictor,
    CaptioningTask: CaptioningPredictor,
    VideoTask: CaptioningPredictor,
    TaggingTask: TaggingPredictor,
    GenerationTask: GenerationPredictor,
    ClassificationTask: ClassificationPredictor,
}


def load(
    model: str | Path,
    *others: str | Path,
    device: str = "auto",
    dtype: Precision = "auto",
    threads: int = 0,
    engine: Engine = "torch",
) -> Any:
    """Opens a model, or several as an ensemble: names of models that ship, model directories, training directories.

    Returns the predictor of the model's task, such as a TranslationPredictor. `dtype` is the precision of the weights
    in memory; "auto" is bfloat16 where the device is fast at it. `threads` on a CPU; 0 = all cores. The `engine`
    "ctranslate2", of the package of that name, makes translation with a Transformer several times as fast on the CPU:
    in int8, or with `dtype` "float32" with the outputs that "torch" has in float32. Raises SeqtasksError for what is no
    model, a damaged one, members of an ensemble that do not share their processors, or what an engine does not have.
    """
    if engine == "ctranslate2":
        from seqtasks.predictor.ctranslate2 import CTranslate2Predictor

        place = "cpu" if device == "auto" else device
        return CTranslate2Predictor.of(load(model, *others, device=place, dtype="float32", threads=threads), dtype)
    bundles = [read_bundle(find_model(name)) for name in (model, *others)]
    require_same_processors(bundles)
    prepare(threads)
    chosen_device = choose_device(device)
    chosen_dtype = choose_dtype(dtype, chosen_device)
    tasks = [load_task(bundle) for bundle in bundles]
    kind = next((predictor for task, predictor in PREDICTORS.items() if isinstance(tasks[0], task)), None)
    if kind is None:
        raise SeqtasksError(
            f"{bundles[0].path} is a model for {bundles[0].task}: nothing here predicts with it.",
            "Update seqtasks, or look at `seqtasks info`.",
        )
    models = [
        load_model(task, bundle).to(chosen_device, chosen_dtype) for task, bundle in zip(tasks, bundles, strict=True)
    ]
    return kind(tasks[0], models)
