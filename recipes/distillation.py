"""What a trained model writes, for a quicker one to learn from: distillation of sequences (Kim & Rush 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sacrebleu.metrics.bleu import BLEU

import seqtasks
from runner import read_lines
from seqtasks import find_model, read_bundle

PIECE = 2_000
"""Sentences that are translated between two lines of progress."""


def teach(teacher: str, sources: Path, references: Path, written: Sequence[Path], beam: int = 5) -> None:
    """Writes for each source the hypotheses of the teacher's beam that are closest to the reference, a line each.

    The nearest goes into the first file, the next into the second, and so on; the last hypothesis again where there are
    no more. That is the sequence-level interpolation of the paper: as regular as what a model writes, as right as its
    best. The nearest has the highest sentence BLEU; of equals the more probable one.
    """
    texts, wanted = read_lines(sources), read_lines(references)
    translator = seqtasks.load(teacher, task="translation")
    bleu = BLEU(effective_order=True, lowercase=True)
    columns: list[list[str]] = [[] for _ in written]
    while len(columns[0]) < len(texts):
        done = len(columns[0])
        piece = slice(done, done + PIECE)
        found = translator.translate(texts[piece], beam_size=beam, nbest=beam)
        for best, reference in zip(found, wanted[piece], strict=True):
            hypotheses = [best.text, *(other.text for other in best.alternatives)]
            hypotheses.sort(key=lambda text: -bleu.sentence_score(text, [reference]).score)
            for place, column in enumerate(columns):
                column.append(hypotheses[min(place, len(hypotheses) - 1)])
        print(f"the teacher has written {len(columns[0]):,} of {len(texts):,} translations", flush=True)
    for path, column in zip(written, columns, strict=True):
        part = path.with_suffix(".part")
        part.write_text("".join(f"{line}\n" for line in column), encoding="utf-8")
        part.replace(path)


def encoder_of(teacher: str, dropout: float) -> tuple[int, dict[str, Any]]:
    """The width of the teacher's embeddings and the settings of its encoder, with another dropout."""
    model = read_bundle(find_model(teacher)).model
    encoder = {name: value for name, value in model["encoder"].items() if value is not None}
    return model["hidden_size"], encoder | {"dropout": dropout}
