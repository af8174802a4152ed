"""Scores of labels against numbers worked out by hand, and against scikit-learn where it is installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.calibration import Bin, calibration_score, reliability
from seqtasks.metrics.classification import (
    class_scores,
    label_set_scores,
    majority_score,
    scores_by_label_set,
)
from seqtasks.metrics.confusion_matrix import ConfusionMatrix, confusion_matrix
from seqtasks.metrics.score import Score
from seqtasks.metrics.tagging import LabelScore

EXPECTED = ["cat", "cat", "cat", "cat", "dog", "dog", "fox", "owl"]
FOUND = ["cat", "cat", "dog", "fox", "dog", "cat", "fox", "ant"]

names = st.sampled_from("ABCD")
pairs = st.lists(st.tuples(names, names), min_size=1, max_size=30)
name_sets = st.sets(names)
set_pairs = st.lists(st.tuples(name_sets, name_sets), min_size=1, max_size=30)


def values(scores: tuple[Score, ...]) -> dict[str, float]:
    return {score.metric: score.value for score in scores}


def test_scores_are_those_worked_out_by_hand() -> None:
    assert scores_by_label_set([[each] for each in FOUND], [[each] for each in EXPECTED]) == (
        LabelScore("cat", pytest.approx(200 / 3), 50.0, pytest.approx(400 / 7), 4, 3),
        LabelScore("dog", 50.0, 50.0, 50.0, 2, 2),
        LabelScore("fox", 50.0, 100.0, pytest.approx(200 / 3), 1, 2),
        LabelScore("owl", 0.0, 0.0, 0.0, 1, 0),
        LabelScore("ant", 0.0, 0.0, 0.0, 0, 1),
    )
    assert values(class_scores(FOUND, EXPECTED)) == pytest.approx(
        {"accuracy": 50.0, "macro-f1": (400 / 7 + 50 + 200 / 3) / 5}
    )
    assert majority_score("cat", EXPECTED).value == 50.0
    assert majority_score("ant", EXPECTED).value == 0.0


def test_several_labels_score_as_worked_out_by_hand() -> None:
    expected = [{"a", "b"}, {"a"}, set(), {"c"}, {"a", "b"}]
    found = [{"a", "b"}, {"b"}, set(), {"c", "a"}, {"a"}]
    scores = values(label_set_scores(found, expected, ["a", "b", "c", "never"]))
    # a: 2 right of 3 found and 3 there; b: 1 of 2 and 2; c: 1 of 1 and 1; never: none
    assert scores == pytest.approx(
        {"micro-f1": 100 * 8 / 12, "macro-f1": 100 * (2 / 3 + 1 / 2 + 1) / 4, "subset-accuracy": 40.0}
    )
    assert [(each.label, each.expected, each.found) for each in scores_by_label_set(found, expected)] == [
        ("a", 3, 3),
        ("b", 2, 2),
        ("c", 1, 1),
    ]


@given(pairs)
def test_one_label_a_text_scores_as_scikit_learn_says(texts: list[tuple[str, str]]) -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    found, expected = (list(side) for side in zip(*texts, strict=True))
    assert values(class_scores(found, expected)) == pytest.approx(
        {
            "accuracy": 100 * theirs.accuracy_score(expected, found),
            "macro-f1": 100 * theirs.f1_score(expected, found, average="macro", zero_division=0),
        }
    )
    rows = theirs.classification_report(expected, found, output_dict=True, zero_division=0)
    for each in scores_by_label_set([[each] for each in found], [[each] for each in expected]):
        row = rows[each.label]
        assert (each.precision, each.recall, each.f1, each.expected) == pytest.approx(
            (100 * row["precision"], 100 * row["recall"], 100 * row["f1-score"], row["support"])
        )
    matrix = confusion_matrix(found, expected)
    assert matrix.labels == tuple(sorted({*found, *expected}))
    wide = theirs.confusion_matrix(expected, found, labels=list("ABCD"))
    places = ["ABCD".index(label) for label in matrix.labels]
    assert [list(row) for row in matrix.counts] == wide[places][:, places].tolist()


@given(set_pairs)
def test_several_labels_score_as_scikit_learn_says(texts: list[tuple[set[str], set[str]]]) -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    found, expected = (list(side) for side in zip(*texts, strict=True))
    own, other = ([[int(label in text) for label in "ABCD"] for text in side] for side in (found, expected))
    assert values(label_set_scores(found, expected, "ABCD")) == pytest.approx(
        {
            "micro-f1": 100 * theirs.f1_score(other, own, average="micro", zero_division=0),
            "macro-f1": 100 * theirs.f1_score(other, own, average="macro", zero_division=0),
            "subset-accuracy": 100 * theirs.accuracy_score(other, own),
        }
    )


def test_calibration_is_as_worked_out_by_hand() -> None:
    # bins of a fifteenth: (0.6, 0.667] holds 0.61 and 0.66, (0.933, 1] holds 0.95, 1.0 and 1.0; 0.2 ends (0.133, 0.2]
    confidences = [0.61, 1.0, 0.66, 0.95, 0.2, 1.0]
    right = [True, True, False, False, True, True]
    assert reliability(confidences, right) == [
        Bin(0.2, 1.0, 1),
        Bin(pytest.approx(0.635), 0.5, 2),
        Bin(pytest.approx(2.95 / 3), pytest.approx(2 / 3), 3),
    ]
    expected = 100 * (0.8 + 2 * 0.135 + 3 * (2.95 / 3 - 2 / 3)) / 6
    assert calibration_score(confidences, right).value == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40))
def test_calibration_is_the_sum_over_bins_of_how_far_right_is_from_sure(texts: list[tuple[float, bool]]) -> None:
    error = 0.0
    for number in range(15):
        inside = [each for each in texts if number / 15 < each[0] <= (number + 1) / 15 or number == each[0] == 0]
        error += abs(sum(sure - hit for sure, hit in inside)) / len(texts)
    score = calibration_score(*zip(*texts, strict=True))
    assert score.value == pytest.approx(100 * error, abs=1e-9 + 100 * rounding(texts))


def rounding(texts: list[tuple[float, bool]]) -> float:
    """What confidences exactly at the ends of bins, in one arithmetic or the other, can move."""
    return sum(abs(sure * 15 - round(sure * 15)) < 1e-9 for sure, _ in texts if sure)


def test_who_is_as_often_right_as_sure_is_calibrated() -> None:
    assert calibration_score([0.75] * 4, [True, True, True, False]).value == pytest.approx(0.0)
    assert calibration_score([1.0] * 4, [False] * 4).value == 100.0


def test_confusions_say_what_was_taken_for_what() -> None:
    matrix = confusion_matrix(FOUND, EXPECTED)
    assert matrix == ConfusionMatrix(
        ("ant", "cat", "dog", "fox", "owl"),
        ((0, 0, 0, 0, 0), (0, 2, 1, 1, 0), (0, 1, 1, 0, 0), (0, 0, 0, 1, 0), (1, 0, 0, 0, 0)),
    )


def test_signatures_tell_how_the_scores_came_about() -> None:
    scores = [
        *class_scores(FOUND, EXPECTED),
        majority_score("cat", EXPECTED),
        *label_set_scores([{"a"}], [{"b"}], ["a", "b", "c"]),
        calibration_score([0.5], [True]),
    ]
    assert [score.signature for score in scores] == [
        "accuracy|of=texts|texts=8",
        "macro-f1|classes=5|texts=8|version=scikit-learn-1.9.1",
        "majority-accuracy|of=texts|texts=8",
        "micro-f1|classes=3|texts=1|version=scikit-learn-1.9.1",
        "macro-f1|classes=3|texts=1|version=scikit-learn-1.9.1",
        "subset-accuracy|of=texts|texts=1",
        "calibration-error|bins=15|width=equal|texts=1",
    ]
    assert all(score.signature.startswith(score.metric) for score in scores)


@pytest.mark.parametrize(
    "score",
    [
        class_scores,
        lambda found, expected: scores_by_label_set([{each} for each in found], [{each} for each in expected]),
        confusion_matrix,
        lambda found, expected: label_set_scores([{each} for each in found], [{each} for each in expected], ["a"]),
        lambda found, expected: calibration_score([0.5] * len(found), [True] * len(expected)),
    ],
)
def test_what_cannot_be_scored_is_told(score: Callable[[list[str], list[str]], object]) -> None:
    with pytest.raises(SeqtasksError, match="no labels to score"):
        score([], [])
    with pytest.raises(SeqtasksError, match="labels for 2 texts, but 1 are expected"):
        score(["a", "b"], ["a"])
