"""Models of CTranslate2 that were imported: opened, with their own engine in the place of our search."""

from __future__ import annotations

import tomllib

import torch
from pydantic import ValidationError

from seqtasks.errors import SeqtasksError, require_package
from seqtasks.export.ctranslate2_search import CTranslate2Search
from seqtasks.export.ctranslate2_weights import WEIGHTS, read_stored_model
from seqtasks.inference.long_texts import MAX_INPUT_LENGTH
from seqtasks.inference.translation import MAX_SCORED, TranslationPipeline
from seqtasks.special_tokens import END, UNKNOWN
from seqtasks.storage.bundle import Bundle
from seqtasks.tasks.translation.engine_task import EngineTranslationConfig, EngineTranslationTask
from seqtasks.text import Tokenizer

CTRANSLATE2 = "ctranslate2"
"""The engine, as bundles name it."""
AGAIN = "Copy the whole directory again, or import it again."


def open_imported(bundle: Bundle, *, device: str, dtype: str) -> tuple[EngineTranslationTask, TranslationPipeline]:
    """The task and the pipeline of such a model.

    Args:
        bundle: It has files of CTranslate2 in place of weights.
        device: As for `load`; CTranslate2 runs on the CPU.
        dtype: "auto" is the precision that the model is stored in, as far as the processor has it.

    Raises:
        SeqtasksError: A damaged bundle, the package is missing, or a device or precision that there is not.
    """
    if bundle.engine != CTRANSLATE2:
        raise SeqtasksError(f"{bundle.path} is run by {bundle.engine}, which is not known here.", "Update seqtasks.")
    if device not in ("auto", "cpu"):
        raise SeqtasksError(f"{bundle.path} is run by CTranslate2, on the CPU only.", "Leave out --device.")
    if dtype == "bfloat16":
        raise SeqtasksError(
            f"{bundle.path} is run by CTranslate2, not in bfloat16.", 'Choose the precision "auto" or "float32".'
        )
    require_package("ctranslate2", f"{bundle.path} is run by CTranslate2, which is not installed.", "export")
    from ctranslate2 import Translator

    task = load_engine_task(bundle)
    read_stored_model(bundle.engine_files / WEIGHTS)
    try:
        translator = Translator(
            str(bundle.engine_files),
            compute_type="float32" if dtype == "float32" else task.config.engine.dtype,
            inter_threads=torch.get_num_threads(),
            intra_threads=1,
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise SeqtasksError(f"{bundle.engine_files}: CTranslate2 cannot open the model ({reason}).", AGAIN) from error
    settings = task.config.engine
    languages = task.config.languages
    search = CTranslate2Search(
        translator,
        names(task.source, settings.unknown_token, settings.end_token),
        names(task.target, settings.unknown_token, settings.end_token),
        precision=f"engine=ctranslate2|dtype={translator.compute_type}",
        positions=settings.max_positions,
        unknown=settings.unknown_token,
        target_prefix=[settings.target_prefix] if settings.target_prefix else (),
        source_end=[settings.end_token] if settings.append_source_end else (),
        instead="The model was imported for this engine and has no other.",
    )
    longest = settings.max_positions - 1 - len(search.target_prefix)
    pipeline = TranslationPipeline(
        [],
        task.source,
        task.target,
        decoding=task.config.decoding,
        languages=(languages.source, languages.target),
        lowercase=task.config.lowercase,
        engine=search,
        max_input_length=min(MAX_INPUT_LENGTH, longest),
        max_scored_length=min(MAX_SCORED, longest),
    )
    return task, pipeline


def load_engine_task(bundle: Bundle) -> EngineTranslationTask:
    """The task of such a model, with its processors.

    Raises:
        SeqtasksError: Its configuration is damaged, or a processor is missing.
    """
    try:
        settings = tomllib.loads(bundle.configuration.read_text(encoding="utf-8"))
        settings["kind"] = settings.pop("task", None)
        config = EngineTranslationConfig.model_validate(settings)
    except (OSError, ValueError, RecursionError) as error:
        where = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ()
        place = f" ({'.'.join(map(str, where))})" if where else ""
        raise SeqtasksError(f"{bundle.configuration}: not the configuration of such a model{place}.", AGAIN) from error
    return EngineTranslationTask.load(config, bundle.processors)


def names(processor: Tokenizer, unknown: str, end: str) -> list[str]:
    """The engine's name of each id: that of the piece but for special tokens."""
    pieces = processor.pieces(range(processor.size))
    pieces[UNKNOWN], pieces[END] = unknown, end
    return pieces
