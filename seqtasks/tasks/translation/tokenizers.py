"""The text processors of a translator: one for both languages, or one each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.data.examples import Pair
from seqtasks.errors import SeqtasksError
from seqtasks.registry import ConfigModel
from seqtasks.tasks.base import load_tokenizer
from seqtasks.text import SubwordTokenizer, Tokenizer

if TYPE_CHECKING:
    from seqtasks.tasks.translation.task import TranslationTask


class Languages(ConfigModel):
    """Which language is translated into which, as ISO codes: for data files that name them and for word processors."""

    source: str = "xx"
    """ISO code of the source language."""
    target: str = "xx"
    """ISO code of the target language."""


Both = tuple[Tokenizer, Tokenizer]
"""That of the source and that of the target; the same one where the languages share a vocabulary."""


def text_settings(config: TranslationTask.Config) -> tuple[ConfigModel, ConfigModel]:
    """The options of both text processors: the same but for the language, where the kind has one, and a prefix."""
    text, languages = config.text, config.languages
    if getattr(text, "source_prefix", ""):
        return text, text.model_copy(update={"source_prefix": ""})
    if "language" not in type(text).model_fields:
        return text, text
    source = "xx" if config.shared_vocab else languages.source
    return text.model_copy(update={"language": source}), text.model_copy(update={"language": languages.target})


def load_processors(config: TranslationTask.Config, folder: Path) -> Both:
    """The text processors of a trained model.

    A vocabulary that both languages share may be in two files: those of Marian's models that cut the two languages
    differently.

    Raises:
        SeqtasksError: One vocabulary is asked for and the model has two.
    """
    source_config, target_config = text_settings(config)
    source = load_tokenizer(folder, "source", source_config)
    apart = (folder / f"target{source.extension}").is_file()
    if not config.shared_vocab or apart:
        target = load_tokenizer(folder, "target", target_config)
    else:
        target = without_prefix(source)
    if config.shared_vocab and apart and vocabulary(source) != vocabulary(target):
        raise SeqtasksError(
            "shared_vocab: the model has a vocabulary for each language.", "Set shared_vocab = false, as in that model."
        )
    return source, target


def save_processors(processors: Both, folder: Path) -> None:
    """Writes what `load_processors` reads: one file where the languages share it."""
    source, target = processors
    source.save(folder / f"source{source.extension}")
    if target is not source:
        target.save(folder / f"target{target.extension}")


def without_prefix(source: Tokenizer) -> Tokenizer:
    """The processor of the target where that of the source serves both: the same but for a `source_prefix`."""
    if isinstance(source, SubwordTokenizer) and source.prefix:
        return SubwordTokenizer(source.proto, source.config.model_copy(update={"source_prefix": ""}))
    return source


def vocabulary(tokenizer: Tokenizer) -> list[str]:
    """What each id stands for."""
    return tokenizer.pieces(range(tokenizer.size))


def make_processors(config: TranslationTask.Config, pairs: Sequence[Pair], start: Path | None) -> Both:
    """Text processors for training: learned from the data, or out of the folder of the model that training starts from.

    Where that one has a vocabulary for both languages and this one shall have one each, the target's is learned.

    Raises:
        SeqtasksError: One vocabulary is asked for and the model to start from has two.
    """
    kind = Tokenizer.of(config.text)
    apart = start is not None and (start / f"target{kind.extension}").is_file()
    if start is not None and (config.shared_vocab or apart):
        return load_processors(config, start)
    source_config, target_config = text_settings(config)
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    if config.shared_vocab:
        shared = kind.train(sources + targets, source_config)
        return shared, without_prefix(shared)
    known = None if start is None else load_tokenizer(start, "source", source_config)
    return known or kind.train(sources, source_config), kind.train(targets, target_config)
