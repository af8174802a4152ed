"""Documents that a loaded classifier labels in a second, many at once and one at a time.

    python benchmarks/classification_speed.py sentiment path/to/test.tsv.gz

Prints one JSON object. Run it on a quiet machine: `processor_seconds` far below `seconds` times the number of threads
tells that something else took the processor.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from timing import Rounds, Threads, conditions, timed

import seqtasks
from seqtasks.data.documents import DocumentSource, read_documents
from seqtasks.data.examples import SkipReport
from seqtasks.inference.classification import ClassificationPipeline


def main(
    model: str,
    documents: Annotated[Path, typer.Argument(help="What classifiers are trained on: TSV, CSV, a folder a class.")],
    threads: Threads = 0,
    many: Annotated[int, typer.Option(help="Documents at once.")] = 2000,
    single: Annotated[int, typer.Option(help="Documents one at a time.")] = 100,
    rounds: Rounds = 5,
) -> None:
    """Time a classifier on the first documents of a file."""
    read = read_documents(DocumentSource(path=documents), SkipReport())
    texts = [document.text for document in islice(read, many)]
    predictor = seqtasks.load(model, threads=threads)
    assert isinstance(predictor, ClassificationPipeline)

    def one_at_a_time() -> None:
        for text in texts[:single]:
            predictor.classify([text])

    result = {
        "many": timed(lambda: predictor.classify(texts), rounds, "documents", len(texts)),
        "one_at_a_time": timed(one_at_a_time, rounds, "documents", min(single, len(texts))),
        "words": sum(len(text.split()) for text in texts),
        "characters": sum(map(len, texts)),
        **conditions(predictor),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
