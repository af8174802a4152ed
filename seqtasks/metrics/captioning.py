"""Scores of captions against human captions of the same images, as the COCO evaluation computes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.bleu import coco_bleu
from seqtasks.metrics.cider import SIGMA, CiderD
from seqtasks.metrics.meteor import VERSION, meteor, meteor_unavailable_reason
from seqtasks.metrics.ptb_tokenizer import penn_tokens
from seqtasks.metrics.rouge import BETA, rouge_l
from seqtasks.metrics.score import Score
from seqtasks.plurals import counted

UNSPACED = re.compile("([\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
"""Characters of scripts without blanks between words (Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese): each is
taken for a word, since Stanford's tokenizer would make one of a whole sentence."""
EVALUATION = "pycocoevalcap-1.2"
"""The evaluation whose numbers these are."""


def caption_scores(
    outputs: Sequence[str], references: Sequence[Sequence[str]], *, with_meteor: bool = True
) -> tuple[Score, ...]:
    """Scores one caption per image against its human captions, as raw text.

    CIDEr-D (Vedantam et al. 2015), BLEU-4 and BLEU-1 to BLEU-3 (Papineni et al. 2002), ROUGE-L (Lin 2004) and METEOR
    (Denkowski and Lavie 2014), all times 100. Then what the captions are like: `distinct`, the percentage of different
    ones; `vocabulary`, how many words occur in them.

    Args:
        outputs: A caption an image.
        references: One or several captions an image.
        with_meteor: METEOR needs Java and takes seconds to start: it is also left out where `meteor_unavailable_reason`
            says why, and where words are characters.

    Raises:
        SeqtasksError: No captions, another number of references, an image without references.
    """
    check(outputs, references)
    captions = [caption_tokens(output) for output in outputs]
    others = [[caption_tokens(reference) for reference in texts] for texts in references]
    counts = sorted({len(texts) for texts in references})
    number = f"{counts[0]}-{counts[-1]}" if len(counts) > 1 else str(counts[0])
    spelled = any(UNSPACED.search(text) for texts in (outputs, *references) for text in texts)
    tokens = f"tok={'ptb+char' if spelled else 'ptb'}|n={len(outputs)}"
    end = f"{tokens}|refs={number}|version={EVALUATION}"

    def score(metric: str, value: float, *choices: str) -> Score:
        return Score(metric, 100 * value, "|".join([metric, *choices, end]))

    cider = CiderD(others).score(captions, others)
    bleu = coco_bleu(captions, others)
    rouge = [rouge_l(caption, texts) for caption, texts in zip(captions, others, strict=True)]
    scores = [
        score("cider-d", float(cider.mean()), "df=references", f"sigma={SIGMA:g}"),
        *(score(f"bleu-{order}", bleu[order - 1], "length=closest") for order in (4, 1, 2, 3)),
        score("rouge-l", sum(rouge) / len(rouge), f"beta={BETA:g}"),
    ]
    if with_meteor and not spelled and meteor_unavailable_reason() is None:
        scores.append(score("meteor", meteor(captions, others), f"program={VERSION}", "lang=en"))
    different = {tuple(caption) for caption in captions}
    words = {word for caption in different for word in caption}
    return (
        *scores,
        Score("distinct", 100 * len(different) / len(captions), f"distinct|{tokens}"),
        Score("vocabulary", float(len(words)), f"vocabulary|{tokens}"),
    )


def caption_tokens(text: str) -> list[str]:
    """The words of a caption; characters where its script has no blanks."""
    return penn_tokens(UNSPACED.sub(r" \1 ", text))


def check(outputs: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Raises what is wrong with the numbers of captions."""
    if not outputs:
        raise SeqtasksError("There are no captions to score.")
    if len(outputs) != len(references):
        raise SeqtasksError(
            f"Got {counted(len(outputs), 'captions')} for {counted(len(references), 'images')} with references.",
            "Each caption needs the references of its image at the same place.",
        )
    for number, texts in enumerate(references, 1):
        if isinstance(texts, str):
            raise SeqtasksError(f"The references of image {number:,} are one text.", "Give a list of texts.")
        if not texts:
            raise SeqtasksError(f"Image {number:,} has no references to score against.")
