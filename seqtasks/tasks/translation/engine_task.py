"""Translation by a model of another program that an engine runs: it translates and is evaluated, and never trained."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from seqtasks.decoding import DecodingConfig
from seqtasks.inference.logits_processors import ParsedDecodingConfig
from seqtasks.registry import ConfigModel
from seqtasks.tasks.base import load_tokenizer
from seqtasks.tasks.translation.task import TranslationTask
from seqtasks.tasks.translation.tokenizers import Languages, without_prefix
from seqtasks.text import SubwordTokenizer, Tokenizer


class EngineConfig(ConfigModel):
    """How the engine is to be asked."""

    unknown_token: str
    """Its name of the unknown token, which is never written."""
    end_token: str
    """Its name of the end."""
    append_source_end: bool = False
    """Whether sources end with it, and the engine does not add it itself."""
    target_prefix: str = ""
    """A token that every translation begins with, by which the model knows the target language."""
    dtype: Literal["int8", "float32"]
    """The precision in which it computes: that of its weights, as far as processors have it."""
    max_positions: int
    """The most tokens that it reads or writes."""


class EngineTranslationConfig(ConfigModel):
    """The settings of such a model."""

    kind: Literal["translation"] = "translation"
    languages: Languages = Languages()
    """Which language is translated into which."""
    text: SubwordTokenizer.Config = SubwordTokenizer.Config()
    """How texts become tokens."""
    decoding: ParsedDecodingConfig = DecodingConfig()
    """Default decoding options."""
    lowercase: bool = False
    """Whether scores ignore case."""
    engine: EngineConfig
    """How the engine is to be asked."""


class EngineTranslationTask(TranslationTask):
    """A translation task without a network: it reads data and is evaluated as others are."""

    config: EngineTranslationConfig  # type: ignore[assignment]

    def __init__(self, config: EngineTranslationConfig, source: Tokenizer, target: Tokenizer) -> None:
        super().__init__(config, source, target)  # type: ignore[arg-type]

    @classmethod
    def load(cls, config: EngineTranslationConfig, processors: Path) -> Self:  # type: ignore[override]
        """Reads the processors of both languages, one file where they share it."""
        source = load_tokenizer(processors, "source", config.text)
        if not (processors / f"target{source.extension}").is_file():
            return cls(config, source, without_prefix(source))
        return cls(config, source, load_tokenizer(processors, "target", target_text(config.text)))


def target_text(text: SubwordTokenizer.Config) -> SubwordTokenizer.Config:
    """The options of the target's processor: those of the source, without a prefix."""
    return text.model_copy(update={"source_prefix": ""})
