"""Scores of labels against seqeval 1.2.2, noted and live where it is installed, and against spans that are known."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.score import Score
from seqtasks.metrics.spans import Span, are_spans, spans
from seqtasks.metrics.tagging import Labels, LabelScore, label_scores, scores_by_label

EXPECTED = [
    labels.split()
    for labels in (
        "B-PER I-PER O B-LOC O",
        "O O B-ORG I-ORG I-ORG",
        "I-PER I-PER B-PER O I-LOC",
        "B-PER E-PER S-LOC O B-MISC I-MISC E-MISC",
        "O O",
    )
]
FOUND = [
    labels.split()
    for labels in (
        "B-PER I-PER O B-ORG O",
        "O B-ORG I-ORG I-ORG I-ORG",
        "B-PER I-PER B-PER O B-LOC",
        "B-PER I-PER B-LOC O B-MISC I-LOC E-MISC",
        "E-PER S-PER",
    )
]
GOLDEN = {"accuracy": 58.333333, "span-f1": 54.545455, "span-precision": 46.153846, "span-recall": 66.666667}
GOLDEN_KINDS = {
    "PER": (66.666667, 100.0, 80.0, 4),
    "LOC": (66.666667, 66.666667, 66.666667, 3),
    "MISC": (0.0, 0.0, 0.0, 1),
    "ORG": (0.0, 0.0, 0.0, 1),
}

marks = st.sampled_from(["O", *(f"{mark}-{kind}" for mark in "BIES" for kind in ("PER", "LOC", "B-S")), *"BIES"])
corpora = st.lists(st.lists(st.tuples(marks, marks), max_size=8), min_size=1, max_size=5)
words = st.lists(st.lists(st.tuples(st.sampled_from("XYZ"), st.sampled_from("XYZ")), max_size=8), min_size=1)


def values(scores: tuple[Score, ...]) -> dict[str, float]:
    return {score.metric: score.value for score in scores}


def sides(corpus: list[list[tuple[str, str]]]) -> tuple[list[list[str]], list[list[str]]]:
    """The labels that were found, and those expected."""
    return [[pair[0] for pair in sentence] for sentence in corpus], [[pair[1] for pair in each] for each in corpus]


def seqeval_scores(found: Labels, expected: Labels) -> dict[str, float]:
    theirs = pytest.importorskip("seqeval.metrics")
    return {
        "accuracy": 100 * theirs.accuracy_score(expected, found),
        **{
            f"span-{name}": 100 * getattr(theirs, f"{name}_score")(expected, found, zero_division=0)
            for name in ("f1", "precision", "recall")
        },
    }


def seqeval_rows(found: Labels, expected: Labels) -> dict[str, tuple[float, float, float, int]]:
    theirs = pytest.importorskip("seqeval.metrics")
    report = theirs.classification_report(expected, found, output_dict=True, zero_division=0)
    return {
        kind: (*(100 * row[name] for name in ("precision", "recall", "f1-score")), row["support"])
        for kind, row in report.items()
        if not kind.endswith(" avg")
    }


def rows(scores: tuple[LabelScore, ...]) -> dict[str, tuple[float, float, float, int]]:
    return {score.label: (score.precision, score.recall, score.f1, score.expected) for score in scores}


def test_scores_are_those_of_seqeval() -> None:
    assert values(label_scores(FOUND, EXPECTED)) == pytest.approx(GOLDEN, abs=1e-6)
    by_kind = scores_by_label(FOUND, EXPECTED)
    assert [score.label for score in by_kind] == ["PER", "LOC", "MISC", "ORG"], "the most frequent first"
    for kind, row in rows(by_kind).items():
        assert row == pytest.approx(GOLDEN_KINDS[kind], abs=1e-6)


def test_what_is_noted_is_what_seqeval_says() -> None:
    assert seqeval_scores(FOUND, EXPECTED) == pytest.approx(GOLDEN, abs=1e-6)
    for kind, row in seqeval_rows(FOUND, EXPECTED).items():
        assert row == pytest.approx(GOLDEN_KINDS[kind], abs=1e-6)


@given(corpora)
def test_any_labels_of_spans_score_as_seqeval_says(corpus: list[list[tuple[str, str]]]) -> None:
    metrics = pytest.importorskip("seqeval.metrics.sequence_labeling")
    found, expected = sides(corpus)
    for labels in (*found, *expected):
        assert spans(labels) == {Span(*entity) for entity in metrics.get_entities(labels)}
    if not are_spans(label for labels in (*found, *expected) for label in labels):
        return
    assert values(label_scores(found, expected)) == pytest.approx(seqeval_scores(found, expected))
    theirs = seqeval_rows(found, expected)
    ours = rows(scores_by_label(found, expected))
    assert ours.keys() == theirs.keys()
    for kind, row in ours.items():
        assert row == pytest.approx(theirs[kind])


@pytest.mark.parametrize(("first", "second"), list(itertools.product("BIESO", repeat=2)))
def test_two_words_are_one_span_where_conlleval_says_so(first: str, second: str) -> None:
    both = first + second in ("BI", "BE", "II", "IE")
    marks = [(place, mark) for place, mark in enumerate((first, second)) if mark != "O"]
    apart = {Span("PER", place, place) for place, _ in marks}
    assert spans([f"{mark}-PER" if mark != "O" else "O" for mark in (first, second)]) == (
        {Span("PER", 0, 1)} if both else apart
    )
    other = [f"{mark}-{kind}" if mark != "O" else "O" for mark, kind in ((first, "PER"), (second, "LOC"))]
    assert spans(other) == {Span(("PER", "LOC")[place], place, place) for place, _ in marks}


@given(
    st.lists(st.tuples(st.sampled_from(["", "PER", "LOC"]), st.integers(1, 4))),
    st.sampled_from(["BIO", "BIOES", "IOE"]),
)
def test_spans_come_back_from_their_labels(chunks: list[tuple[str, int]], scheme: str) -> None:
    labels: list[str] = []
    known = set()
    for kind, size in chunks:
        if not kind:
            labels += ["O"] * size
            continue
        known.add(Span(kind, len(labels), len(labels) + size - 1))
        inner = ["I"] * size
        if scheme != "IOE":
            inner[0] = "B"
        if scheme != "BIO":
            inner[-1] = "S" if scheme == "BIOES" and size == 1 else "E"
        labels += [f"{mark}-{kind}" for mark in inner]
    assert spans(labels) == known


@given(words)
def test_labels_of_words_count_as_they_are(corpus: list[list[tuple[str, str]]]) -> None:
    pairs = [pair for sentence in corpus for pair in sentence]
    found, expected = sides(corpus)
    if not pairs:
        with pytest.raises(SeqtasksError, match="no labels to score"):
            label_scores(found, expected)
        return
    assert values(label_scores(found, expected))["accuracy"] == pytest.approx(
        100 * sum(own == other for own, other in pairs) / len(pairs)
    )
    by_label = scores_by_label(found, expected)
    assert {score.label for score in by_label} == {label for pair in pairs for label in pair}
    for label, precision, recall, f1, there, seen in by_label:
        right = pairs.count((label, label))
        assert there == sum(other == label for _, other in pairs)
        assert seen == sum(own == label for own, _ in pairs)
        assert (precision * seen, recall * there) == pytest.approx((100 * right, 100 * right))
        assert f1 * (precision + recall) == pytest.approx(2 * precision * recall)


def test_other_labels_have_no_spans() -> None:
    scores = label_scores([["DET", "NOUN"], ["VERB"]], [["DET", "VERB"], ["VERB"]])
    assert values(scores) == pytest.approx({"accuracy": 200 / 3})
    assert not are_spans(["O"]), "nothing tells that it is one of BIO"
    assert not are_spans(["B-PER", "NOUN"])
    assert not are_spans(["IN", "SYM"]), "tags that begin with the same letters"


def test_a_kind_that_was_never_found_or_never_there_has_a_row() -> None:
    assert scores_by_label([["A", "B"]], [["A", "C"]]) == (
        LabelScore("A", 100.0, 100.0, 100.0, 1, 1),
        LabelScore("C", 0.0, 0.0, 0.0, 1, 0),
        LabelScore("B", 0.0, 0.0, 0.0, 0, 1),
    )


def test_signatures_tell_how_the_scores_came_about() -> None:
    signatures = [score.signature for score in label_scores(FOUND, EXPECTED)]
    assert signatures == [
        "accuracy|of=words|sentences=5|words=24",
        *(
            f"span-{name}|average=micro|mode=conlleval|sentences=5|words=24|version=seqeval-1.2.2"
            for name in ("f1", "precision", "recall")
        ),
    ]


@pytest.mark.parametrize(
    ("found", "expected", "message"),
    [
        ([], [], "no labels to score"),
        ([[]], [[]], "no labels to score"),
        ([["A"]], [], "labels for 1 sentence, but 0 are expected"),
        ([["A"], ["A", "B"]], [["A"], ["A"]], "Sentence 2 has 2 labels, but 1 are expected"),
    ],
)
def test_what_cannot_be_scored_is_told(found: list[list[str]], expected: list[list[str]], message: str) -> None:
    for score in (label_scores, scores_by_label):
        with pytest.raises(SeqtasksError, match=message):
            score(found, expected)
