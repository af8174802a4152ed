"""What a trained model writes, for a quicker one to learn from: distillation of sequences (Kim & Rush 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import seqtasks
from runner import read_lines
from seqtasks import find_model, read_bundle
from seqtasks.data.examples import Pair
from seqtasks.inference.distillation import ranked_translations

PIECE = 2_000
"""Translations between two lines of progress."""


def teach(teacher: str, sources: Path, references: Path, written: Sequence[Path], beam: int = 5) -> None:
    """Writes for each source the hypotheses of the teacher's beam that are closest to the reference, a line each.

    The nearest goes into the first file, the next into the second, and so on, so that each file has a weight of its
    own in training; the last hypothesis again where there are no more. See `seqtasks.inference.distillation`, and
    `seqtasks distill` for one file of pairs.
    """
    pairs = [Pair(*texts) for texts in zip(read_lines(sources), read_lines(references), strict=True)]
    translator = seqtasks.load(teacher, task="translation")
    columns: list[list[str]] = [[] for _ in written]
    found = ranked_translations(translator, pairs, lowercase=True, beam_size=beam, nbest=beam)
    for number, (_, hypotheses) in enumerate(found, 1):
        for place, column in enumerate(columns):
            column.append(hypotheses[min(place, len(hypotheses) - 1)])
        if number % PIECE == 0 or number == len(pairs):
            print(f"the teacher has written {number:,} of {len(pairs):,} translations", flush=True)
    for path, column in zip(written, columns, strict=True):
        part = path.with_suffix(".part")
        part.write_text("".join(f"{line}\n" for line in column), encoding="utf-8")
        part.replace(path)


def encoder_of(teacher: str, dropout: float) -> tuple[int, dict[str, Any]]:
    """The width of the teacher's embeddings and the settings of its encoder, with another dropout."""
    model = read_bundle(find_model(teacher)).model
    encoder = {name: value for name, value in model["encoder"].items() if value is not None}
    return model["hidden_size"], encoder | {"dropout": dropout}
