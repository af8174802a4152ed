"""What both checkouts are given. Imports nothing of seqtasks: the interpreters of both read it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path


@dataclass(frozen=True)
class Inputs:
    """Inputs of pipelines, and where the data for training is."""

    data: Path
    student: Path
    """A translation model: that of the checkout that reads it, whose format it has."""
    sentences: list[str]
    images: list[Path]
    split_sentences: list[list[str]]
    reviews: list[str]


def read(data: Path) -> Inputs:
    """Reads them from the folder that holds `multi30k`, `flickr8k` and so on."""
    package = find_spec("seqtasks")  # found, not imported
    if package is None or package.origin is None:
        raise ModuleNotFoundError("There is no seqtasks in this environment.")
    with gzip.open(data / "imdb" / "test.tsv.gz", "rt", encoding="utf-8") as lines:
        reviews = [line.rstrip("\n").partition("\t")[2] for line in islice(lines, 1, 101)]
    return Inputs(
        data=data,
        student=Path(package.origin).parents[1] / "benchmarks" / "models" / "multi30k-en-de-student",
        sentences=(data / "multi30k" / "test_2016_flickr.en").read_text(encoding="utf-8").splitlines(),
        images=sorted((data / "flickr8k" / "Images").glob("*.jpg"))[:16],
        split_sentences=list(islice(conllu_words(data / "ud_ewt" / "en_ewt-ud-dev.conllu"), 1000)),
        reviews=reviews,
    )


def conllu_words(file: Path) -> Iterator[list[str]]:
    """The words of each sentence of a CoNLL-U file."""
    words: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if cells[0].isdecimal():
            words.append(cells[1])
        elif not line and words:
            yield words
            words = []
