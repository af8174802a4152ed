"""Targets that a trained model wrote, for a smaller one to learn from: distillation of sequences (Kim & Rush 2016)."""

from __future__ import annotations

from pathlib import Path

from sacrebleu.metrics import BLEU

import seqtasks
from seqtasks.data.lines import read_lines

PIECE = 2_000
"""Sentences that are translated between two lines of progress."""


def teach(teacher: str, sources: Path, references: Path, written: Path, beam: int = 5) -> None:
    """Writes for each source the hypothesis of the teacher's beam that is closest to the reference, a line each.

    That is the sequence-level interpolation of the paper: as regular as what a model writes, as right as its best. The
    nearest is the one of the highest sentence BLEU; of equals the more probable one.
    """
    texts, wanted = list(read_lines(sources)), list(read_lines(references))
    translator = seqtasks.load(teacher)
    bleu = BLEU(effective_order=True, lowercase=True)
    lines: list[str] = []
    while len(lines) < len(texts):
        piece = slice(len(lines), len(lines) + PIECE)
        found = translator.translate(texts[piece], beam=beam, nbest=beam)
        for best, reference in zip(found, wanted[piece], strict=True):
            hypotheses = [best.text, *(other.text for other in best.alternatives)]
            lines.append(max(hypotheses, key=lambda text: bleu.sentence_score(text, [reference]).score))
        print(f"the teacher has written {len(lines):,} of {len(texts):,} translations", flush=True)
    part = written.with_suffix(".part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(written)
