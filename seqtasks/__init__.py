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
    from seqtasks.config.run import RunConfig, read_config, to_toml
    from seqtasks.decoders import Decoder
    from seqtasks.decoding import DecodingConfig
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
    from seqtasks.metrics.confusion_matrix import ConfusionMatrix
    from seqtasks.metrics.evaluation import Evaluation, ValidationExample
    from seqtasks.metrics.score import Score
    from seqtasks.metrics.tagging import LabelScore
    from seqtasks.registry import Component, ConfigModel
    from seqtasks.storage.bundle import Bundle, built_in_models, find_model, read_bundle, write_bundle
    from seqtasks.tasks import Task
    from seqtasks.tasks.base import EvaluationRequest
    from seqtasks.text import Tokenizer
    from seqtasks.training.events import (
        CheckpointEvent,
        DataReady,
        FinishedEvent,
        StepEvent,
        StepSkipped,
        TrainingStarted,
        ValidationEvent,
    )
    from seqtasks.training.run import TrainingResult, TrainingRun, train
    from seqtasks.training.trainer import Trainer

__all__ = [
    "Bundle",
    "Caption",
    "CaptioningPipeline",
    "CheckpointEvent",
    "Classification",
    "ClassificationPipeline",
    "Component",
    "ConfigModel",
    "ConfusionMatrix",
    "Continuation",
    "DataReady",
    "Decoder",
    "DecodingConfig",
    "DecodingPipeline",
    "Encoder",
    "Evaluation",
    "EvaluationRequest",
    "ExplainedWord",
    "Explanation",
    "FinishedEvent",
    "GeneratedText",
    "LabelScore",
    "Pipeline",
    "RunConfig",
    "Score",
    "SeqtasksError",
    "StepEvent",
    "StepSkipped",
    "TaggedSentence",
    "TaggingPipeline",
    "Task",
    "TextEncoder",
    "TextGenerationPipeline",
    "Tokenizer",
    "Trainer",
    "TrainingResult",
    "TrainingRun",
    "TrainingStarted",
    "Translation",
    "TranslationPipeline",
    "ValidationEvent",
    "ValidationExample",
    "__version__",
    "built_in_models",
    "evaluate",
    "find_model",
    "load",
    "read_bundle",
    "read_config",
    "to_toml",
    "train",
    "write_bundle",
]

PUBLIC = {
    "config.run": "RunConfig read_config to_toml",
    "decoders": "Decoder",
    "decoding": "DecodingConfig",
    "encoders": "Encoder TextEncoder",
    "errors": "SeqtasksError",
    "evaluation": "evaluate",
    "inference.attribution": "ExplainedWord Explanation",
    "inference.base": "DecodingPipeline Pipeline",
    "inference.captioning": "CaptioningPipeline",
    "inference.classification": "ClassificationPipeline",
    "inference.outputs": "Caption Classification Continuation GeneratedText TaggedSentence Translation",
    "inference.tagging": "TaggingPipeline",
    "inference.text_generation": "TextGenerationPipeline",
    "inference.translation": "TranslationPipeline",
    "loading": "load",
    "metrics.confusion_matrix": "ConfusionMatrix",
    "metrics.evaluation": "Evaluation ValidationExample",
    "metrics.score": "Score",
    "metrics.tagging": "LabelScore",
    "registry": "Component ConfigModel",
    "storage.bundle": "Bundle built_in_models find_model read_bundle write_bundle",
    "tasks": "Task",
    "tasks.base": "EvaluationRequest",
    "text": "Tokenizer",
    "training.events": "CheckpointEvent DataReady FinishedEvent StepEvent StepSkipped TrainingStarted ValidationEvent",
    "training.run": "TrainingResult TrainingRun train",
    "training.trainer": "Trainer",
}
"""Names by the module that they come from."""
MODULES = {name: module for module, names in PUBLIC.items() for name in names.split()}


if not TYPE_CHECKING:  # which knows the names above, and no others

    def __getattr__(name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"module 'seqtasks' has no attribute {name!r}{_renamed(name)}")
        value = globals()[name] = getattr(import_module(f"seqtasks.{MODULES[name]}"), name)
        return value


def _renamed(name: str) -> str:
    """What to say of a name of version 0.1."""
    import tomllib
    from pathlib import Path

    table = tomllib.loads(Path(__file__).with_name("renames.toml").read_text(encoding="utf-8"))["names"]
    found = (new.rpartition(".")[2] for old, new in table.items() if old.rpartition(".")[2] == name)
    today = next((new for new in found if new in MODULES), None)
    return f": it is called {today} since version 0.2" if today else ""


def __dir__() -> list[str]:
    return sorted([*globals(), *MODULES])
