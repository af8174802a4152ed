"""Distillation of sequences (Kim & Rush 2016): pairs whose targets a teacher has written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, tee
from typing import TYPE_CHECKING, Any

from seqtasks.inference.bulk import Loadable, translate_stream

if TYPE_CHECKING:
    from seqtasks.data.examples import Pair
    from seqtasks.inference.translation import TranslationPipeline


__all__ = ["distilled_pairs", "ranked_translations"]


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

    Yields:
        Up to `num_targets` pairs of each source.

    Raises:
        SeqtasksError: A worker process died.
    """
    from seqtasks.data.examples import Pair

    for pair, hypotheses in ranked_translations(teacher, pairs, num_workers=num_workers, **options):
        different = dict.fromkeys(text for text in hypotheses if text)
        for text in islice(different, num_targets):
            yield Pair(pair.source, text)


def ranked_translations(
    teacher: Loadable[TranslationPipeline],
    pairs: Iterable[Pair],
    *,
    lowercase: bool = False,
    num_workers: int = 1,
    **options: Any,
) -> Iterator[tuple[Pair, list[str]]]:
    """Each pair with the teacher's hypotheses for its source, by their sentence BLEU: the highest first.

    Args:
        teacher: As the `pipeline` of `map_batches`.
        pairs: Sources and references; taken as they are needed.
        lowercase: Whether BLEU ignores case.
        num_workers: Processes of one thread each; 1 is this process.
        **options: Those of `TranslationPipeline.translate`; `nbest` says how many hypotheses.

    Yields:
        The pair, and all hypotheses; of those with the same BLEU the more probable one comes first.

    Raises:
        SeqtasksError: A worker process died.
    """
    from sacrebleu.metrics.bleu import BLEU

    bleu = BLEU(effective_order=True, lowercase=lowercase)
    given, read = tee(pairs)
    translations = translate_stream(teacher, (pair.source for pair in read), num_workers=num_workers, **options)
    for pair, best in zip(given, translations, strict=True):
        hypotheses = [best.text, *(each.text for each in best.alternatives)]
        scores = {text: bleu.sentence_score(text, [pair.target]).score for text in hypotheses}
        yield pair, sorted(hypotheses, key=lambda text: -scores[text])
