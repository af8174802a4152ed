"""Directories of CTranslate2: translation models that its engine runs, whatever program has trained them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from seqtasks.errors import SeqtasksError, require_package
from seqtasks.export.ctranslate2_weights import WEIGHTS, StoredModel, read_stored_model
from seqtasks.export.imported_engine import CTRANSLATE2
from seqtasks.importers.ctranslate2_vocabulary import NAME_THEM, find_sentencepiece, read_vocabularies
from seqtasks.importers.files import AGAIN, read_json, read_sentencepiece
from seqtasks.importers.huggingface_marian import target_prefix as source_prefix
from seqtasks.importers.imported_model import card_text
from seqtasks.storage.bundle import EngineFiles, write_bundle
from seqtasks.tasks.translation.engine_task import (
    EngineConfig,
    EngineTranslationConfig,
    EngineTranslationTask,
    target_text,
)
from seqtasks.tasks.translation.tokenizers import Languages
from seqtasks.text import SubwordTokenizer
from seqtasks.text.sentencepiece_model import BYTES, SPECIAL_PIECES, renumbered, text_pieces

SETTINGS = "config.json"
TRANSLATES = "TransformerSpec"
"""The kind of a model that reads one text and writes another."""
UNLIMITED = 1_024
"""Tokens that are read or written where there is no table of positions."""
LANGUAGE = re.compile(r"__[a-z]{2,3}__|[a-z]{3}_[A-Z][a-z]{3}|[a-z]{2}_[A-Z]{2}")
"""Tokens of models such as M2M100, NLLB and mBART, which stand before source and translation."""
SEVERAL = 3
"""So many of them are no accident."""


@dataclass(frozen=True)
class ImportedEngine:
    """A model of CTranslate2 that can be written as a bundle.

    Args:
        task: Its settings and text processors.
        path: Its directory.
        stored: What its weights are.
        name: What it was called.
        card: The file that tells of it; it may be missing.
    """

    task: EngineTranslationTask
    path: Path
    stored: StoredModel
    name: str
    card: Path

    def write(self, output: Path) -> None:
        """Writes the bundle.

        Raises:
            SeqtasksError: CTranslate2 is not installed or cannot open the model, or the disk refuses.
        """
        require_package(CTRANSLATE2, f"{self.name} is run by CTranslate2, which is not installed.", "export")
        from ctranslate2 import Translator

        try:
            Translator(str(self.path), compute_type=self.task.config.engine.dtype, intra_threads=1)
        except (RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise SeqtasksError(f"{self.path}: CTranslate2 cannot open the model ({reason}).", AGAIN) from error
        settings = self.task.config.model_dump(mode="json")
        write_bundle(
            output,
            task=settings.pop("kind"),
            model={
                "engine": CTRANSLATE2,
                "parameters": self.stored.parameters,
                "max_positions": self.task.config.engine.max_positions,
            },
            tensors=EngineFiles(CTRANSLATE2, self.copy_files),
            processors=self.task.save_processors,
            config_toml=tomli_w.dumps({"task": self.task.config.kind, **settings}),
            scores=[],
            data={"imported_from": self.name},
            card=card_text(self.name, self.task, "run by CTranslate2", self.card),
        )

    def copy_files(self, folder: Path) -> None:
        """Copies what the engine reads."""
        for file in (self.path / WEIGHTS, self.path / SETTINGS, *sorted(self.path.glob("*_vocabulary.*"))):
            if file.is_file():
                shutil.copyfile(file, folder / file.name)


def read_ctranslate2(
    path: Path,
    name: str,
    texts: Sequence[Path] = (),
    target_language: str | None = None,
    languages: tuple[str, str] | None = None,
) -> ImportedEngine:
    """Reads a directory that a converter of CTranslate2 has written.

    Args:
        path: It has `model.bin`, vocabularies, and `config.json` unless it is old.
        name: What the model is called.
        texts: The sentencepiece model of the source and that of the target, or one for both; by default those in the
            directory.
        target_language: For models of several target languages: the code in one of their `>>xxx<<` tokens.
        languages: Codes of the source and the target language.

    Raises:
        SeqtasksError: A file is missing or damaged, or the model is of another kind.
    """
    stored = read_stored_model(path / WEIGHTS)
    settings = read_json(path / SETTINGS, missing_ok=not stored.has_settings)
    vocabularies = read_vocabularies(path)
    codes = [token for token in vocabularies[0] if LANGUAGE.fullmatch(token)]
    if len(codes) >= SEVERAL:
        raise SeqtasksError(
            f"{path} translates between many languages by tokens such as {codes[0]}, which cannot be imported.",
            "Import a model of one language pair, or one that knows its target language by >>xxx<<.",
        )
    start = settings.get("decoder_start_token", "<s>")
    ids = {token: number for number, token in enumerate(vocabularies[0])}
    return imported_engine(
        path,
        name,
        vocabularies,
        texts or find_sentencepiece(path),
        source_prefix=source_prefix(path, ids, target_language),
        # converters of transformers' models leave the end to the tokenizer, those of OpenNMT's have none
        append_source_end=not settings.get("add_source_eos", False) and start != settings.get("bos_token", "<s>"),
        languages=languages or ("xx", "xx"),
        card=path / "README.md",
    )


def imported_engine(
    path: Path,
    name: str,
    vocabularies: tuple[list[str], list[str]],
    texts: Sequence[Path],
    *,
    source_prefix: str = "",
    target_prefix: str = "",
    append_source_end: bool = False,
    languages: tuple[str, str],
    card: Path,
) -> ImportedEngine:
    """Puts a model together; see `read_ctranslate2` and `EngineConfig`."""
    stored = read_stored_model(path / WEIGHTS)
    settings = read_json(path / SETTINGS, missing_ok=not stored.has_settings)
    unknown, begin, end = (
        special(path, settings, key, default)
        for key, default in (("unk_token", "<unk>"), ("bos_token", "<s>"), ("eos_token", "</s>"))
    )
    if settings.get("decoder_start_token", begin) is None and not target_prefix:
        raise SeqtasksError(f"{path} needs a token before each translation, which it does not tell.")
    for token in (end, *filter(None, [target_prefix])):
        if token not in vocabularies[1]:
            raise SeqtasksError(f"{path}: the vocabulary of the target has no token {token}.", AGAIN)
    require_fitting(path, stored, vocabularies)
    protos = [read_sentencepiece(file) for file in texts]
    if not 1 <= len(protos) <= 2:
        raise SeqtasksError(f"There are {len(protos)} sentencepiece models.", NAME_THEM)
    kept = {unknown, begin, end, *SPECIAL_PIECES.values(), *BYTES}
    tokens = [[token for token in dict.fromkeys(side) if token not in kept] for side in vocabularies]
    for file, proto, own in zip((texts[0], texts[-1]), (protos[0], protos[-1]), tokens, strict=True):
        require_pieces(path, file, proto, own)
    text = SubwordTokenizer.Config(vocab_size=max(300, len(vocabularies[0])), source_prefix=source_prefix)
    source, target = (
        SubwordTokenizer(renumbered(proto, own), config)
        for proto, own, config in zip((protos[0], protos[-1]), tokens, (text, target_text(text)), strict=True)
    )
    config = EngineTranslationConfig(
        languages=Languages(source=languages[0], target=languages[1]),
        text=text,
        engine=EngineConfig(
            unknown_token=unknown,
            end_token=end,
            append_source_end=append_source_end,
            target_prefix=target_prefix,
            dtype="int8" if stored.quantized else "float32",
            max_positions=positions(stored),
        ),
    )
    same = source.proto == target.proto and not source_prefix
    task = EngineTranslationTask(config, source, source if same else target)
    return ImportedEngine(task, path, stored, name, card)


def special(path: Path, settings: Mapping[str, Any], key: str, default: str) -> str:
    """The name of a special token."""
    name = settings.get(key) or default
    if not isinstance(name, str):
        raise SeqtasksError(f"{path / SETTINGS}: {key} is no token.", AGAIN)
    return name


def require_fitting(path: Path, stored: StoredModel, vocabularies: tuple[list[str], list[str]]) -> None:
    """Raises SeqtasksError where the weights are not those of a translation model with these vocabularies."""
    if stored.kind != TRANSLATES:
        raise SeqtasksError(f"{path} is a {stored.kind} of CTranslate2, which does not translate.")
    if stored.rows("encoder/embeddings_1/weight") is not None:
        raise SeqtasksError(f"{path} reads several factors for each token, which cannot be imported.")
    rows = (
        stored.rows("encoder/embeddings_0/weight", "encoder/embeddings/weight"),
        stored.rows("decoder/embeddings/weight"),
    )
    for side, count, tokens in zip(("source", "target"), rows, vocabularies, strict=True):
        if count != len(tokens):
            raise SeqtasksError(
                f"{path}: the vocabulary of the {side} has {len(tokens):,} tokens, the weights have {count or 0:,}.",
                "The vocabulary and the weights have to be of one model.",
            )


def require_pieces(path: Path, file: Path, proto: bytes, tokens: Sequence[str]) -> None:
    """Raises SeqtasksError where the model does not know most pieces of the sentencepiece model."""
    pieces = text_pieces(proto)
    if 2 * len(pieces.intersection(tokens)) < len(pieces):
        raise SeqtasksError(f"{file} does not go with {path}: the vocabulary lacks most of its pieces.", NAME_THEM)


def positions(stored: StoredModel) -> int:
    """The most tokens that a model reads and writes: those of the shorter of its tables."""
    tables = (stored.rows(f"{side}/position_encodings/encodings") for side in ("encoder", "decoder"))
    return min((rows for rows in tables if rows is not None), default=UNLIMITED)
