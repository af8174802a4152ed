"""Scores with values known from sacrebleu's own documentation, or counted by hand."""

from __future__ import annotations

import subprocess
import sys

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.translation import translation_scores

HYPOTHESES = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
FIRST = ["The dog bit the man.", "It was not unexpected.", "The man bit him first."]
SECOND = ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."]


def test_several_reference_sets_give_the_published_values() -> None:
    bleu, chrf, ter = translation_scores(HYPOTHESES, [FIRST, SECOND])
    assert [bleu.metric, chrf.metric, ter.metric] == ["bleu", "chrf", "ter"]
    assert bleu.value == pytest.approx(48.53, abs=0.005)
    assert chrf.value == pytest.approx(59.73, abs=0.005)
    assert bleu.signature.startswith("nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:")
    assert chrf.signature.startswith("nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:")


def test_one_set_may_be_given_as_it_is() -> None:
    assert translation_scores(HYPOTHESES, FIRST) == translation_scores(HYPOTHESES, [FIRST])
    assert translation_scores(HYPOTHESES, FIRST)[0].signature.startswith("nrefs:1|")


@pytest.mark.parametrize(
    ("hypothesis", "reference", "expected"),
    [
        ("a b c d", "a b c d", 0.0),
        ("a b c", "a b c d", 25.0),
        ("c d a b", "a b c d", 25.0),
        ("A B x d", "a b c d", 25.0),
        ("", "a b c d", 100.0),
    ],
)
def test_ter_counts_edits_and_shifts_a_reference_word(hypothesis: str, reference: str, expected: float) -> None:
    (score,) = translation_scores([hypothesis], [reference], metrics=["ter"])
    assert score.value == pytest.approx(expected)
    assert score.signature.startswith("nrefs:1|case:lc|tok:tercom|")


def test_a_perfect_translation_scores_full_marks_and_case_counts_unless_asked_otherwise() -> None:
    upper = [text.upper() for text in FIRST]
    assert [round(score.value, 6) for score in translation_scores(FIRST, FIRST)] == [100.0, 100.0, 0.0]
    mixed = translation_scores(upper, FIRST)
    lower = translation_scores(upper, FIRST, lowercase=True)
    assert max(mixed[0].value, mixed[1].value) < 50
    assert [round(score.value, 6) for score in lower] == [100.0, 100.0, 0.0]
    assert all("|case:lc|" in score.signature for score in lower)


def test_metrics_come_in_the_order_asked_for() -> None:
    scores = translation_scores(HYPOTHESES, FIRST, metrics=("chrf", "bleu"))
    assert [score.metric for score in scores] == ["chrf", "bleu"]


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        (["a"], ["a", "b"], "The reference has 2 lines for 1 translation"),
        (["a", "b"], [["a", "b"], ["a"]], "Reference set 2 has 1 line for 2 translations"),
        (["a"], [[]], "The reference has 0 lines for 1 translation"),
        (["a"], [], "no references"),
        ([], [], "no translations"),
        ([], ["a"], "no translations"),
    ],
)
def test_counts_that_do_not_match_are_told(hypotheses: list[str], references: list[str], message: str) -> None:
    with pytest.raises(SeqtasksError, match=message):
        translation_scores(hypotheses, references)


def test_an_unknown_metric_is_told_with_those_that_exist() -> None:
    with pytest.raises(
        SeqtasksError, match=r"no metric meteor\. Available: bleu, chrf, ter \(your own: --code FILE\)\."
    ):
        translation_scores(["a"], ["a"], metrics=("bleu", "meteor"))


def test_the_module_loads_without_sacrebleu() -> None:
    code = "import sys, seqtasks.metrics.translation; sys.exit('sacrebleu' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
