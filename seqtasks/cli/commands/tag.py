"""`seqtasks tag`: words in, labels out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from seqtasks.cli.input import STANDARD_INPUT, TextInputs, open_inputs
from seqtasks.cli.options import Json, MaxInputLength, Model, Output, Runtime
from seqtasks.cli.output import IN_PARTS, ensure_distinct_paths, open_output, report_skipped, to_json
from seqtasks.cli.ray_job import RayOptions, failed_result, numbered, show_report
from seqtasks.cli.suffixes import Form, ensure_form

if TYPE_CHECKING:
    from seqtasks.data.tagging.conllu import Sentence
    from seqtasks.inference.bulk import Batch
    from seqtasks.inference.line_batcher import ByteStream, LineBatcher
    from seqtasks.inference.outputs import TaggedSentence
    from seqtasks.inference.tagging import TaggingPipeline
    from seqtasks.storage.batch_results import BatchResult
    from seqtasks.text.sentence_splitter import Token

DEFAULT_TAGGER: Final = "pos-en"
BATCH_SENTENCES = 1_000


Input = Literal["text", "conllu", "columns", "jsonl"]
Format = Literal["text", "conllu", "jsonl"]
COLUMNS: Final = frozenset((
    ".bilou", ".bio", ".bio2", ".bioes", ".conll", ".conll02", ".conll03", ".conllup", ".csv", ".cupt", ".iob", ".iob2",
    ".iobes", ".tsv",
))  # fmt: skip
"""Files of a word a line; which column has the words is found out as in training."""
FORM_OPTIONS: Final[dict[Form, str]] = {
    "text": "--output-format text", "conllu": "--output-format conllu", "jsonl": "--output-format jsonl",
}  # fmt: skip


@dataclass(frozen=True)
class TagLines:
    """What becomes of sentences, wherever they are tagged."""

    form: Input

    def __call__(self, pipeline: TaggingPipeline, batch: Batch[Sentence]) -> BatchResult:
        """The result of a batch."""
        from seqtasks.storage.batch_results import BatchResult

        tagged = pipeline.tag([sentence.words for sentence in batch.items])
        counts = Counter({IN_PARTS: sum(each.parts > 1 for each in tagged)})
        return BatchResult([*map(FORMATTERS[self.form], batch.items, tagged, repeat(pipeline.column))], counts)

    def failed(self, batch: Batch[Sentence], reason: str) -> BatchResult:
        """Nothing, as of malformed sentences."""
        return failed_result(batch, reason, lambda _: None, "sentence")


def tag(
    *,
    inputs: TextInputs,
    model: Model = DEFAULT_TAGGER,
    words: Annotated[
        bool, typer.Option("--pretokenized", help="The text has one sentence per line, words separated by spaces.")
    ] = False,
    read: Annotated[
        Input | None, typer.Option("--input-format", help="Format of FILE.", show_default="by its suffix, else text")
    ] = None,
    written: Annotated[
        Format | None,
        typer.Option(
            "--output-format", help="Format of the output.", show_default="conllu or jsonl as the input, else text"
        ),
    ] = None,
    as_json: Json = False,
    output: Output = None,
    max_input_length: MaxInputLength = None,
    ray: RayOptions,
    runtime: Runtime,
) -> None:
    """Label each word of a text.

    Text is split into sentences and words by rules; no sentence spans several lines. The output format `text` has a
    word, a tab and its label per line, and an empty line after each sentence: `cut -f 2 | sort | uniq -c` counts
    labels, and `seqtasks train tagging` can read it. A .conllu file is printed with its column of labels filled in;
    --json is short for --output-format jsonl. Malformed sentences in FILE are reported and skipped; the exit code is
    then 1.

    \b
    Examples:
      echo "A dog runs." | seqtasks tag
      seqtasks tag --model my-tagger input.conllu --output output.conllu
    """
    if words and read not in (None, "text"):
        raise typer.BadParameter(f"it is for text, not for {read}", param_hint="--pretokenized")
    if as_json and written not in (None, "jsonl"):
        raise typer.BadParameter(f"it is --output-format jsonl, not {written}", param_hint="--json")
    files, texts = inputs.resolve()
    ray.check(output, files or texts, {})
    names = files or [STANDARD_INPUT]
    ensure_distinct_paths({"--output": output}, names)
    forms: list[Input] = ["text" if words or inputs.text_column else read or form_of(name) for name in names]
    form = "jsonl" if as_json else written or forms[0]
    ensure_form(output, "text" if form == "columns" else form, FORM_OPTIONS)
    from seqtasks.storage.batch_results import BatchResult

    with ExitStack() as stack:
        streams = open_inputs(names, texts, stack, inputs.text_column)
        pipeline: TaggingPipeline = ray.here(runtime).open([model], "tagging").pipeline
        if max_input_length is not None:
            pipeline.max_input_length = max_input_length
        reader = Inputs(pipeline, words=words, guessed=read is None)
        process, total = TagLines(form), BatchResult()
        batches = numbered(reader.read(zip(names, forms, streams, strict=True)))
        if ray.address is not None and output is not None:
            settings = {"max_input_length": pipeline.max_input_length}
            total = ray.run(
                process, batches, output, models=[model], task="tagging", runtime=runtime, pipeline=pipeline,
                settings=settings,
            )  # fmt: skip
        else:
            with open_output(output) as write:
                for batch in batches:
                    result = process(pipeline, batch)
                    write(result.lines)
                    total.add_report(result)
    show_report(total)
    report_skipped(reader.skipped, reader.undecodable)
    if total.failed:
        raise typer.Exit(1)


def form_of(file: Path) -> Input:
    """What a file holds, by its suffix."""
    from seqtasks.data.text_io import uncompressed_suffix

    suffix = uncompressed_suffix(file)
    forms: dict[str, Input] = {".conllu": "conllu", ".jsonl": "jsonl", ".json": "jsonl"}
    return "columns" if suffix in COLUMNS else forms.get(suffix, "text")


class Inputs:
    """Sentences out of streams, some at a time."""

    def __init__(self, pipeline: TaggingPipeline, *, words: bool, guessed: bool) -> None:
        from seqtasks.data.examples import ReadReport

        self.pipeline = pipeline
        self.skipped = ReadReport()
        self.words = words
        self.guessed = guessed
        self.count = 0
        self.undecodable = 0

    def read(self, inputs: Iterable[tuple[Path, Input, ByteStream]]) -> Iterator[list[Sentence]]:
        """Sentences of each input in lists, as soon as they are read."""
        from seqtasks.cli.plain_text import checked
        from seqtasks.inference.line_batcher import LineBatcher

        for name, form, stream in inputs:
            batches = LineBatcher([stream])
            if form == "text":
                for batch in checked(batches, [name]):
                    yield [sentence for line in batch.items for sentence in self.cut(line)]
            else:
                yield from self.parse(name, form, None if name != STANDARD_INPUT else batches)
            self.undecodable += batches.undecodable

    def cut(self, line: str) -> Iterator[Sentence]:
        """The sentences of a line of text."""
        from seqtasks.data.tagging.columns import between_blanks
        from seqtasks.data.tagging.conllu import Sentence
        from seqtasks.inference.line_batcher import plain

        as_it_stands = [[(word, True) for word in between_blanks(plain(line))]]
        for tokens in as_it_stands if self.words else self.pipeline.sentences(line):
            if tokens:
                self.count += 1
                yield Sentence(tuple(word for word, _ in tokens), lines=tuple(conllu_lines(tokens, self.count)))

    def parse(self, name: Path, form: Input, batches: LineBatcher | None) -> Iterator[list[Sentence]]:
        """The sentences of a file that holds words, or of the lines of standard input."""
        from seqtasks.data.tagging.readers import parse_sentences, read_sentences
        from seqtasks.inference.line_batcher import plain

        if batches is None:
            as_in_training = self.guessed and form != "conllu"
            sentences = read_sentences(name, self.skipped, form="auto" if as_in_training else form)
        else:
            lines = (plain(line) for batch in batches for line in batch.items)
            sentences = parse_sentences(lines, "standard input", self.skipped, form=form)
        while batch := list(islice(sentences, BATCH_SENTENCES)):
            yield batch


def conllu_lines(tokens: Sequence[Token], number: int) -> Iterator[str]:
    """A sentence of a text as CoNLL-U without any label."""
    text = "".join(" " * blank + word for word, blank in tokens).strip()
    yield f"# sent_id = {number}"
    yield f"# text = {text}"
    for place, (word, _) in enumerate(tokens, 1):
        joined = place < len(tokens) and not tokens[place][1]
        yield "\t".join([str(place), word, *"_" * 7, "SpaceAfter=No" if joined else "_"])


def format_text(sentence: Sentence, found: TaggedSentence, column: str) -> str:
    """A line a word, its label after a tab, and an empty line behind the sentence once it is printed."""
    return "".join(f"{word}\t{label}\n" for word, label in zip(found.words, found.labels, strict=True))


def format_conllu(sentence: Sentence, found: TaggedSentence, column: str) -> str:
    """The sentence as CoNLL-U, with the labels in their column."""
    from seqtasks.data.tagging.conllu import write_conllu

    return write_conllu(sentence, column, found.labels).removesuffix("\n")


def format_json(sentence: Sentence, found: TaggedSentence, column: str) -> str:
    """A JSON object: words, labels and their probabilities."""
    confidences = [round(confidence, 6) for confidence in found.confidences]
    return to_json(
        {
            "words": found.words,
            "labels": found.labels,
            "confidences": confidences,
            "unknown": found.unknown,
            "parts": found.parts,
        }
    )


FORMATTERS: dict[Input, Callable[[Sentence, TaggedSentence, str], str]] = {
    "text": format_text,
    "columns": format_text,
    "conllu": format_conllu,
    "jsonl": format_json,
}
