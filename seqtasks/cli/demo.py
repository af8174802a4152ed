"""`seqtasks demo`: a first look, without a network."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.cli.caption import DEFAULT_CAPTIONER
from seqtasks.cli.options import DEFAULT_MODEL
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.tasks.output import Output

SENTENCES = (
    "Good morning!",
    "Where is the railway station?",
    "I have never seen such a beautiful garden.",
    "She told me that she would come tomorrow.",
    "We should drink more water when it is hot.",
)
NEXT = """\
Now try:
  seqtasks translate --text "How are you?"          one sentence
  seqtasks translate < input.txt                    a file, line by line
  seqtasks translate --text "..." --nbest 5         five translations with scores
  seqtasks train translation pairs.tsv --out mine   a model of your own"""
NEXT_PICTURE = "  seqtasks caption photo.jpg                        what a picture shows"


def demo() -> None:
    """Translate a few sentences and describe a few photographs with the models that ship.

    \b
    Example:
      seqtasks demo
    """
    from seqtasks.bundle import built_in_models

    models = built_in_models()
    if DEFAULT_MODEL not in models:
        raise SeqtasksError(
            f"The demo needs the model {DEFAULT_MODEL!r}, which does not ship with this installation.",
            "Train one: seqtasks train translation pairs.tsv --out my-model",
        )
    translate_sentences()
    pictures = photographs() if DEFAULT_CAPTIONER in models else []
    if pictures:
        describe(pictures)
    print(NEXT)
    if pictures:
        print(NEXT_PICTURE)


def translate_sentences() -> None:
    started = time.perf_counter()
    from seqtasks.predictor import load

    predictor = load(DEFAULT_MODEL)
    loaded = time.perf_counter()
    translations = predictor.translate(SENTENCES, nbest=2)
    done = time.perf_counter()
    source, target = predictor.languages
    for translation in translations:
        print(f"{source}  {translation.source}")
        show(target, translation, translation.alternatives)
    print(
        f"{len(translations)} sentences in {done - loaded:.2f} s on {predictor.device}, "
        f"after {loaded - started:.1f} s to start.\n"
    )


def describe(pictures: Sequence[Path]) -> None:
    started = time.perf_counter()
    from seqtasks.predictor import load

    predictor = load(DEFAULT_CAPTIONER)
    loaded = time.perf_counter()
    captions = predictor.caption(pictures, nbest=2)
    done = time.perf_counter()
    for caption in captions:
        print(caption.picture)
        show("  ", caption, caption.alternatives)
    print(
        f"{len(captions)} photographs in {done - loaded:.2f} s on {predictor.device}, "
        f"after {loaded - started:.1f} s to load.\n"
    )


def photographs() -> list[Path]:
    """The pictures that ship, from where you stand if that is shorter."""
    from seqtasks.bundle import asset_folders

    here = Path.cwd()
    found = [file for folder in asset_folders("images") for file in sorted(folder.glob("*.jpg"))]
    return [file.relative_to(here) if file.is_relative_to(here) else file for file in found]


def show(label: str, best: Output, others: Sequence[Output]) -> None:
    """The best output behind its label, the others below it, and how sure the model is of each."""
    print(f"{label}  {best.text}   ({confidence(best):.0%} sure)")
    for other in others:
        print(f"    or: {other.text}   ({confidence(other):.0%})")
    print()


def confidence(output: Output) -> float:
    """The geometric mean of the probabilities of the tokens."""
    values = output.log_probabilities
    return math.exp(sum(values) / max(1, len(values)))
