"""BLEU and ROUGE-L of the COCO evaluation, counted by hand."""

from __future__ import annotations

import math
import random

import pytest

from seqtasks.metrics.bleu import coco_bleu
from seqtasks.metrics.rouge import longest_common_subsequence, rouge_l


def words(text: str) -> list[str]:
    return text.split()


def test_bleu_clips_by_the_reference_that_has_most() -> None:
    hypothesis = words("the the the the the the the")
    references = [words("the cat is on the mat"), words("there is a cat on the mat")]
    assert coco_bleu([hypothesis], [references])[0] == pytest.approx(2 / 7)


def test_bleu_of_a_perfect_corpus_is_one_and_of_nothing_zero() -> None:
    caption = words("a dog runs through the grass")
    assert coco_bleu([caption], [[words("no"), caption]]) == pytest.approx([1, 1, 1, 1])
    assert coco_bleu([[]], [[caption]]) == pytest.approx([0, 0, 0, 0])
    assert coco_bleu([words("x y")], [[caption]]) == pytest.approx([0, 0, 0, 0], abs=1e-3)


def test_bleu_is_brief_by_the_closest_reference_of_each_picture_together() -> None:
    short, long = words("a dog"), words("a dog runs through the grass")
    assert coco_bleu([short], [[long]])[0] == pytest.approx(math.exp(1 - 6 / 2))
    assert coco_bleu([short], [[long, words("x y")]])[0] == pytest.approx(1)
    assert coco_bleu([short], [[words("a"), words("a dog x")]])[0] == pytest.approx(1), "the shorter of the close ones"
    assert coco_bleu([short, long], [[long], [long]])[0] == pytest.approx(math.exp(1 - 12 / 8))


def test_rouge_takes_the_best_precision_and_the_best_recall_apart() -> None:
    hypothesis = words("a b c d")
    references = [words("a x c y z w v u"), words("d")]
    precision, recall = 2 / 4, 1 / 1
    assert rouge_l(hypothesis, references) == pytest.approx(2.44 * precision * recall / (recall + 1.44 * precision))


def test_rouge_of_no_common_word_or_no_word_is_zero() -> None:
    assert rouge_l(words("a b"), [words("c d")]) == 0
    assert rouge_l([], [words("c d")]) == 0
    assert rouge_l(words("a"), [[], words("a")]) == 1


def test_the_longest_common_subsequence_is_that_of_the_table() -> None:
    draw = random.Random(0)
    for _ in range(300):
        first, second = (draw.choices("abcd", k=draw.randrange(90)) for _ in range(2))
        table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
        for row, own in enumerate(first):
            for column, other in enumerate(second):
                best = max(table[row][column + 1], table[row + 1][column])
                table[row + 1][column + 1] = table[row][column] + 1 if own == other else best
        assert longest_common_subsequence(first, second) == table[-1][-1]
