"""Generation: a language model reads what others wrote, then goes on with whatever a text begins with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.data.holdout import ValidationSplit, split_text, train_validation_split
from seqtasks.data.mixing import MixRatio, cut_texts, mix_weight
from seqtasks.decoding import DecodingConfig
from seqtasks.errors import SeqtasksError
from seqtasks.inference.logits_processors import ParsedDecodingConfig
from seqtasks.inference.text_generation import TextGenerationPipeline
from seqtasks.metrics.evaluation import Evaluation, ValidationExample
from seqtasks.models import LanguageModel, LanguageModelBatch, Loss
from seqtasks.plurals import counted
from seqtasks.registry import ConfigModel, PolymorphicField, kind_of
from seqtasks.tasks.base import EvaluationRequest, PreparedTask, Task, load_tokenizer
from seqtasks.tasks.data_reports import fingerprint, require_validation
from seqtasks.tasks.data_warnings import few_examples, not_prose, other_language, seen_in_training
from seqtasks.tasks.language_modeling.presets import generation_preset
from seqtasks.tasks.language_modeling.tbptt_loader import TBPTTLoader
from seqtasks.tasks.presets import chosen_kinds, source_options
from seqtasks.tasks.tbptt import TBPTTState
from seqtasks.text import CharacterTokenizer, Tokenizer
from seqtasks.text.tokenizers.document import DocumentTokenizer, Tokens, marked

VALIDATION_LANES = 32
PROMPT, SAMPLE = 40, 60
"""Characters that a sample begins with, and tokens that follow."""


class TextData(ConfigModel):
    """What to train on and what to validate on."""

    train: list[TextSource] = Field(min_length=1)
    """Texts."""
    validation: list[TextSource] = Field(default=[])
    """By default, a part of the training data is held out."""
    validation_split: ValidationSplit = 0.1
    """A share (below 1) or an amount (at most a tenth): of each long text that many characters from its end, of each
    source of documents that many documents, equal ones together."""
    mix: list[TextSource] = Field(default=[])
    """Old texts that are trained on beside the new ones, so that a model keeps what it knew; none are held out."""
    mix_ratio: MixRatio = 1.0
    """Characters of `mix` for each new one, at most each of them once; of longer texts a part is drawn."""
    num_streams: int = Field(default=32, gt=0)
    """Parts of the texts that are read in parallel: the rows of a batch, whatever training.batch_tokens is."""
    bptt_len: int = Field(default=128, gt=0)
    """Tokens of each stream in a batch; gradients go no further back (truncated backpropagation through time)."""


class LanguageModelingTask(Task[LanguageModel, LanguageModelBatch]):
    """The beginning of a text in, what follows out."""

    usage = 'generate --model {} --prompt "..."'
    examples = "characters"
    example_data = "book.txt"

    class Config(ConfigModel):
        kind: Literal["language-modeling"] = "language-modeling"
        text: Annotated[ConfigModel, PolymorphicField(Tokenizer)] = CharacterTokenizer.Config(min_freq=2)
        """How texts become tokens."""
        data: TextData
        """What to train on and what to validate on."""
        model: LanguageModel.Config
        """The network."""
        decoding: ParsedDecodingConfig = DecodingConfig(
            beam_size=1, sample=True, temperature=0.8, max_length="500", length_penalty="average"
        )
        """Default decoding options of the trained model."""

        @model_validator(mode="after")
        def windows_fit_the_context(self) -> LanguageModelingTask.Config:
            """Refuses windows longer than the positions that a Transformer learns."""
            context = getattr(self.model.encoder, "max_positions", None)
            if context is not None and self.data.bptt_len > context:
                raise ValueError(
                    f"data.bptt_len = {self.data.bptt_len} is longer than model.encoder.max_positions = {context}"
                )
            return self  # fmt: skip

    config: Config
    carried: TBPTTState

    def __init__(self, config: Config, processor: Tokenizer) -> None:
        self.config = config
        self.processor = processor
        self.train: list[Tokens] = []
        self.validation: list[str] = []
        self.carried = TBPTTState(0, [])

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads texts and lays them out as one stream of tokens for each of `num_streams` lanes."""
        skipped, unread = ReadReport(), ReadReport()
        train, validation = read_data(config.data, seed, skipped, unread)
        require_validation(validation, "text", "data")
        old = [text for source in config.data.mix for text in read_texts(source, skipped)]
        share = mix_weight(sum(map(len, train)), sum(map(len, old)), config.data.mix_ratio)
        mixed = cut_texts(old, share, seed)
        train += mixed
        if processors is None:
            lines = (line for text in train for line in text.splitlines() if line.strip())
            task = cls(config, Tokenizer.of(config.text).train(lines, config.text))
        else:
            task = cls.load(config, processors)
        layout = DocumentTokenizer(task.processor)
        task.train = [marked(layout.encode(text)) for text in train]
        task.validation = validation
        tokens = sum(map(len, task.train))
        if tokens < 2 * config.data.num_streams:
            raise SeqtasksError(
                f"The texts to train on have {tokens:,} tokens: "
                f"too few for data.num_streams = {config.data.num_streams}.",
                "Lower data.num_streams, or give more text.",
            )
        characters, held = sum(map(len, train)), sum(map(len, validation))
        remarks = (
            f"training texts: {len(train):,} with {characters:,} characters ({skipped.describe()}); "
            f"validation texts: {len(validation):,} with {held:,}{unread.note}",
            f"training tokens: {tokens:,}; vocabulary: {task.processor.size:,}",
            *([f"old texts mixed in: {sum(map(len, mixed)):,} characters"] if mixed else []),
        )
        data = {
            "texts": len(train), "characters": characters, "tokens": tokens, "validation_characters": held,
            "fingerprint": fingerprint((text,) for text in (*train, *validation)),
        }  # fmt: skip
        warnings = (
            *few_examples(tokens, 10_000, "tokens"),
            *seen_in_training(train, validation, "texts"),
            *other_language(config.text, train, "texts"),
            *not_prose((*train, *validation)),
        )
        return PreparedTask(task, remarks, data, warnings, (*skipped.columns, *unread.columns))

    @classmethod
    def load(cls, config: Config, processors: Path) -> Self:
        """Reads the processor of texts."""
        return cls(config, load_tokenizer(processors, "text", config.text))

    def save_processors(self, folder: Path) -> None:
        """Writes the processor of texts."""
        self.processor.save(folder / f"text{self.processor.extension}")

    def build_model(self) -> LanguageModel:
        """A language model for the vocabulary of the data."""
        return LanguageModel(self.config.model, self.processor.size)

    def on_train_start(self, model: LanguageModel) -> Sequence[str]:
        """Makes room for the states that lanes carry from window to window."""
        self.carried = TBPTTState(self.config.data.num_streams, model.encoder.state_shapes())
        return ()

    def loss(self, model: LanguageModel, batch: LanguageModelBatch) -> Loss:
        """That of a window, after the states that the window before has left (Williams & Peng 1990)."""
        loss, carried = model.loss(batch, self.carried.read(batch.streams, batch.is_start))
        self.carried.write(batch.streams, carried)
        return loss

    def batches(self, batch_tokens: int, seed: int) -> TBPTTLoader:
        """Windows of `bptt_len` tokens of `num_streams` lanes; `batch_tokens` does not apply."""
        data = self.config.data
        return TBPTTLoader(self.train, lanes=data.num_streams, window=data.bptt_len, seed=seed)

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """A processor and an encoder by the amount of text; see `generation_preset`."""
        sources = [
            TextSource(path=path, **source_options(settings, number, TextSource)) for number, path in enumerate(data)
        ]
        return generation_preset(sources, **chosen_kinds(settings, "text", "model.encoder"))

    def pipeline(self, models: Sequence[LanguageModel]) -> TextGenerationPipeline:
        """Generates text with one model."""
        return TextGenerationPipeline(models, self.processor, decoding=self.config.decoding)

    def validate(self, model: LanguageModel) -> Evaluation:
        """The loss on the validation texts, and a sample of what the model writes."""
        pipeline = self.pipeline([model])
        found = pipeline.evaluate(self.validation, lanes=VALIDATION_LANES)
        return replace(found, samples=(self.sample(pipeline),))

    def read(self, request: EvaluationRequest, skipped: ReadReport) -> Iterator[str]:
        """Whole texts, as in training."""
        return (text for source in self.sources(request.data, request.columns) for text in read_texts(source, skipped))

    def sample(self, pipeline: TextGenerationPipeline) -> ValidationExample:
        """How the model goes on with the beginning of the validation text, in one line."""
        text = self.validation[0]
        written = pipeline.generate(text[:PROMPT], max_new_tokens=SAMPLE, beam_size=1, sample=True, mbr_samples=0).text
        parts = (text[:PROMPT], text[PROMPT : 2 * PROMPT], written)
        return ValidationExample(*(" ".join(part.split()) for part in parts))

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """Names the encoder, the processor and the amount of text."""
        return (
            "A writer",
            f"Language model `{kind_of(self.config.model.encoder)}` over `{kind_of(self.config.text)}`, vocabulary of "
            f"{self.processor.size:,}; trained with seqtasks on {counted(data['characters'], 'characters')} in "
            f"{counted(data['texts'], 'texts')}.",
        )


def read_data(data: TextData, seed: int, skipped: ReadReport, unread: ReadReport) -> tuple[list[str], list[str]]:
    """Training and validation texts; `unread` is the report of the validation files.

    Raises:
        SeqtasksError: There is nothing to train on.
    """
    train: list[str] = []
    validation = [text for source in data.validation for text in read_texts(source, unread)]
    for source in data.train:
        texts = list(read_texts(source, skipped))
        if not data.validation:
            texts, held_out = split_texts(texts, data.validation_split, seed, one_text=source.is_one_text)
            validation += held_out
        train += texts
    if not train:
        raise SeqtasksError(f"There are no texts to train on: {skipped.describe()}.", "Check the data.")
    return train, validation


def split_texts(
    texts: Sequence[str], validation_split: float, seed: int, *, one_text: bool
) -> tuple[list[str], list[str]]:
    """What to train on and what to validate on: of one long text the last part, of documents some."""
    if not one_text:
        return train_validation_split(texts, validation_split, seed, groups=texts)
    parts = [split_text(text, validation_split) for text in texts]
    return [train for train, _ in parts if train], [last for _, last in parts if last]
