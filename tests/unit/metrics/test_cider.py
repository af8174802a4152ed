"""CIDEr-D: values counted by hand, and what makes it a reward."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from seqtasks.metrics.cider import CiderD

TRAINING = [
    [["a", "dog", "runs", "fast"], ["the", "dog", "is", "fast"]],
    [["a", "cat", "sleeps"], ["a", "cat", "dreams", "of", "fish"]],
    [["a", "bird", "sings", "a", "song"]],
]


def test_a_caption_of_two_words_has_two_orders_of_four() -> None:
    cider = CiderD([[["a", "b"]], [["c", "d"]]])
    assert cider.score([["a", "b"]], [[["a", "b"]]])[0] == pytest.approx(10 * 2 / 4)


def test_half_a_caption_by_hand() -> None:
    cider = CiderD([[["a", "b"]], [["c", "d"]]])
    expected = 10 / 4 * math.sqrt(0.5) * math.exp(-1 / 72)
    assert cider.score([["a"]], [[["a", "b"]]])[0] == pytest.approx(expected)


def test_words_of_every_picture_are_worth_nothing_and_unseen_ones_most() -> None:
    cider = CiderD(TRAINING)
    assert cider.score([["a"], ["dog"], ["unicorn"]], [[["a"]], [["dog"]], [["unicorn"]]]).tolist() == pytest.approx(
        [0.0, 2.5, 2.5]
    )
    mixed = cider.score([["a"], ["dog"], ["unicorn"]], [[["a", "dog", "unicorn"]]] * 3)
    assert mixed[0] == 0
    assert mixed[1] == pytest.approx(mixed[2])
    shared = cider.score([["cat"], ["dog"]], [[["cat", "dog"]]] * 2)
    assert shared[0] == pytest.approx(shared[1])


def test_the_score_is_the_mean_over_references() -> None:
    cider = CiderD(TRAINING)
    caption = ["a", "dog", "runs", "fast"]
    one = cider.score([caption], [[caption]])[0]
    assert one == pytest.approx(10)
    assert cider.score([caption], [[caption, ["other"]]])[0] == pytest.approx(one / 2)


def test_saying_a_word_again_and_again_does_not_pay() -> None:
    cider = CiderD(TRAINING)
    once, often = cider.score([["dog"], ["dog"] * 6], [[["dog", "runs"]]] * 2)
    assert often < once


def test_a_caption_that_stops_early_scores_less_when_its_end_is_counted() -> None:
    training = [[[*caption, "<end>"] for caption in captions] for captions in TRAINING]
    cider = CiderD(training)
    whole, cut = cider.score([["a", "cat", "sleeps", "<end>"], ["a", "cat", "sleeps"]], [[training[1][0]]] * 2)
    assert whole == pytest.approx(10)
    assert cut < 8


def test_a_caption_of_no_words_scores_nothing() -> None:
    assert CiderD(TRAINING).score([[]], [[["a", "dog"]]]).tolist() == [0.0]
    assert CiderD(TRAINING).score([], []).shape == (0,)


def test_rows_do_not_depend_on_each_other() -> None:
    class Remade(Sequence[list[list[str]]]):
        """References that are new objects each time they are asked for."""

        def __len__(self) -> int:
            return len(TRAINING)

        def __getitem__(self, index: int) -> list[list[str]]:  # type: ignore[override]
            return [list(caption) for caption in TRAINING[index]]

    cider = CiderD(TRAINING)
    hypotheses = [captions[0] for captions in TRAINING]
    together = cider.score(hypotheses, TRAINING)
    single = [cider.score([own], [others])[0] for own, others in zip(hypotheses, TRAINING, strict=True)]
    assert together.tolist() == single
    assert np.array_equal(cider.score(hypotheses, Remade()), together)
    assert np.array_equal(cider.score(hypotheses * 2, TRAINING * 2), np.tile(together, 2))


def test_unequal_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        CiderD(TRAINING).score([["a"], ["b"]], [[["a"]]])
