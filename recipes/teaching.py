"""Targets that a trained model wrote, for a smaller one to learn from: distillation of sequences (Kim & Rush 2016)."""

from __future__ import annotations

import gzip
from pathlib import Path

from sacrebleu.metrics import BLEU

import seqtasks

PIECE = 2_000
"""Sentences that are translated between two lines of progress."""


def taught(teacher: str, sources: Path, references: Path, written: Path, beam: int = 5) -> Path:
    """For each source the hypothesis of the teacher's beam that is closest to the reference, a line each.

    That is the sequence-level interpolation of the paper: as regular as what a model writes, as right as its best. The
    nearest is the one of the highest sentence BLEU; of equals the more probable one. A file that is there is kept.
    """
    if written.is_file():
        return written
    texts, wanted = lines_of(sources), lines_of(references)
    translator = seqtasks.load(teacher)
    bleu = BLEU(effective_order=True, lowercase=True)
    lines: list[str] = []
    while len(lines) < len(texts):
        start = len(lines)
        part = slice(start, start + PIECE)
        found = translator.translate(texts[part], beam=beam, nbest=beam)
        for best, reference in zip(found, wanted[part], strict=True):
            hypotheses = [best.text, *(other.text for other in best.alternatives)]
            lines.append(max(hypotheses, key=lambda text: bleu.sentence_score(text, [reference]).score))
        print(f"the teacher has written {len(lines):,} of {len(texts):,} translations", flush=True)
    part = written.with_suffix(".part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return part.replace(written)


def lines_of(file: Path) -> list[str]:
    """The lines of a file that may be compressed."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as stream:
        return stream.read().splitlines()
