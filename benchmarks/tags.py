"""How many inline tags come out around the right words, and how good the alignment is that places them.

    python -m benchmarks.tags PAIRS.tsv[.gz] [--more PAIRS ...] [--model en-de] [--pairs 500]

PAIRS are those of UD PUD, English and German. eflomal (extra `alignment`; the only measure here that needs it) aligns
the words of all pairs together; `--more` gives it further ones. Tags are put by rule around one or two runs of source
words whose aligned words are a run too, which nothing else is aligned to: the reference shows where they belong.

Printed are the alignment error rate (Och & Ney 2003) on 50 pairs that were aligned by hand; the share of tags that are
placed around exactly these words of the reference, by the model's attention and by proportion; and of translations,
those with tags beside one that translates each text node alone: BLEU, and how far what the tags enclose is what they
enclose in the reference.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import sacrebleu

import seqtasks
from benchmarks.glossaries import pairs_of
from seqtasks.data.parallel.alignment import align as align_by_eflomal
from seqtasks.inference.markup import translate_markup
from seqtasks.inference.markup.alignment import align, pairs
from seqtasks.text import normalize
from seqtasks.text.markup import InlineTag, MarkupText
from seqtasks.text.tag_placement import placed_tags
from seqtasks.text.word_spans import Span, is_punctuation, word_spans

GOLD = Path(__file__).parent / "data" / "pud_alignments.json"
LONGEST = 4
"""Words in a tag."""
MOST = 2
"""Tags in a sentence."""

Links = Sequence[tuple[int, int]]


class Tagged(NamedTuple):
    """A pair with tags around words that stand for each other."""

    number: int
    source: MarkupText
    target: MarkupText


def words_of(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


def gold_alignments(texts: Sequence[tuple[str, str]]) -> dict[int, set[tuple[int, int]]]:
    """Links by the number of the pair. Raises ValueError where the words are not those that were aligned."""
    found = {}
    for each in json.loads(GOLD.read_text(encoding="utf-8")):
        if [len(words_of(text)) for text in texts[each["pair"]]] != each["words"]:
            raise ValueError(f"Pair {each['pair']} has other words than the one that was aligned by hand.")
        links = (link.split("-") for link in each["links"].split())
        found[each["pair"]] = {(int(one), int(other)) for one, other in links}
    return found


def error_rate(found: dict[int, Links], gold: dict[int, set[tuple[int, int]]]) -> float:
    """1 - 2 * |found and gold| / (|found| + |gold|)."""
    both = sum(len(gold[number] & set(found[number])) for number in gold)
    return 1 - 2 * both / sum(len(set(found[number])) + len(gold[number]) for number in gold)


def eflomal(texts: Sequence[tuple[str, str]], cache: Path) -> list[Links]:
    """What the aligner that guided alignment uses says, word by word, whatever their case."""
    numbers: dict[str, int] = {}
    sides = [
        [[numbers.setdefault(word.casefold(), len(numbers)) for word in words_of(text)] for text in side]
        for side in zip(*texts, strict=True)
    ]
    return [[(int(one), int(other)) for one, other in links] for links in align_by_eflomal(sides[0], sides[1], cache)]


def runs(source: str, target: str, links: Links) -> list[tuple[range, range]]:
    """Runs of words that are aligned to each other and to nothing else, no punctuation at their ends."""
    read, written = words_of(source), words_of(target)
    found = []
    for first in range(len(read)):
        for last in range(first, min(first + LONGEST, len(read))):
            others = [other for one, other in links if first <= one <= last]
            if not others or is_punctuation(read[first]) or is_punctuation(read[last]):
                continue
            run = range(min(others), max(others) + 1)
            outside = any(other in run and not first <= one <= last for one, other in links)
            aligned = {other for _, other in links}
            if not outside and aligned.issuperset(run) and not any(is_punctuation(written[place]) for place in run):
                found.append((range(first, last + 1), run))
    return found


def enclosing(text: str, spans: Sequence[range]) -> MarkupText:
    """The text with a tag around each of these runs of words, which do not overlap."""
    words = word_spans(text)
    tags = [
        tag
        for number, run in enumerate(spans)
        for tag in (
            InlineTag(words[run.start][0], "start", number),
            InlineTag(words[run.stop - 1][1], "end", number),
        )
    ]
    return MarkupText(text, tuple(sorted(tags, key=lambda tag: tag.position)))


def tagged(texts: Sequence[tuple[str, str]], alignments: Sequence[Links], count: int, seed: int) -> list[Tagged]:
    """Pairs with one or two tags, in a random order."""
    chance = random.Random(seed)
    found: list[Tagged] = []
    for number in chance.sample(range(len(texts)), len(texts)):
        (source, target), left = texts[number], runs(*texts[number], alignments[number])
        chosen: list[tuple[range, range]] = []
        while left and len(chosen) < MOST:
            chosen.append(chance.choice(left))
            left = [
                each
                for each in left
                if all(set(each[side]).isdisjoint(run[side]) for run in chosen for side in (0, 1))
                and all(not adjacent(each[side], run[side]) for run in chosen for side in (0, 1))
            ]
        if chosen and len(found) < count:
            found.append(
                Tagged(
                    number,
                    enclosing(source, [own for own, _ in chosen]),
                    enclosing(target, [other for _, other in chosen]),
                )
            )
    return found


def adjacent(one: range, other: range) -> bool:
    return one.stop == other.start or other.stop == one.start


def contents(text: MarkupText) -> dict[int, str]:
    """What each element encloses."""
    starts = {tag.number: tag.position for tag in text.tags if tag.kind == "start"}
    return {tag.number: text.text[starts[tag.number] : tag.position] for tag in text.tags if tag.kind == "end"}


def by_nodes(pipeline: seqtasks.TranslationPipeline, texts: Sequence[MarkupText]) -> list[MarkupText]:
    """Each text between two tags translated alone, with the blanks around it."""
    cuts = [[0, *(tag.position for tag in each.tags), len(each.text)] for each in texts]
    nodes = [[each.text[start:end] for start, end in pairwise(own)] for each, own in zip(texts, cuts, strict=True)]
    asked = [node.strip() for own in nodes for node in own]
    answers = iter(pipeline.translate(asked, split_sentences=False))
    results = []
    for each, own in zip(texts, nodes, strict=True):
        whole, places = "", []
        for node in own:
            lead, trail = len(node) - len(node.lstrip()), len(node.rstrip())
            whole += node[:lead] + next(answers).text + node[max(trail, lead) :]
            places.append(len(whole))
        tags = [tag._replace(position=place) for tag, place in zip(each.tags, places, strict=False)]
        results.append(MarkupText(whole, tuple(tags)))
    return results


def overlap(one: str, other: str) -> float:
    """F1 of two texts' words."""
    left, right = (Counter(word.casefold() for word in words_of(text)) for text in (one, other))
    both = (left & right).total()
    return 2 * both / (left.total() + right.total()) if both else 0.0


def is_whole(source: MarkupText, output: MarkupText) -> bool:
    """Whether an output has the tags of its source, each once; that they are well-formed `MarkupText` has checked."""
    return sorted(tag[1:] for tag in source.tags) == sorted(tag[1:] for tag in output.tags)


def exactly_placed(each: Tagged, alignment: Links) -> list[bool]:
    """For each tag whether it is put around the same words of the reference as by the rule."""
    spans: list[list[Span]] = [word_spans(text.text) for text in (each.source, each.target)]
    tags = placed_tags(each.source, spans[0], each.target.text, spans[1], alignment)
    placed, wanted = contents(MarkupText(each.target.text, tags)), each.target
    where = {tag[1:]: tag.position for tag in tags}
    return [all(where[tag[1:]] == tag.position for tag in wanted.tags if tag.number == number) for number in placed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs_file", type=Path, metavar="PAIRS")
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="further pairs for eflomal")
    parser.add_argument("--cache", type=Path, default=Path(".alignments"), help="folder for what eflomal said")
    parser.add_argument("--model", default="en-de")
    parser.add_argument("--engine", default="torch", choices=["torch", "ctranslate2"])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    chosen = parser.parse_args()
    pipeline = seqtasks.load(chosen.model, task="translation", threads=chosen.threads, engine=chosen.engine)
    texts = [
        (normalize(pair.source), normalize(pair.target)) for pair in pairs_of(chosen.pairs_file, pipeline.languages)
    ]
    more = [(pair.source, pair.target) for file in chosen.more for pair in pairs_of(file, pipeline.languages)]
    said = eflomal(texts + more, chosen.cache)[: len(texts)]
    gold = gold_alignments(texts)
    examples = tagged(texts, said, chosen.pairs, chosen.seed)
    numbers = sorted({*gold, *(each.number for each in examples)})
    attended = align(pipeline, [texts[number][0] for number in numbers], [texts[number][1] for number in numbers])
    alignments: dict[str, dict[int, Links]] = {
        "eflomal": dict(enumerate(said)),
        "attention": dict(zip(numbers, attended, strict=True)),
        "proportion": {number: pairs(*texts[number], None) for number in numbers},
    }
    print(f"{len(texts)} pairs, {len(more)} more for eflomal; {pipeline.signature(pipeline.decoding().signature())}")
    for name, found in alignments.items():
        print(f"alignment error rate on {len(gold)} pairs, {name}: {100 * error_rate(found, gold):.1f} %")
    print(f"{len(examples)} pairs with {sum(len(each.source.tags) for each in examples) // 2} tags, seed {chosen.seed}")
    for name in ("attention", "proportion"):
        right = [is_right for each in examples for is_right in exactly_placed(each, alignments[name][each.number])]
        print(f"tags around exactly the same words of the reference, {name}: {100 * statistics.mean(right):.1f} %")
    sources, references = [each.source for each in examples], [each.target for each in examples]
    outputs = {
        "tags placed by alignment": translate_markup(pipeline, sources),
        "text nodes alone": by_nodes(pipeline, sources),
    }
    for name, outs in outputs.items():
        enclosed = [
            (contents(output)[number], text)
            for output, reference in zip(outs, references, strict=True)
            for number, text in contents(reference).items()
        ]
        same = statistics.mean(one.casefold() == other.casefold() for one, other in enclosed)
        shared = statistics.mean(overlap(one, other) for one, other in enclosed)
        bleu = sacrebleu.corpus_bleu([each.text for each in outs], [[each.text for each in references]])
        whole = statistics.mean(is_whole(*both) for both in zip(sources, outs, strict=True))
        print(
            f"{name}: BLEU {bleu.score:.2f}; enclosed words as in the reference {100 * same:.1f} %, F1 "
            f"{100 * shared:.1f} %; all tags there and well-formed in {100 * whole:.1f} %"
        )


if __name__ == "__main__":
    main()
