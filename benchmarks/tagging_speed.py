"""Words that a loaded tagger labels in a second, in sentences that are cut into words already.

    python benchmarks/tagging_speed.py pos-en path/to/en_ewt-ud-dev.conllu

Prints one JSON object. Run it on a quiet machine: `processor_seconds` far below `seconds` times the number of threads
tells that something else took the processor.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from timing import Rounds, Threads, conditions, timed

import seqtasks
from seqtasks.data.conll import read_sentences
from seqtasks.data.examples import SkipReport
from seqtasks.inference.tagging import TaggingPipeline


def main(
    model: str,
    sentences: Annotated[Path, typer.Argument(help="A CoNLL-U file.")],
    threads: Threads = 0,
    rounds: Rounds = 5,
) -> None:
    """Time a tagger on all sentences of a file at once."""
    predictor = seqtasks.load(model, threads=threads)
    assert isinstance(predictor, TaggingPipeline)
    words = [sentence.words for sentence in read_sentences(sentences, SkipReport())]
    result = {
        "tagging": timed(lambda: predictor.tag(words), rounds, "words", sum(map(len, words))),
        **conditions(predictor),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
