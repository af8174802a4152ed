"""What a glossary costs in BLEU and speed: a term in each sentence, which the model would not choose by itself.

    python -m benchmarks.glossaries PAIRS.tsv[.gz] DICTIONARY.tsv[.gz] [--model en-de] [--sentences 300]

A sentence takes part where a word of it has a translation in the dictionary that stands in the reference and not in the
model's own output: the required form is right, and not what comes anyway. Printed are the share of forms that are in
the outputs; BLEU of the free outputs, with the glossary, and of a control that replaces, in the free output, the words
that attention aligns to the term; and sentences a second with the glossary beside those without, by turns.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import sacrebleu

import seqtasks
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.readers import read_pairs, sources_of
from seqtasks.inference.outputs import Translation
from seqtasks.text.glossary import Glossary, Term
from seqtasks.text.word_alignment import align_words

ROUNDS = 5
SHORTEST = 4
"""Characters of a term: shorter words are often no terms."""


class Example(NamedTuple):
    """A sentence, and the term that its translation has to contain."""

    pair: Pair
    term: Term
    free: Translation


def pairs_of(path: Path, languages: tuple[str, str]) -> Iterator[Pair]:
    [source] = sources_of([path])
    return iter(read_pairs(source, ReadReport(), languages=languages))


def examples(
    pairs: Sequence[Pair], free: Sequence[Translation], glossary: Glossary, count: int, seed: int
) -> list[Example]:
    """Sentences in a random order, each with a random one of the terms that fit."""
    chance = random.Random(seed)
    found = []
    for pair, output in chance.sample([*zip(pairs, free, strict=True)], len(pairs)):
        terms = []
        for term in glossary.find(pair.source):
            right = tuple(form for form in term.targets if Term(term.source, (form,)).is_met(pair.target))
            if right and len(term.source) >= SHORTEST and not term.is_met(output.text):
                terms.append(Term(term.source, right))
        if terms:
            found.append(Example(pair, chance.choice(terms), output))
    return found[:count]


def replaced(pipeline: seqtasks.TranslationPipeline, example: Example) -> str:
    """The free output, with the term in place of the words that look at its source."""
    output = pipeline.translate(example.pair.source, attention=True)
    assert output.attention is not None
    asked = {word.casefold() for word in example.term.source.split()}
    sources = align_words(example.pair.source, output.source_tokens[:-1])
    wanted = {token for word in sources if word.text.strip(".,;:!?\"'()").casefold() in asked for token in word.tokens}
    words = align_words(output.text, output.tokens)
    looks = [sum(output.attention[token][place] for token in word.tokens for place in wanted) for word in words]
    if not words:
        return example.term.targets[0]
    best = max(range(len(words)), key=looks.__getitem__)
    return " ".join(example.term.targets[0] if place == best else word.text for place, word in enumerate(words))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("dictionary", type=Path)
    parser.add_argument("--model", default="en-de")
    parser.add_argument("--sentences", type=int, default=300)
    parser.add_argument("--looked-at", type=int, default=1500, help="sentences among which they are looked for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    chosen = parser.parse_args()
    pipeline = seqtasks.load(chosen.model, task="translation", threads=chosen.threads)
    pairs = list(pairs_of(chosen.pairs, pipeline.languages))[: chosen.looked_at]
    entries = ((pair.source, [pair.target]) for pair in pairs_of(chosen.dictionary, pipeline.languages))
    glossary = Glossary((source, targets) for source, targets in entries if len(source.split()) <= 3)
    free = pipeline.translate([pair.source for pair in pairs])
    tested = examples(pairs, free, glossary, chosen.sentences, chosen.seed)
    sources, references = [each.pair.source for each in tested], [each.pair.target for each in tested]
    forced = [[each.term.targets] for each in tested]
    seconds: dict[str, list[float]] = {"free": [], "glossary": []}
    for _ in range(ROUNDS):
        started = time.perf_counter()
        pipeline.translate(sources)
        seconds["free"].append(time.perf_counter() - started)
        started = time.perf_counter()
        constrained = pipeline.translate(sources, force_words=forced)
        seconds["glossary"].append(time.perf_counter() - started)
    outputs = {
        "free": [each.free.text for each in tested],
        "glossary": [each.text for each in constrained],
        "words replaced afterwards": [replaced(pipeline, each) for each in tested],
    }
    print(f"{len(tested)} sentences of {len(pairs)}, seed {chosen.seed}, {pipeline.decoding().signature()}")
    for name, texts in outputs.items():
        met = statistics.mean(each.term.is_met(text) for each, text in zip(tested, texts, strict=True))
        score = sacrebleu.corpus_bleu(texts, [references])
        print(f"{name}: BLEU {score.score:.2f}, terms met {met:.1%}")
    ratios = [one / other for one, other in zip(seconds["free"], seconds["glossary"], strict=True)]
    print(f"sentences a second with terms, beside those without: {statistics.median(ratios):.2f} of {ROUNDS} rounds")


if __name__ == "__main__":
    main()
