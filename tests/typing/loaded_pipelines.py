"""The types that `seqtasks.load` has for type checkers; `make lint` checks this file, and nothing runs it."""

from typing import assert_type

import seqtasks


def built_in_models() -> None:
    """The name of a model that ships decides the type."""
    assert_type(seqtasks.load("en-de"), seqtasks.TranslationPipeline)
    assert_type(seqtasks.load("captions"), seqtasks.CaptioningPipeline)
    assert_type(seqtasks.load("clips", device="cpu"), seqtasks.CaptioningPipeline)
    assert_type(seqtasks.load("pos-en"), seqtasks.TaggingPipeline)
    assert_type(seqtasks.load("sentiment"), seqtasks.ClassificationPipeline)
    assert_type(seqtasks.load("shakespeare"), seqtasks.TextGenerationPipeline)


def models_in_directories(model: str) -> None:
    """The task decides the type; without it, only what all pipelines share is known."""
    assert_type(seqtasks.load(model, task="translation"), seqtasks.TranslationPipeline)
    assert_type(seqtasks.load(model, model, task="captioning"), seqtasks.CaptioningPipeline)
    assert_type(seqtasks.load(model, task="video-captioning"), seqtasks.CaptioningPipeline)
    assert_type(seqtasks.load(model, task="tagging"), seqtasks.TaggingPipeline)
    assert_type(seqtasks.load(model, task="classification"), seqtasks.ClassificationPipeline)
    assert_type(seqtasks.load(model, task="language-modeling"), seqtasks.TextGenerationPipeline)
    assert_type(seqtasks.load(model), seqtasks.Pipeline)
