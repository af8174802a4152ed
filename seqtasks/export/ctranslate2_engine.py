"""CTranslate2 as the engine of a translation pipeline, in place of our own search: the same outputs, sooner."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch

from seqtasks.errors import SeqtasksError, require_package
from seqtasks.export.ctranslate2 import unknown_token, vocabulary, write_model
from seqtasks.export.ctranslate2_search import CTranslate2Search
from seqtasks.export.ctranslate2_tensors import POSITIONS
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.models import EncoderDecoder
from seqtasks.registry import kind_of
from seqtasks.tasks import TranslationTask

Arithmetic = Literal["int8", "float32"]

INSTEAD = "Use the engine torch."


def use_ctranslate2(task: Any, pipeline: Any, dtype: str) -> TranslationPipeline:
    """The pipeline, loaded in float32, with CTranslate2 as its engine; a `dtype` of "auto" is int8.

    Raises:
        SeqtasksError: A task, a network, a device or a precision that CTranslate2 does not have here.
    """
    if not isinstance(pipeline, TranslationPipeline):
        raise SeqtasksError(f"The engine ctranslate2 is for translation, not for {kind_of(task.config)}.", INSTEAD)
    if len(pipeline.models) > 1:
        raise SeqtasksError("The engine ctranslate2 runs one model, not an ensemble.", INSTEAD)
    if pipeline.device.type != "cpu":
        raise SeqtasksError("The engine ctranslate2 runs on the CPU only.", INSTEAD)
    if dtype == "bfloat16":
        raise SeqtasksError("The engine ctranslate2 computes in int8 or in float32.", "Leave out --dtype bfloat16.")
    arithmetic: Arithmetic = "float32" if dtype == "float32" else "int8"
    threads = torch.get_num_threads()
    pipeline.engine = CTranslate2Engine(task, pipeline.models[0], arithmetic=arithmetic, threads=threads)
    return pipeline


class CTranslate2Engine(CTranslate2Search):
    """A Transformer that CTranslate2 runs on the CPU, a batch a thread.

    In float32 the outputs are those of our own search, but where scores are equal to the last digits, and where the
    best hypothesis of a beam ends after three beams of others: then the search has stopped before it. Hypotheses come
    without the log-probabilities of their tokens.

    Raises:
        SeqtasksError: The package is missing, or it does not have such a network.
    """

    def __init__(self, task: TranslationTask, model: EncoderDecoder, *, arithmetic: Arithmetic, threads: int) -> None:
        require_package("ctranslate2", "the engine ctranslate2 needs ctranslate2.", "export")
        from ctranslate2 import Translator

        with TemporaryDirectory() as place:
            write_model(task, model, Path(place))
            translator = Translator(place, compute_type=arithmetic, inter_threads=threads, intra_threads=1)
        super().__init__(
            translator,
            vocabulary(task.source),
            vocabulary(task.target),
            precision=f"engine=ctranslate2|dtype={arithmetic}",
            positions=POSITIONS,
            unknown=unknown_token(task),
            instead=INSTEAD,
        )
