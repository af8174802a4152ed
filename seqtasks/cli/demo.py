"""`seqtasks demo`: a first look, without a network."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from seqtasks.cli.options import DEFAULT_MODEL
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.tasks.translator import Translation

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


def demo() -> None:
    """Translate a few sentences with the model that ships.

    \b
    Example:
      seqtasks demo
    """
    from seqtasks.bundle import built_in_models

    if DEFAULT_MODEL not in built_in_models():
        raise SeqtasksError(
            f"The demo needs the model {DEFAULT_MODEL!r}, which does not ship with this installation.",
            "Train one: seqtasks train translation pairs.tsv --out my-model",
        )
    started = time.perf_counter()
    from seqtasks.predictor import load

    predictor = load(DEFAULT_MODEL)
    loaded = time.perf_counter()
    translations = predictor.translate(SENTENCES, nbest=2)
    done = time.perf_counter()
    source, target = predictor.languages
    for translation in translations:
        print(f"{source}  {translation.source}")
        print(f"{target}  {translation.text}   ({confidence(translation):.0%} sure)")
        for other in translation.alternatives:
            print(f"    or: {other.text}   ({confidence(other):.0%})")
        print()
    print(
        f"{len(translations)} sentences in {done - loaded:.2f} s on {predictor.device}, "
        f"after {loaded - started:.1f} s to start.\n"
    )
    print(NEXT)


def confidence(translation: Translation) -> float:
    """The geometric mean of the probabilities of the tokens."""
    values = translation.log_probabilities
    return math.exp(sum(values) / max(1, len(values)))
