"""CTranslate2 as the engine of a translation pipeline, in place of our own search: the same outputs, sooner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch

from seqtasks.decoding import DecodingConfig, Hypothesis, LengthLimit, LengthPenalty
from seqtasks.errors import SeqtasksError, require_package
from seqtasks.export.ctranslate2 import unknown_token, vocabulary, write_model
from seqtasks.export.supported_decoding import search_options
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.inference.translation_engine import Found, Piece
from seqtasks.models import EncoderDecoder
from seqtasks.registry import kind_of
from seqtasks.special_tokens import END
from seqtasks.tasks import TranslationTask

BATCH = 32
"""Sentences that a thread translates at once; more is slower on a CPU."""

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


class CTranslate2Engine:
    """A Transformer that CTranslate2 runs on the CPU, a batch a thread.

    In float32 the outputs are those of our own search, but where scores are equal to the last digits, and where the
    best hypothesis of a beam ends after three beams of others: then the search has stopped before it. Hypotheses come
    without the log-probabilities of their tokens.

    Raises:
        SeqtasksError: The package is missing, or it does not have such a network.
    """

    def __init__(self, task: TranslationTask, model: EncoderDecoder, *, arithmetic: Arithmetic, threads: int) -> None:
        require_package("ctranslate2", "the engine ctranslate2 needs ctranslate2.", "export")
        from ctranslate2 import Translator as Engine

        with TemporaryDirectory() as place:
            write_model(task, model, Path(place))
            self.engine = Engine(place, compute_type=arithmetic, inter_threads=threads, intra_threads=1)
        self.precision = f"engine=ctranslate2|dtype={arithmetic}"
        self.source_names, names = vocabulary(task.source), vocabulary(task.target)
        self.numbers = {name: number for number, name in enumerate(names)}
        self.unknown = unknown_token(task)

    def check(self, decoding: DecodingConfig) -> None:
        """Raises SeqtasksError for decoding options that CTranslate2 does not have."""
        search_options(decoding, self.unknown)

    def decode(self, pieces: Sequence[Piece], decoding: DecodingConfig, *, attention: bool) -> list[Found]:
        """The hypotheses for each piece; those of one length together, as they share the length limit."""
        if any(piece.prefix for piece in pieces) or attention:
            lacks = "return attention weights" if attention else "decode with a target prefix"
            raise SeqtasksError(f"The engine ctranslate2 cannot {lacks}.", INSTEAD)
        options = search_options(decoding, self.unknown)
        limit, penalty = LengthLimit.parse(decoding.max_length), LengthPenalty.parse(decoding.length_penalty)
        together: dict[int, list[int]] = defaultdict(list)
        for row, piece in enumerate(pieces):
            together[len(piece.ids)].append(row)
        under_way: dict[int, Any] = {}
        for length, rows in sorted(together.items(), reverse=True):
            started = self.engine.translate_batch(
                [[self.source_names[number] for number in pieces[row].ids] for row in rows],
                max_batch_size=BATCH,
                max_decoding_length=limit(length + 1),
                return_scores=True,
                return_end_token=True,
                asynchronous=True,
                **options,
            )
            under_way |= zip(rows, started, strict=True)
        return [(self.hypotheses(under_way[row].result(), penalty), None) for row in range(len(pieces))]

    def hypotheses(self, result: Any, penalty: LengthPenalty) -> list[Hypothesis]:
        """What it found, best first, in our numbers."""
        found = []
        for names, normalized_score in zip(result.hypotheses, result.scores, strict=True):
            tokens = tuple(self.numbers[name] for name in names)
            finished = tokens[-1:] == (END,)
            score = normalized_score * penalty(len(tokens))
            found.append(Hypothesis(tokens[: len(tokens) - finished], score, normalized_score, (), finished))
        return found
