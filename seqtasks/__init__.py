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
    from seqtasks.config.run import RunConfiguration, read_run, to_toml
    from seqtasks.decoders import Decoder
    from seqtasks.decoding import Decoding
    from seqtasks.encoders import Encoder, TextEncoder
    from seqtasks.errors import SeqtasksError
    from seqtasks.evaluation import evaluate
    from seqtasks.inference.attribution import ExplainedWord, Explanation
    from seqtasks.inference.base import DecodingPipeline, Pipeline
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.inference.classification import ClassificationPipeline
    from seqtasks.inference.outputs import (
        Caption,
        Classification,
        Continuation,
        GeneratedText,
        TaggedSentence,
        Translation,
    )
    from seqtasks.inference.tagging import TaggingPipeline
    from seqtasks.inference.text_generation import TextGenerationPipeline
    from seqtasks.inference.translation import TranslationPipeline
    from seqtasks.loading import load
    from seqtasks.metrics.confusion_matrix import Confusion
    from seqtasks.metrics.evaluation import ClassificationEvaluation, Evaluation, TaggingEvaluation, ValidationExample
    from seqtasks.metrics.score import Score
    from seqtasks.metrics.tagging import LabelScore
    from seqtasks.registry import Component, Settings
    from seqtasks.storage.bundle import Bundle, built_in_models, find_model, read_bundle, write_bundle
    from seqtasks.tasks import Task
    from seqtasks.tasks.base import EvaluationRequest
    from seqtasks.text import TextProcessor
    from seqtasks.training.events import (
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
    "Caption",
    "CaptioningPipeline",
    "Classification",
    "ClassificationEvaluation",
    "ClassificationPipeline",
    "Component",
    "Confusion",
    "Continuation",
    "DataReady",
    "Decoder",
    "Decoding",
    "DecodingPipeline",
    "Dropped",
    "Encoder",
    "Evaluation",
    "EvaluationRequest",
    "ExplainedWord",
    "Explanation",
    "Finished",
    "GeneratedText",
    "LabelScore",
    "Pipeline",
    "Progress",
    "RunConfiguration",
    "Saved",
    "Score",
    "SeqtasksError",
    "Settings",
    "TaggedSentence",
    "TaggingEvaluation",
    "TaggingPipeline",
    "Task",
    "TextEncoder",
    "TextGenerationPipeline",
    "TextProcessor",
    "Trainer",
    "TrainingResult",
    "TrainingRun",
    "TrainingStarted",
    "Translation",
    "TranslationPipeline",
    "Validated",
    "ValidationExample",
    "__version__",
    "built_in_models",
    "evaluate",
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
    "Caption": "inference.outputs",
    "CaptioningPipeline": "inference.captioning",
    "Classification": "inference.outputs",
    "ClassificationEvaluation": "metrics.evaluation",
    "ClassificationPipeline": "inference.classification",
    "Component": "component",
    "Confusion": "metrics.confusion",
    "Continuation": "inference.outputs",
    "DataReady": "training.reports",
    "Decoder": "decoders",
    "Decoding": "decoding",
    "DecodingPipeline": "inference.base",
    "Dropped": "training.reports",
    "Encoder": "encoders",
    "Evaluation": "metrics.evaluation",
    "EvaluationRequest": "tasks.base",
    "ExplainedWord": "inference.attribution",
    "Explanation": "inference.attribution",
    "Finished": "training.reports",
    "GeneratedText": "inference.outputs",
    "LabelScore": "metrics.labels",
    "Pipeline": "inference.base",
    "Progress": "training.reports",
    "RunConfiguration": "config",
    "Saved": "training.reports",
    "Score": "metrics.score",
    "SeqtasksError": "errors",
    "Settings": "component",
    "TaggedSentence": "inference.outputs",
    "TaggingEvaluation": "metrics.evaluation",
    "TaggingPipeline": "inference.tagging",
    "Task": "tasks",
    "TextEncoder": "encoders",
    "TextGenerationPipeline": "inference.text_generation",
    "TextProcessor": "text",
    "Trainer": "training.trainer",
    "TrainingResult": "training.run",
    "TrainingRun": "training.run",
    "TrainingStarted": "training.reports",
    "Translation": "inference.outputs",
    "TranslationPipeline": "inference.translation",
    "Validated": "training.reports",
    "ValidationExample": "metrics.evaluation",
    "built_in_models": "bundle",
    "evaluate": "evaluation",
    "find_model": "bundle",
    "load": "loading",
    "read_bundle": "bundle",
    "read_run": "config",
    "to_toml": "config",
    "train": "training.run",
    "write_bundle": "bundle",
}


if not TYPE_CHECKING:  # which knows the names above, and no others

    def __getattr__(name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"module 'seqtasks' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"seqtasks.{MODULES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted([*globals(), *MODULES])
