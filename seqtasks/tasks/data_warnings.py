"""Reasons to doubt that training on some data is useful: a sentence each, without its full stop."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from seqtasks.data.examples import Pair
from seqtasks.data.language_detection import base_language, find_language, language_name
from seqtasks.errors import SeqtasksError
from seqtasks.plurals import counted, singular

SEEN = 0.05
"""The share of validation examples that may be training examples too: short ones are written again and again, such as
3 % of the English Web Treebank's."""
NAMED = 3
"""So many are named."""
HTML_TAG = re.compile(
    r"</?(a|b|blockquote|body|br|center|dd|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|li|ol|p|pre|script|small|span"
    r"|strong|style|sub|sup|table|tbody|td|th|thead|title|tr|u|ul)( [^<>]*)?/?>",
    re.IGNORECASE,
)

GUTENBERG = re.compile(r"^\*\*\* ?(START|END) OF (THE|THIS) PROJECT GUTENBERG EBOOK.*$", re.MULTILINE)
"""With what lines begin behind the header of a book, and before its license."""
ANY_LANGUAGE = "xx"
"""The `language` of text of which none is claimed."""


def few_examples(count: int, least: int, examples: str) -> Iterator[str]:
    """A warning where there are fewer examples than any model of use was ever trained on."""
    if count < least:
        yield (
            f"only {counted(count, f'training {examples}')}: a model will memorize them instead of generalizing; even "
            f"{least:,} are few"
        )


def seen_in_training(train: Iterable[Hashable], validation: Iterable[Hashable], examples: str) -> Iterator[str]:
    """A warning where validation examples are training examples too, so that scores measure what is known by heart.

    Args:
        train: The training examples; only their hashes are compared, and nothing of them is kept.
        validation: The validation examples.
        examples: What they are called.
    """
    counts = Counter(map(hash, validation))
    total = counts.total()
    seen = {each for each in map(hash, train) if each in counts}
    known = sum(counts[each] for each in seen)
    if known > SEEN * total:
        are = f"is also a training {singular(examples)}" if known == 1 else f"are also training {examples}"
        yield (
            f"{known:,} of {counted(total, f'validation {examples}')} {are}: "
            "their scores do not show how the model generalizes"
        )


def doubtful_labels(train: Counter[str], validation: Iterable[str], *, single: str = "") -> Iterator[str]:
    """Warnings of labels that may be one and the same, that only the validation data have, or that one example has.

    Args:
        train: How many examples have each label.
        validation: The labels of the validation data.
        single: What the examples are called, where each label needs several of them.
    """
    same = defaultdict(list)
    for label in sorted(train, key=lambda label: -train[label]):
        same[as_written_otherwise(label)].append(label)
    for labels in [labels for labels in same.values() if len(labels) > 1][:NAMED]:
        shown = " and ".join(f"{label!r} ({train[label]:,})" for label in labels)
        yield f"the labels {shown} differ only in case, spaces or number format, but count as different classes"
    if new := sorted(set(validation) - set(train)):
        yield f"{shown_labels(new)} in the validation data, but not in the training data: the model cannot predict them"
    if single and (alone := [label for label, count in train.items() if count == 1]):
        yield f"{shown_labels(alone)} in only one training {single}: too few to learn"


def unknown_labels(labels: Counter[str], known: Sequence[str], examples: str) -> Iterator[str]:
    """A warning of labels that a model does not have, so that it is wrong about them whatever it says.

    Args:
        labels: How many of the examples to evaluate on have each label.
        known: The labels of the model.
        examples: What the examples are called.

    Raises:
        SeqtasksError: The model has none of the labels.
    """
    unknown = [label for label, _ in labels.most_common() if label not in set(known)]
    if labels and len(unknown) == len(labels):
        raise SeqtasksError(
            f"The model has none of the labels of these {examples}: {', '.join(map(repr, unknown[:NAMED]))}.",
            f"It has {', '.join(map(repr, known[:NAMED]))}{' and others' if len(known) > NAMED else ''}: check "
            "the column of the labels, or write them as the model does.",
        )
    if unknown:
        count = sum(labels[label] for label in unknown)
        yield (
            f"{shown_labels(unknown)} none of the model's: "
            f"it is always wrong about {count:,} of {counted(labels.total(), examples)}"
        )


def shown_labels(labels: Sequence[str]) -> str:
    """How a sentence on these labels begins: "the label 'x' is", "the labels 'x', 'y' and 3 more are"."""
    shown = ", ".join(map(repr, labels[:NAMED]))
    more = f" and {len(labels) - NAMED:,} more" if len(labels) > NAMED else ""
    return f"the label {shown} is" if len(labels) == 1 else f"the labels {shown}{more} are"


def as_written_otherwise(label: str) -> str | float:
    """What labels have in common that differ in capitals, in marks between their words, or as 1 and 1.0 do."""
    try:
        return float(label)
    except ValueError:
        return label.casefold().translate({ord(mark): None for mark in " _"})


def not_prose(texts: Iterable[str]) -> Iterator[str]:
    """Warnings about text that a model should not learn to write: HTML, Project Gutenberg's license.

    Args:
        texts: Texts of any number of lines.
    """
    total = licensed = 0
    tagged: list[str] = []
    for text in texts:
        total += text.count("\n") + 1
        if "<" in text:
            tagged += [line for line in text.split("\n") if HTML_TAG.search(line)]
        for mark in GUTENBERG.finditer(text):
            part = text[: mark.end()] if mark[1] == "START" else text[mark.start() :]
            licensed += part.strip().count("\n") + 1
    if tagged:
        shown = HTML_TAG.search(tagged[0])
        contain = "contains" if len(tagged) == 1 else "contain"
        yield (
            f"{len(tagged):,} of {counted(total, 'lines')} {contain} HTML, such as {shown and shown[0]}: a model "
            "learns to write it"
        )
    if licensed:
        yield (
            f"{licensed:,} of {total:,} lines are the header and the license of Project Gutenberg: a model learns "
            "to write them, unless you delete the parts before *** START and after *** END"
        )


def other_language(text: Any, texts: Sequence[str], what: str) -> Iterator[str]:
    """A warning where texts seem to be in another language than their tokenizer's settings claim.

    Args:
        text: The settings of the tokenizer; those of many have no language.
        texts: The texts.
        what: What they are called.
    """
    claimed = getattr(text, "language", ANY_LANGUAGE)
    if claimed != ANY_LANGUAGE and (found := find_language(texts, claimed)):
        yield f"the {what} look like {language_name(found)}, not {language_name(claimed)}, as text.language claims"


def other_languages(claimed: tuple[str, str], pairs: Sequence[Pair]) -> Iterator[str]:
    """A warning for a side of pairs whose texts seem to be in another language than is claimed.

    Args:
        claimed: The codes of the languages of the sources and of the targets.
        pairs: The pairs of texts.
    """
    for side, code in zip(("source", "target"), claimed, strict=True):
        if found := find_language([getattr(pair, side) for pair in pairs], code):
            name, other = language_name(found), language_name(code)
            yield f"the {side} texts look like {name}, not {other}: check the order of the columns or files"


def are_swapped(claimed: tuple[str, str], pairs: Sequence[Pair]) -> bool:
    """Whether each side of the pairs seems to be in the language that is claimed of the other one."""
    source, target = claimed
    return find_language([pair.source for pair in pairs], source) == base_language(target) and (
        find_language([pair.target for pair in pairs], target) == base_language(source)
    )
