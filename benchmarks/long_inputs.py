"""Long inputs beside ordinary ones: processor time for each letter, and the most memory.

Usage: python -m benchmarks.long_inputs SENTENCES.txt [--letters 100000] [--words 100000] [--threads 1]

SENTENCES.txt holds ordinary sentences, one a line. A line of so many letters is made of their words, without any
punctuation; documents are made of as many words. Processor time counts all threads.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import seqtasks


def seconds(work: Callable[[], object]) -> float:
    """Processor time."""
    started = time.process_time()
    work()
    return time.process_time() - started


def peak() -> str:
    return f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:,.0f} MiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", type=Path)
    parser.add_argument("--letters", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    lines = options.sentences.read_text(encoding="utf-8").splitlines()
    words = [word.strip(".,;:!?") for line in lines for word in line.split()]
    random.seed(1)
    document = random.choices(words, k=options.words)

    tagger = seqtasks.load("pos-en", threads=options.threads)
    for size in (options.words // 4, options.words):
        print(
            f"tag {size:,} words: {seconds(partial(tagger.tag, [document[:size]])):.1f} s, {peak()}",
            flush=True,
        )
    classifier = seqtasks.load("sentiment", threads=options.threads)
    for size in (options.words // 4, options.words):
        text = " ".join(document[:size])
        print(
            f"classify {len(text):,} letters: {seconds(partial(classifier.classify, text)):.1f} s, {peak()}", flush=True
        )

    translator = seqtasks.load("en-de", threads=options.threads)
    repeated = [line for _ in range(-(-20_000 // max(1, sum(map(len, lines))))) for line in lines]
    long = " ".join(random.choices(words, k=options.letters // 3))[: options.letters]
    ordinary = seconds(lambda: translator.translate(repeated)) / sum(map(len, repeated))
    both = seconds(lambda: translator.translate([*repeated, long])) - ordinary * sum(map(len, repeated))
    ratio = both / len(long) / ordinary
    print(f"translate a line of {len(long):,} letters: {ratio:.2f} times the time of ordinary lines a letter, {peak()}")


if __name__ == "__main__":
    main()
