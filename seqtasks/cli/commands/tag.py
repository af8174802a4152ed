"""`seqtasks tag`: words in, labels out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seqtasks.cli.input import STANDARD_INPUT, files_or_texts, open_inputs
from seqtasks.cli.options import Code, Device, Dtype, Output, Precision, Threads, open_pipeline
from seqtasks.cli.output import open_output, require_apart, tell_skipped, tell_undecodable

if TYPE_CHECKING:
    from seqtasks.data.examples import ReadReport
    from seqtasks.data.tagging.conllu import Sentence
    from seqtasks.inference.line_batcher import ByteStream, LineBatcher
    from seqtasks.inference.outputs import TaggedSentence
    from seqtasks.inference.tagging import TaggingPipeline
    from seqtasks.text.sentence_splitter import Token

DEFAULT_TAGGER: Final = "pos-en"
BATCH_SENTENCES = 1_000


class Input(StrEnum):
    text = "text"
    conllu = "conllu"
    columns = "columns"
    jsonl = "jsonl"


class Format(StrEnum):
    text = "text"
    conllu = "conllu"
    jsonl = "jsonl"


def tag(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE | TEXT]...", help="Files with text or sentences, or text; else standard input."),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME_OR_DIR", help="Model name or directory.")
    ] = DEFAULT_TAGGER,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="Text, where it could be taken for a file.")] = None,
    words: Annotated[
        bool, typer.Option("--pretokenized", help="The text has one sentence per line, words separated by blanks.")
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
    output: Output = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Label each word of a text.

    Text is split into sentences and words by rule; no sentence spans several lines. The output format `text` has a
    word, a tab and its label per line, and an empty line after each sentence: `cut -f 2 | sort | uniq -c` counts
    labels, and `seqtasks train tagging` can read it. A .conllu file comes back with its column of labels filled in.
    Malformed sentences in FILE are reported and skipped; the exit code is then 1.

    \b
    Examples:
      echo "A dog runs." | seqtasks tag
      seqtasks tag --model my-tagger input.conllu --output output.conllu
    """
    if words and read not in (None, Input.text):
        raise typer.BadParameter(f"it is for text, not for {read}", param_hint="--pretokenized")
    files, texts = files_or_texts(inputs or [], text)
    names = files or [STANDARD_INPUT]
    require_apart({"--output": output}, names)
    forms = [Input.text if words else read or form_of(name) for name in names]
    presented = PRESENTED[written or Format.__members__.get(forms[0], Format.text)]
    with ExitStack() as stack:
        streams = open_inputs(names, texts, stack)
        predictor: TaggingPipeline = open_pipeline(
            [model], "tagging", code=code, device=device, dtype=dtype, threads=threads
        )
        from seqtasks.data.examples import ReadReport

        skipped = ReadReport()
        reader = Inputs(predictor, skipped, words=words)
        with open_output(output) as write:
            for sentences in reader.read(zip(names, forms, streams, strict=True)):
                tagged = predictor.tag([sentence.words for sentence in sentences])
                for sentence, found in zip(sentences, tagged, strict=True):
                    for line in presented(sentence, found, predictor.column):
                        write(line)
                if output is None:
                    sys.stdout.flush()
    tell_undecodable(reader.undecodable)
    tell_skipped(skipped)
    if skipped.skipped:
        raise typer.Exit(1)


def form_of(file: Path) -> Input:
    """What a file holds, by its suffix."""
    from seqtasks.data.text_io import uncompressed_suffix

    return {".conllu": Input.conllu, ".jsonl": Input.jsonl}.get(uncompressed_suffix(file), Input.text)


class Inputs:
    """Sentences out of streams, some at a time."""

    def __init__(self, predictor: TaggingPipeline, skipped: ReadReport, *, words: bool) -> None:
        self.predictor = predictor
        self.skipped = skipped
        self.words = words
        self.count = 0
        self.undecodable = 0

    def read(self, inputs: Iterable[tuple[Path, Input, ByteStream]]) -> Iterator[list[Sentence]]:
        from seqtasks.inference.line_batcher import LineBatcher

        for name, form, stream in inputs:
            batches = LineBatcher([stream])
            if form == Input.text:
                for batch in batches:
                    yield [sentence for line in batch.items for sentence in self.cut(line)]
            else:
                yield from self.parse(name, form, None if name != STANDARD_INPUT else batches)
            self.undecodable += batches.undecodable

    def cut(self, line: str) -> Iterator[Sentence]:
        """The sentences of a line of text."""
        from seqtasks.data.tagging.conllu import Sentence
        from seqtasks.data.tagging.readers import between_blanks
        from seqtasks.inference.line_batcher import plain

        as_it_stands = [[(word, True) for word in between_blanks(plain(line))]]
        for tokens in as_it_stands if self.words else self.predictor.sentences(line):
            if tokens:
                self.count += 1
                yield Sentence(tuple(word for word, _ in tokens), lines=tuple(conllu_lines(tokens, self.count)))

    def parse(self, name: Path, form: Input, batches: LineBatcher | None) -> Iterator[list[Sentence]]:
        """The sentences of a file that holds words, or of the lines of standard input."""
        from seqtasks.data.tagging.readers import parse_sentences, read_sentences
        from seqtasks.inference.line_batcher import plain

        if batches is None:
            sentences = read_sentences(name, self.skipped, form=form.value)
        else:
            lines = (plain(line) for batch in batches for line in batch.items)
            sentences = parse_sentences(lines, "standard input", self.skipped, form=form.value)
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


def format_text(sentence: Sentence, found: TaggedSentence, column: str) -> Iterator[str]:
    for word, label in zip(found.words, found.labels, strict=True):
        yield f"{word}\t{label}"
    yield ""


def format_conllu(sentence: Sentence, found: TaggedSentence, column: str) -> Iterator[str]:
    from seqtasks.data.tagging.conllu import write_conllu

    yield write_conllu(sentence, column, found.labels).removesuffix("\n")


def format_json(sentence: Sentence, found: TaggedSentence, column: str) -> Iterator[str]:
    confidences = [round(confidence, 6) for confidence in found.confidences]
    yield json.dumps({"words": found.words, "labels": found.labels, "confidences": confidences}, ensure_ascii=False)


PRESENTED: dict[Format, Callable[[Sentence, TaggedSentence, str], Iterator[str]]] = {
    Format.text: format_text,
    Format.conllu: format_conllu,
    Format.jsonl: format_json,
}
