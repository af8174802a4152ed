"""Distillation of sequences (Kim & Rush 2016): pairs whose targets a teacher has written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import TYPE_CHECKING, Any

from seqtasks.inference.bulk import Loadable, translate_stream

if TYPE_CHECKING:
    from seqtasks.data.examples import Pair
    from seqtasks.inference.translation import TranslationPipeline


def distilled_pairs(
    teacher: Loadable[TranslationPipeline],
    pairs: Iterable[Pair],
    *,
    num_targets: int = 1,
    num_workers: int = 1,
    **options: Any,
) -> Iterator[Pair]:
    """The sources with those of the teacher's hypotheses that are nearest to the references.

    That is sequence-level interpolation (section 3.3 of the paper): as regular as what a model writes, as right as its
    best.

    Args:
        teacher: As the `pipeline` of `map_batches`.
        pairs: Sources and references; taken as they are needed.
        num_targets: Pairs made of each source, at most: hypotheses that differ.
        num_workers: Processes of one thread each; 1 is this process.
        **options: Those of `TranslationPipeline.translate`; `nbest` says among how many is chosen.
    """
    from seqtasks.data.examples import Pair

    given, read = tee(pairs)
    translations = translate_stream(teacher, (pair.source for pair in read), num_workers=num_workers, **options)
    for pair, best in zip(given, translations, strict=True):
        hypotheses = [each.text for each in (best, *best.alternatives) if each.text]
        for text in nearest(hypotheses, pair.target)[:num_targets]:
            yield Pair(pair.source, text)


def nearest(hypotheses: Sequence[str], reference: str) -> list[str]:
    """Different hypotheses by their sentence BLEU, the highest first; of equals the one that came first."""
    from sacrebleu.metrics.bleu import BLEU

    bleu = BLEU(effective_order=True)
    scores = {text: bleu.sentence_score(text, [reference]).score for text in hypotheses}
    return sorted(scores, key=lambda text: -scores[text])
