"""Rewards: one number a sentence, the better sentence the higher one."""

from __future__ import annotations

import numpy as np
import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.cider import CiderD
from seqtasks.metrics.rewards import REWARDS, reward

TRAINING = [
    [["a", "dog", "runs", "through", "grass"], ["the", "dog", "runs"]],
    [["two", "cats", "sleep", "on", "a", "bed"]],
    [["a", "bird", "sings"]],
]
PERFECT = [captions[0] for captions in TRAINING]
WORSE = [["a", "dog", "walks", "through", "grass"], ["two", "cats"], ["bird", "bird"]]
WRONG = [["x", "y"], ["z"], []]


@pytest.mark.parametrize("kind", REWARDS)
def test_better_sentences_are_worth_more(kind: str) -> None:
    judge = reward(kind, TRAINING)
    perfect, worse, wrong = (judge(outputs, TRAINING) for outputs in (PERFECT, WORSE, WRONG))
    assert perfect.shape == (3,)
    assert perfect.dtype == np.float64
    assert (perfect > worse).all()
    assert (worse > wrong).all()
    assert wrong == pytest.approx(0)


@pytest.mark.parametrize("kind", ["bleu", "chrf"])
def test_rewards_of_text_go_from_zero_to_one(kind: str) -> None:
    assert reward(kind)(PERFECT, [[sentence] for sentence in PERFECT]) == pytest.approx(1)


def test_a_text_reward_is_the_sentence_score_of_sacrebleu() -> None:
    import sacrebleu

    output, reference = "the dog ran , quickly", "the dog runs, quickly"
    expected = [
        sacrebleu.sentence_bleu(output, [reference], use_effective_order=True).score,
        sacrebleu.sentence_chrf(output, [reference]).score,
    ]
    rewards = [reward(kind)([output.split()], [[reference.split()]])[0] for kind in ("bleu", "chrf")]
    assert rewards == pytest.approx([score / 100 for score in expected])


def test_cider_counts_the_training_references_not_those_it_scores_against() -> None:
    assert np.array_equal(
        reward("cider-d", TRAINING)(WORSE[:2], TRAINING[:2]), CiderD(TRAINING).score(WORSE[:2], TRAINING[:2])
    )


@pytest.mark.parametrize("training", [[], TRAINING[:1]])
def test_cider_without_documents_is_refused(training: list[list[list[str]]]) -> None:
    with pytest.raises(SeqtasksError, match="at least two training examples"):
        reward("cider-d", training)


def test_an_unknown_reward_is_told_with_those_that_exist() -> None:
    with pytest.raises(SeqtasksError, match=r"no reward spice\. Available: cider-d, bleu, chrf\."):
        reward("spice")
