"""Translation: the whole sentence is read, then another one is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from seqtasks.data.augmentation import augmented_pairs
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.mixing import describe_mix
from seqtasks.data.parallel.alignment import align
from seqtasks.data.parallel.readers import languages_of, read_pairs, sources_of
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.encoders import TextEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.metrics.evaluation import Evaluation
from seqtasks.models import EncoderDecoder, Seq2SeqBatch
from seqtasks.plurals import counted
from seqtasks.registry import ConfigModel, PolymorphicField, kind_of
from seqtasks.storage.user_cache import user_cache
from seqtasks.tasks.base import EvaluationRequest, PreparedTask
from seqtasks.tasks.data_loader import DataLoader
from seqtasks.tasks.data_reports import fingerprint, require_validation
from seqtasks.tasks.data_warnings import few_examples, other_languages, seen_in_training
from seqtasks.tasks.presets import chosen_kinds, source_options
from seqtasks.tasks.self_critical import SelfCriticalConfig
from seqtasks.tasks.seq2seq import Seq2SeqConfig, Seq2SeqTask
from seqtasks.tasks.translation.collate import TranslationLoader
from seqtasks.tasks.translation.data import TranslationData, keeps_in_memory, read_data, read_mix
from seqtasks.tasks.translation.direction import require_direction
from seqtasks.tasks.translation.guided_alignment import GuidedAlignmentConfig
from seqtasks.tasks.translation.presets import translation_preset
from seqtasks.tasks.translation.stored import StoredPairs, read_stored
from seqtasks.tasks.translation.tokenizers import Languages, load_processors, make_processors, save_processors
from seqtasks.text import SubwordTokenizer, Tokenizer


class TranslationTask(Seq2SeqTask[TextEncoder, Seq2SeqBatch]):
    """Raw text in, raw text out."""

    usage = 'translate --model {} --text "..."'
    examples = "pairs"
    example_data = "pairs.tsv"
    evaluation_options = ("decoding", "languages", "lowercase", "max_input_length")

    class Config(Seq2SeqConfig):
        encoders = TextEncoder
        source = "text"
        kind: Literal["translation"] = "translation"
        languages: Languages = Languages()
        """Which language is translated into which."""
        text: Annotated[ConfigModel, PolymorphicField(Tokenizer)] = SubwordTokenizer.Config()
        """How texts become tokens."""
        shared_vocab: bool = True
        """Whether both languages share one vocabulary."""
        data: TranslationData
        """What to train on and what to validate on."""
        self_critical: SelfCriticalConfig | None = None
        """Self-critical training on rewarded samples instead of the targets' cross-entropy."""
        guided_alignment: GuidedAlignmentConfig | None = None
        """Training of the attention on word alignments."""
        lowercase: bool = False
        """Whether scores ignore case."""

        @model_validator(mode="after")
        def alignments_are_of_fixed_tokens(self) -> TranslationTask.Config:
            """Refuses guided alignment where segmentations are drawn, or targets are sampled."""
            if self.guided_alignment and getattr(self.text, "subword_sampling", 0.0) > 0:
                raise ValueError("guided_alignment needs text.subword_sampling = 0: alignments are of fixed tokens")
            if self.guided_alignment and self.self_critical:
                raise ValueError("guided_alignment and self_critical are mutually exclusive")
            return self

        @model_validator(mode="after")
        def one_matrix_needs_one_vocabulary(self) -> TranslationTask.Config:
            """Refuses to tie all embeddings of two vocabularies."""
            if self.model.tie_embeddings == "all" and not self.shared_vocab:
                raise ValueError(
                    'model.tie_embeddings = "all" needs shared_vocab = true: '
                    'with two vocabularies, use model.tie_embeddings = "output"'
                )
            return self

    config: Config

    def __init__(self, config: Config, source: Tokenizer, target: Tokenizer) -> None:
        self.config = config
        self.source = source
        self.target = target
        self.train: list[Pair] = []
        self.weights: list[float] = []
        self.validation: list[Pair] = []
        self.stored: StoredPairs | None = None

    @classmethod
    def prepare(cls, config: Config, seed: int, processors: Path | None = None) -> PreparedTask[Self]:
        """Reads sentence pairs; those of more than `max_tokens` tokens on a side are not trained on."""
        keep = keeps_in_memory(config.data)
        return (cls.prepare_in_memory if keep else cls.prepare_stored)(config, seed, processors)

    @classmethod
    def prepare_in_memory(cls, config: Config, seed: int, processors: Path | None) -> PreparedTask[Self]:
        """`prepare` where all pairs are held in memory."""
        skipped, unread = ReadReport(), ReadReport()
        languages = (config.languages.source, config.languages.target)
        train, weights, validation, shares = read_data(config.data, languages, seed, skipped, unread)
        mixed, share = read_mix(config.data, languages, sum(weights), skipped)
        train += [pair for pair, _ in mixed]
        weights += [weight for _, weight in mixed]
        originals = len(train)
        copies = list(augmented_pairs(train, config.data.augmentation, seed))
        weights += [weights[number] for number, _ in copies]
        train += [pair for _, pair in copies]
        task = cls(config, *make_processors(config, train, processors))
        sources = task.source.encode_all([pair.source for pair in train])
        targets = task.target.encode_all([pair.target for pair in train])
        lengths = [max(map(len, sides)) for sides in zip(sources, targets, strict=True)]
        fitting = [0 < length <= config.data.max_tokens for length in lengths]
        task.train, task.weights = list(compress(train, fitting)), list(compress(weights, fitting))
        task.validation = validation
        limit = counted(config.data.max_tokens, "tokens")
        if train and not task.train:
            raise SeqtasksError(
                f"No sentence pair is left to train on: all {len(train):,} have more than {limit}.",
                "Raise data.max_tokens.",
            )
        require_pairs(task.train, validation, skipped)
        pairs = sum(fitting[:originals])
        remarks = (
            f"training pairs: {pairs:,} ({skipped.describe()}; {originals - pairs:,} over {limit}); "
            f"validation pairs: {len(validation):,}{unread.note}",
            *shares,
            *describe_mix(len(mixed), share, "pairs"),
            *([f"changed copies of training pairs beside them: {len(task.train) - pairs:,}"] if copies else []),
            task.describe_vocabulary(),
        )
        found = {
            "pairs": pairs,
            "validation_pairs": len(validation),
            "fingerprint": fingerprint((pair.source, pair.target) for pair in (*task.train, *validation)),
        }
        warnings = (
            *few_examples(pairs, 1_000, "pairs"),
            *seen_in_training(train, validation, "pairs"),
            *other_languages(languages, train[:originals]),
        )
        return PreparedTask(task, remarks, found, warnings, (*skipped.columns, *unread.columns))

    @classmethod
    def prepare_stored(cls, config: Config, seed: int, processors: Path | None) -> PreparedTask[Self]:
        """`prepare` where pairs are read from disk as they are needed."""
        if config.guided_alignment or config.self_critical:
            raise SeqtasksError(
                "guided_alignment and self_critical need all sentence pairs in memory.",
                "Set data.keep_in_memory = true.",
            )
        skipped, unread = ReadReport(), ReadReport()
        languages = (config.languages.source, config.languages.target)
        stored = read_stored(config.data, languages, seed, skipped, unread)
        task = cls(config, *stored.tokenizers(config, processors))
        task.stored, task.train, task.validation = stored, stored.measured, stored.validation
        require_pairs(task.train, task.validation, skipped)
        pairs, validation = stored.pairs, len(stored.validation)
        remarks = (
            f"training pairs: {pairs:,} ({skipped.describe()}), read from {stored.cache} as they are needed; "
            f"validation pairs: {validation:,}{unread.note}",
            f"pairs of more than {counted(config.data.max_tokens, 'tokens')} are left out as they come",
            *stored.shares,
            *describe_mix(sum(map(len, stored.stores[1])), stored.mix_share, "pairs"),
            task.describe_vocabulary(),
        )
        found = {"pairs": pairs, "validation_pairs": validation, "fingerprint": stored.fingerprint}
        warnings = (
            *few_examples(pairs, 1_000, "pairs"),
            *stored.seen_in_training(),
            *stored.language_warnings(languages),
        )
        return PreparedTask(task, remarks, found, warnings, (*skipped.columns, *unread.columns))

    @classmethod
    def load(cls, config: Config, processors: Path) -> Self:
        """Reads the processors of both languages, one file where they share it."""
        return cls(config, *load_processors(config, processors))

    def save_processors(self, folder: Path) -> None:
        """Writes the processors of both languages, one file where they share it."""
        save_processors((self.source, self.target), folder)

    def build_model(self) -> EncoderDecoder[TextEncoder]:
        """An encoder-decoder for both vocabularies."""
        return EncoderDecoder(self.config.model, self.source.size, self.target.size)

    def on_train_start(self, model: EncoderDecoder[TextEncoder]) -> Sequence[str]:
        """Prepares self-critical training, where the settings ask for it."""
        self.start_self_critical(self.target, ([self.target.encode(pair.target)] for pair in self.train))
        return ()

    def batches(self, batch_tokens: int, seed: int) -> DataLoader[Seq2SeqBatch]:
        """Sentence pairs of similar lengths, drawn by the weights of their sources."""
        if self.stored is not None:
            return self.stored.loader(self.config, (self.source, self.target), batch_tokens, seed)
        loader = TranslationLoader(
            (self.source, self.target),
            ([pair.source for pair in self.train], [pair.target for pair in self.train]),
            self.weights,
            batch_tokens=batch_tokens,
            seed=seed,
            sampling=getattr(self.config.text, "subword_sampling", 0.0) > 0,
        )
        if guided := self.config.guided_alignment:
            source, target = loader.encoded
            loader.links = align(source, target, guided.cache_dir or user_cache("alignments"))
            loader.alignment_weight = guided.weight
        return loader

    def describe_vocabulary(self) -> str:
        """A human-readable remark on the number of tokens."""
        target = "" if self.config.shared_vocab else f" source, {self.target.size:,} target"
        return f"vocabulary: {self.source.size:,}{target}"

    @classmethod
    def preset(cls, data: Sequence[Path], settings: Mapping[str, str]) -> dict[str, Any]:
        """Sizes by the number of pairs; languages are found out where they are not set. See `translation_preset`."""
        kinds = chosen_kinds(settings, "model.encoder", "model.decoder")
        source, target = settings.get("languages.source"), settings.get("languages.target")
        languages = (source, target) if source and target else languages_of(data)
        sources = [
            source.model_copy(update=source_options(settings, number, ParallelSource))
            for number, source in enumerate(sources_of(data))
        ]
        return translation_preset(sources, languages, **kinds)

    @classmethod
    def check_data(cls, config: Config) -> None:
        """Refuses pairs in the languages of the model the other way round."""
        data = config.data
        require_direction(
            (config.languages.source, config.languages.target), [*data.train, *data.mix, *data.validation]
        )

    def pipeline(self, models: Sequence[EncoderDecoder]) -> TranslationPipeline:
        """Translates in the direction of the training."""
        languages = self.config.languages
        return TranslationPipeline(
            models,
            self.source,
            self.target,
            decoding=self.config.decoding,
            languages=(languages.source, languages.target),
            lowercase=self.config.lowercase,
        )

    def validate(self, model: EncoderDecoder[TextEncoder]) -> Evaluation:
        """Translates the validation sources: BLEU and chrF."""
        return self.pipeline([model]).evaluate(self.validation, metrics=("bleu", "chrf"), **self.validation_options)

    def read(self, request: EvaluationRequest, skipped: ReadReport) -> Iterator[Pair]:
        """Sentence pairs of the languages asked for, else of the model's."""
        languages = request.languages or (self.config.languages.source, self.config.languages.target)
        sources = [source.model_copy(update=request.columns) for source in sources_of(request.data)]
        return (pair for source in sources for pair in read_pairs(source, skipped, languages=languages))

    def data_warnings(self, examples: Sequence[Pair]) -> Iterator[str]:
        """Tells of a side that seems to be in another language than that of the model."""
        return other_languages((self.config.languages.source, self.config.languages.target), examples)

    def describe(self, data: Mapping[str, Any]) -> Sequence[str]:
        """Names the languages, the encoder, the decoder and the data."""
        languages = self.config.languages
        return (
            f"Translation, {languages.source} to {languages.target}",
            f"Encoder `{kind_of(self.config.model.encoder)}`, decoder `{kind_of(self.config.model.decoder)}`, "
            f"vocabulary of {self.target.size:,}; trained with seqtasks on {counted(data['pairs'], 'sentence pairs')}.",
        )


def require_pairs(train: Sequence[Pair], validation: Sequence[Pair], skipped: ReadReport) -> None:
    """Raises SeqtasksError where nothing is left to train on, or to validate on."""
    if not train:
        raise SeqtasksError(f"No sentence pair is left to train on: {skipped.explain()}.", "Check the data files.")
    require_validation(validation, "sentence pair", "pairs")
