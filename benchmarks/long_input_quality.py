"""What reading long inputs in parts costs: BLEU of translations, accuracy of classifications.

Usage: python -m benchmarks.long_input_quality PAIRS.tsv[.gz] REVIEWS.tsv[.gz] [--sentences 240] [--reviews-count 300]

PAIRS.tsv holds sentences and their translations, REVIEWS.tsv has the columns label and text. Texts are made of
sentences that follow each other, and are translated in one piece and in parts, beside the sentences
alone. Reviews of more than 512 tokens are classified whole and in windows.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import sacrebleu

import seqtasks
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import read_pairs, sources_of
from seqtasks.inference.classification import LONG_WINDOW

SIZES = (2, 8, 32)
"""Sentences of a text."""
WHOLE = 100_000
"""Tokens: more than any text has."""


def texts_of(sentences: Sequence[str], size: int) -> list[str]:
    """The sentences in texts of so many each."""
    return [" ".join(sentences[start : start + size]) for start in range(0, len(sentences), size)]


def translation(pairs: Path, count: int, threads: int) -> None:
    pipeline = seqtasks.load("en-de", task="translation", threads=threads)
    [source] = sources_of([pairs])
    every = list(read_pairs(source, ReadReport(), languages=("en", "de")))
    chosen = every[:: max(1, len(every) // count)][:count]
    sentences, references = [pair.source for pair in chosen], [pair.target for pair in chosen]
    alone = [found.text for found in pipeline.translate(sentences)]
    limits = {f"as by default (at most {pipeline.max_input_length} tokens)": pipeline.max_input_length, "whole": WHOLE}
    limits["with max_input_length = 16"] = 16
    for size in SIZES:
        texts, wanted = texts_of(sentences, size), texts_of(references, size)
        tokens = sum(len(pipeline.source.encode(text)) for text in texts) / len(texts)
        print(f"texts of {size} sentences, {tokens:.0f} tokens", flush=True)
        print(f"  sentences alone: BLEU {bleu(texts_of(alone, size), wanted):.1f}", flush=True)
        for name, limit in limits.items():
            pipeline.max_input_length = limit
            found = [each.text for each in pipeline.translate(texts, split_sentences=False)]
            print(f"  {name}: BLEU {bleu(found, wanted):.1f}", flush=True)


def bleu(outputs: Sequence[str], references: Sequence[str]) -> float:
    return float(sacrebleu.corpus_bleu(outputs, [references]).score)


def classification(reviews: Path, count: int, threads: int) -> None:
    pipeline = seqtasks.load("sentiment", task="classification", threads=threads)
    documents = read_documents(DocumentSource(path=reviews), ReadReport())
    long = list(islice((each for each in documents if len(pipeline.processor.encode(each.text)) > LONG_WINDOW), count))
    for name, limit in (("whole", WHOLE), (f"in windows of {LONG_WINDOW} tokens", LONG_WINDOW)):
        pipeline.max_input_length = limit
        found = pipeline.classify([each.text for each in long])
        wanted = {"1": "positive", "0": "negative"}
        right = sum(
            each.label == wanted.get(one.labels[0], one.labels[0]) for each, one in zip(found, long, strict=True)
        )
        print(
            f"{len(long)} reviews of more than {LONG_WINDOW} tokens, read {name}: {right / len(long):.1%}", flush=True
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("reviews", type=Path)
    parser.add_argument("--sentences", type=int, default=240)
    parser.add_argument("--reviews-count", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    classification(options.reviews, options.reviews_count, options.threads)
    translation(options.pairs, options.sentences, options.threads)


if __name__ == "__main__":
    main()
