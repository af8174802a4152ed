"""How many boundaries between the sentences of running texts are found, beside other libraries.

Usage: python -m benchmarks.sentence_boundaries en EWT.conllu de GSD.conllu

The running text is that of a treebank: its sentences with the blanks between them, an empty line before each paragraph.
Boundaries of paragraphs and ends of texts do not count. Libraries that are not installed are left out.
"""

from __future__ import annotations

import importlib
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from seqtasks.text.sentence_spans import sentence_spans

Split = Callable[[str], Iterable[str]]
Document = tuple[str, set[int]]
"""A text, and where its sentences end."""


def documents(path: Path) -> Iterator[Document]:
    """The running texts of a treebank."""
    text, ends, blank = "", set[int](), ""
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.split("\n")
        if any(line.startswith("# newdoc") for line in lines) and text:
            yield text, ends
            text, ends, blank = "", set(), ""
        elif any(line.startswith("# newpar") for line in lines) and text:
            blank = "\n\n"
        text += blank + next(line for line in lines if line.startswith("# text = "))[9:]
        ends.add(len(text))
        blank = "" if "SpaceAfter=No" in lines[-1] else " "
    yield text, ends


def ends_of(text: str, sentences: Iterable[str]) -> set[int]:
    """Where sentences end in their text, whatever a library did to blanks."""
    place, ends = 0, set()
    for sentence in sentences:
        for character in "".join(sentence.split()):
            place = text.find(character, place) + 1 or place
        ends.add(place)
    return ends


def libraries(language: str) -> Iterator[tuple[str, Split]]:
    """The names of libraries that are installed, and how each splits a paragraph."""
    makers: dict[str, Callable[[Any], Split]] = {
        "pysbd": lambda module: module.Segmenter(language=language, clean=False).segment,
        "syntok.segmenter": lambda module: (
            lambda text: (
                "".join(token.value for token in sentence) for part in module.analyze(text) for sentence in part
            )
        ),
        "sentence_splitter": lambda module: module.SentenceSplitter(language=language).split,
        "blingfire": lambda module: lambda text: module.text_to_sentences(text).split("\n"),
        "sentencex": lambda module: lambda text: module.segment(language, text),
        "spacy": sentencizer(language),
    }
    yield "seqtasks", lambda text: [text[start:end] for start, end in sentence_spans(text, language)]
    for name, make in makers.items():
        try:
            yield name, make(importlib.import_module(name))
        except ImportError:
            print(f"{name} is not installed.", file=sys.stderr)


def sentencizer(language: str) -> Callable[[Any], Split]:
    """The rule of spaCy."""

    def make(module: Any) -> Split:
        pipeline = module.blank(language)
        pipeline.add_pipe("sentencizer")
        return lambda text: (sentence.text for sentence in pipeline(text).sents)

    return make


def main() -> None:
    """Prints a line for each language and library."""
    print("language  library              precision  recall     F1  seconds")
    for language, path in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        texts = list(documents(Path(path)))
        for name, split in libraries(language):
            right = found = wanted = 0
            started = time.perf_counter()
            for text, ends in texts:
                own = ends_of(text, (part for paragraph in text.split("\n\n") for part in split(paragraph)))
                outer = {match.start() for match in re.finditer("\n\n", text)} | {len(text)}
                right += len((own & ends) - outer)
                found += len(own - outer)
                wanted += len(ends - outer)
            precision, recall = right / max(1, found), right / max(1, wanted)
            f1 = 2 * precision * recall / max(1e-9, precision + recall)
            seconds = time.perf_counter() - started
            print(f"{language:8}  {name:18}  {precision:10.1%}  {recall:6.1%}  {f1:5.1%}  {seconds:7.2f}")


if __name__ == "__main__":
    main()
