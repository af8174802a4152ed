"""A translation model of another program as one of ours: settings, text processors, weights by our names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from seqtasks.config.run import RunConfig, to_toml
from seqtasks.decoding import DecodingConfig
from seqtasks.errors import SeqtasksError
from seqtasks.importers.vocabulary import ImportedVocabulary
from seqtasks.models.parameter_count import count_parameters
from seqtasks.models.state_dict import load_unique_state_dict, unique_state_dict
from seqtasks.registry import kind_of
from seqtasks.storage.bundle import write_bundle
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.tokenizers import Languages
from seqtasks.text import SubwordTokenizer
from seqtasks.text.sentencepiece_model import renumbered

LONGEST_CARD = 200_000
"""Characters of the other program's card that are kept."""


@dataclass(frozen=True)
class ImportedModel:
    """A model that can be written as a bundle.

    Args:
        task: Its settings and text processors.
        tensors: Its weights by our names.
        name: What it was called.
        card: The file that tells of it; it may be missing.
    """

    task: TranslationTask
    tensors: Mapping[str, Tensor]
    name: str
    card: Path

    def write(self, output: Path) -> None:
        """Writes the bundle.

        Raises:
            SeqtasksError: The weights are not those of the settings, or the disk refuses.
        """
        stored = sum(tensor.numel() for tensor in self.tensors.values())
        if count_parameters(self.task.build_model) > 2 * stored:
            raise SeqtasksError(f"{self.name}: its configuration describes a larger model than its weights are.")
        model = self.task.build_model()
        load_unique_state_dict(model, self.tensors, "The configuration and the weights have to be of one model.")
        precisions = {name: self.tensors[name].dtype for name in unique_state_dict(model)}
        encoder, decoder = (kind_of(part) for part in (self.task.config.model.encoder, self.task.config.model.decoder))
        write_bundle(
            output,
            task=kind_of(self.task.config),
            model=self.task.config.model.model_dump(mode="json"),
            tensors={name: tensor.to(precisions[name]) for name, tensor in unique_state_dict(model).items()},
            processors=self.task.save_processors,
            config_toml=to_toml(RunConfig(task=self.task.config)),
            scores=[],
            data={"imported_from": self.name},
            card=card_text(self.name, self.task, f"encoder `{encoder}`, decoder `{decoder}`", self.card),
        )


def card_text(name: str, task: TranslationTask, what: str, original: Path) -> str:
    """The card of an imported model: what it is, and the `original` card, which may be missing."""
    languages = task.config.languages
    told = original.read_text(encoding="utf-8", errors="replace")[:LONGEST_CARD] if original.is_file() else ""
    return (
        f"# {name}\n\nTranslation, {languages.source} to {languages.target}; {what}, vocabulary of "
        f"{task.target.size:,}. Imported with `seqtasks import`; the terms are those of the original, whose card "
        f"follows where it has one.\n\n{told}"
    )


def translation_model(
    name: str,
    *,
    hidden_size: int,
    encoder: Mapping[str, Any],
    decoder: Mapping[str, Any],
    vocabularies: tuple[ImportedVocabulary, ImportedVocabulary],
    protos: tuple[bytes, bytes],
    embeddings: tuple[Tensor, Tensor, Tensor],
    scaled: bool,
    bias: Tensor,
    layers: Mapping[str, Tensor],
    decoding: DecodingConfig,
    languages: tuple[str, str],
    prefix: str,
    card: Path,
) -> ImportedModel:
    """Puts a model together.

    Args:
        name: What it is called.
        hidden_size: Its width.
        encoder: Settings of the encoder, a table with its kind.
        decoder: Settings of the decoder.
        vocabularies: Of the source and the target; the same one where they share it.
        protos: The sentencepiece models of the source and of the target.
        embeddings: Of the source, of the target, and the weights of the output layer, in the other program's order.
        scaled: Whether it multiplies embeddings by the root of the width, as models here do.
        bias: Of the output layer.
        layers: All else, by our names.
        decoding: Its default decoding options.
        languages: Codes of the source and the target language.
        prefix: What stands before each source text.
        card: The file that tells of it; it may be missing.
    """
    shared = vocabularies[0] is vocabularies[1]
    for vocabulary, matrix in zip((*vocabularies, vocabularies[1]), embeddings, strict=True):
        if max(vocabulary.rows) >= len(matrix):
            raise SeqtasksError(
                f"{name}: the vocabulary has a token {max(vocabulary.rows)}, the weights have {len(matrix)} rows.",
                "The vocabulary and the weights have to be of one model.",
            )
    source, target, output = (
        vocabulary.matrix(matrix)
        for vocabulary, matrix in zip((*vocabularies, vocabularies[1]), embeddings, strict=True)
    )
    scale = 1 if scaled else 1 / sqrt(source.shape[1])
    tie = "none"
    if scaled and torch.equal(target, output):
        tie = "all" if shared and torch.equal(source, target) else "output"
    stored = {"all": {"encoder": source}, "output": {"encoder": source, "decoder": target}}.get(
        tie, {"encoder": source * scale, "decoder": target * scale}
    )
    tensors = {f"{side}.embedding.weight": matrix for side, matrix in stored.items()}
    if tie == "none":
        tensors["decoder.output.weight"] = output
    tensors |= {"decoder.output.bias": vocabularies[1].bias(bias), **layers}
    text = SubwordTokenizer.Config(vocab_size=max(300, len(vocabularies[0].rows)), source_prefix=prefix)
    try:
        config = TranslationTask.Config.model_validate({
            "languages": Languages(source=languages[0], target=languages[1]),
            "text": text,
            "shared_vocab": shared,
            "data": {"train": []},
            "model": {"hidden_size": hidden_size, "tie_embeddings": tie, "encoder": encoder, "decoder": decoder},
            "decoding": decoding,
        })  # fmt: skip
    except ValidationError as error:
        mistake = error.errors()[0]
        raise SeqtasksError(f"{name}: {'.'.join(map(str, mistake['loc']))}: {mistake['msg']}.") from error
    processors = [
        SubwordTokenizer(renumbered(proto, vocabulary.names), settings)
        for proto, vocabulary, settings in zip(
            protos, vocabularies, (text, text.model_copy(update={"source_prefix": ""})), strict=True
        )
    ]
    if protos[0] == protos[1] and shared and not prefix:
        processors[1] = processors[0]
    return ImportedModel(TranslationTask(config, processors[0], processors[1]), tensors, name, card)


def language_code(name: object) -> str:
    """The ISO code of a language as this toolkit writes it (`de`), of any code for it (`deu`, `de_DE`); else `xx`."""
    from langcodes import standardize_tag
    from langcodes.tag_parser import LanguageTagError

    if not isinstance(name, str) or not name:
        return "xx"
    try:
        return str(standardize_tag(name)).partition("-")[0]
    except LanguageTagError:
        return "xx"
