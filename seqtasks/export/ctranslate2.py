"""Translation models as CTranslate2 runs them: Transformers, in C++, without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seqtasks.decoders import TransformerDecoder
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import TransformerEncoder
from seqtasks.errors import SeqtasksError, require_package
from seqtasks.export.ctranslate2_guide import guide
from seqtasks.export.ctranslate2_tensors import transformer_tensors
from seqtasks.export.supported_decoding import search_options
from seqtasks.models import EncoderDecoder
from seqtasks.registry import kind_of
from seqtasks.special_tokens import BEGIN, END, UNKNOWN
from seqtasks.storage.atomic import atomic_directory
from seqtasks.tasks import TranslationTask
from seqtasks.text import Tokenizer, WordTokenizer


def write_ctranslate2(
    task: TranslationTask, model: EncoderDecoder, decoding: DecodingConfig, card: str, path: Path
) -> None:
    """Writes a directory: the model in float32, vocabularies, text processors, the card, and a guide to use it.

    Args:
        task: The task of the model, with its processors.
        model: A Transformer.
        decoding: The options that the program in the guide has.
        card: The model card, in Markdown.
        path: The directory.

    Raises:
        SeqtasksError: The package is missing, or CTranslate2 lacks the network or an option of decoding.
    """
    require_transformers(task, model)
    text = guide(task, decoding, search_options(decoding, unknown_token(task)))
    require_package("ctranslate2", "--format ctranslate2 needs ctranslate2.", "export")
    with atomic_directory(path) as part:
        write_model(task, model, part)
        task.save_processors(part)
        (part / "README.md").write_text(text, encoding="utf-8")
        (part / "CARD.md").write_text(card, encoding="utf-8")


def write_model(task: TranslationTask, model: EncoderDecoder, path: Path) -> None:
    """Writes the network and the vocabularies.

    Raises:
        SeqtasksError: For a network that CTranslate2 does not have.
    """
    encoder, decoder = require_transformers(task, model)
    source, target = vocabulary(task.source), vocabulary(task.target)
    spec = specification(encoder, decoder)
    spec.register_source_vocabulary(source)
    spec.register_target_vocabulary(target)
    spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = target[UNKNOWN], target[BEGIN], target[END]
    spec.config.decoder_start_token = target[BEGIN]
    spec.config.add_source_eos = True
    spec.config.layer_norm_epsilon = decoder.norm.eps
    spec.validate()
    spec.optimize()
    spec.save(str(path))


def unknown_token(task: TranslationTask) -> str | None:
    """The name of the unknown token where the model has learned to write it for rare words."""
    learned = isinstance(task.target, WordTokenizer) and task.target.config.oov == "unknown"
    return vocabulary(task.target)[UNKNOWN] if learned else None


def require_transformers(task: TranslationTask, model: EncoderDecoder) -> tuple[TransformerEncoder, TransformerDecoder]:
    """Both sides of the model.

    Raises:
        SeqtasksError: For a network that CTranslate2 does not have.
    """
    encoder, decoder = model.encoder, model.decoder
    if type(encoder) is not TransformerEncoder or type(decoder) is not TransformerDecoder:
        kinds = [f'"{kind_of(part)}"' for part in (task.config.model.encoder, task.config.model.decoder)]
        raise SeqtasksError(
            f"CTranslate2 runs Transformers only: this model's encoder is {kinds[0]}, its decoder {kinds[1]}.",
            'Train one with model.encoder.kind and model.decoder.kind "transformer".',
        )
    if encoder.causal:
        raise SeqtasksError(
            "CTranslate2 has no encoder that reads forward only, as this model's does.",
            "Train one with model.encoder.causal = false.",
        )
    return encoder, decoder


def vocabulary(processor: Tokenizer) -> list[str]:
    """A name for each id. Of equal ones, such as a blank and the character ▁, the later have their number behind."""
    names: dict[str, int] = {}
    for number, piece in enumerate(processor.pieces(range(processor.size))):
        name = piece
        while name in names:
            name += f"#{number}"
        names[name] = number
    return list(names)


def specification(encoder: TransformerEncoder, decoder: TransformerDecoder) -> Any:
    """CTranslate2's description of the network, with our tensors in their places."""
    from ctranslate2.specs.model_spec import index_spec
    from ctranslate2.specs.transformer_spec import TransformerDecoderSpec, TransformerEncoderSpec, TransformerSpec

    heads = next(iter(decoder.layers)).attention.heads
    spec = TransformerSpec(
        TransformerEncoderSpec(len(encoder.layers), encoder.heads), TransformerDecoderSpec(len(decoder.layers), heads)
    )
    for name, tensor in transformer_tensors(encoder, decoder):
        place, attribute = name.rsplit("/", 1)
        setattr(index_spec(spec, place), attribute, tensor)
    return spec
