"""Every sequence task on one core.

    import seqtasks

    for translation in seqtasks.load("en-de").translate(["A dog runs.", "Two men talk."]):
        print(translation.text)

Names are imported when they are first used: `import seqtasks` itself brings no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from seqtasks.version import __version__

if TYPE_CHECKING:
    from seqtasks.bundle import Bundle, built_in_models, find_model, read_bundle, write_bundle
    from seqtasks.component import Component, Settings
    from seqtasks.config import RunConfiguration, read_run, to_toml
    from seqtasks.decoders import Decoder
    from seqtasks.decoding import Decoding
    from seqtasks.encoders import Encoder, TextEncoder
    from seqtasks.errors import SeqtasksError
    from seqtasks.predictor import (
        CaptioningPredictor,
        ClassificationPredictor,
        GenerationPredictor,
        TaggingPredictor,
        TranslationPredictor,
        load,
    )
    from seqtasks.tasks import Task
    from seqtasks.tasks.classification.document_classifier import Classification
    from seqtasks.tasks.tagging.sentence_tagger import TaggedSentence
    from seqtasks.tasks.translation.translator import Translation
    from seqtasks.text import TextProcessor
    from seqtasks.training.reports import (
        DataReady,
        Dropped,
        Finished,
        Progress,
        Saved,
        TrainingStarted,
        Validated,
    )
    from seqtasks.training.run import TrainingResult, TrainingRun, train
    from seqtasks.training.trainer import Trainer

__all__ = [
    "Bundle",
    "CaptioningPredictor",
    "Classification",
    "ClassificationPredictor",
    "Component",
    "DataReady",
    "Decoder",
    "Decoding",
    "Dropped",
    "Encoder",
    "Finished",
    "GenerationPredictor",
    "Progress",
    "RunConfiguration",
    "Saved",
    "SeqtasksError",
    "Settings",
    "TaggedSentence",
    "TaggingPredictor",
    "Task",
    "TextEncoder",
    "TextProcessor",
    "Trainer",
    "TrainingResult",
    "TrainingRun",
    "TrainingStarted",
    "Translation",
    "TranslationPredictor",
    "Validated",
    "__version__",
    "built_in_models",
    "find_model",
    "load",
    "read_bundle",
    "read_run",
    "to_toml",
    "train",
    "write_bundle",
]

MODULES = {
    "Bundle": "bundle",
    "CaptioningPredictor": "predictor",
    "Classification": "tasks.classification.document_classifier",
    "ClassificationPredictor": "predictor",
    "Component": "component",
    "DataReady": "training.reports",
    "Decoder": "decoders",
    "Decoding": "decoding",
    "Dropped": "training.reports",
    "Encoder": "encoders",
    "Finished": "training.reports",
    "GenerationPredictor": "predictor",
    "Progress": "training.reports",
    "RunConfiguration": "config",
    "Saved": "training.reports",
    "SeqtasksError": "errors",
    "Settings": "component",
    "TaggedSentence": "tasks.tagging.sentence_tagger",
    "TaggingPredictor": "predictor",
    "Task": "tasks",
    "TextEncoder": "encoders",
    "TextProcessor": "text",
    "Trainer": "training.trainer",
    "TrainingResult": "training.run",
    "TrainingRun": "training.run",
    "TrainingStarted": "training.reports",
    "Translation": "tasks.translation.translator",
    "TranslationPredictor": "predictor",
    "Validated": "training.reports",
    "built_in_models": "bundle",
    "find_model": "bundle",
    "load": "predictor",
    "read_bundle": "bundle",
    "read_run": "config",
    "to_toml": "config",
    "train": "training.run",
    "write_bundle": "bundle",
}


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module 'seqtasks' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"seqtasks.{MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *MODULES])
