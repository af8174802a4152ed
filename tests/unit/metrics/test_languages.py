"""Metrics of words in languages without blanks: what is right has the best score, what is not has less."""

from __future__ import annotations

import pytest

from seqtasks.metrics.captioning import caption_scores
from seqtasks.metrics.translation import bleu_tokenizer, translation_scores

TEXTS = {
    "zh": (["我今天喜欢苹果。", "他们在公园里玩。"], ["我今天喜欢书。", "他们在家里睡觉。"]),
    "ja": (["私は今日りんごが好きです。", "彼らは公園で遊びます。"], ["私は今日本が好きです。", "彼らは家で寝ます。"]),
    "th": (["วันนี้ฉันชอบแอปเปิ้ล", "พวกเขาเล่นในสวน"], ["วันนี้ฉันชอบหนังสือ", "พวกเขานอนที่บ้าน"]),
    "km": (["ខ្ញុំចូលចិត្តផ្លែប៉ោម", "ពួកគេលេងនៅសួន"], ["ខ្ញុំចូលចិត្តសៀវភៅ", "ពួកគេគេងនៅផ្ទះ"]),
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_perfect_translation_has_the_best_score_and_a_near_one_less(language: str) -> None:
    right, near = TEXTS[language]
    perfect = {score.metric: score for score in translation_scores(right, right, language=language)}
    partly = {score.metric: score for score in translation_scores(near, right, language=language)}
    assert perfect["bleu"].value == pytest.approx(100)
    assert perfect["chrf"].value == pytest.approx(100)
    assert 0 < partly["bleu"].value < 90
    assert f"tok:{bleu_tokenizer(language)}" in perfect["bleu"].signature
    if language in ("zh", "ja"):
        assert perfect["ter"].value == 0
        assert 0 < partly["ter"].value < 90
    else:
        assert "ter" not in perfect


@pytest.mark.parametrize(
    ("language", "tokenizer"),
    [
        ("", "13a"),
        ("xx", "13a"),
        ("en", "13a"),
        ("de-AT", "13a"),
        ("zh", "zh"),
        ("zh-Hant", "zh"),
        ("yue", "zh"),
        ("lo", "char"),
    ],
)
def test_the_tokenizer_follows_the_language(language: str, tokenizer: str) -> None:
    assert bleu_tokenizer(language) == tokenizer


def test_without_a_dictionary_japanese_is_cut_by_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqtasks.metrics.translation.find_spec", lambda name: None)
    assert (bleu_tokenizer("ja"), bleu_tokenizer("ko")) == ("char", "13a")
    monkeypatch.setattr("seqtasks.metrics.translation.find_spec", lambda name: object())
    assert (bleu_tokenizer("ja"), bleu_tokenizer("ko")) == ("ja-mecab", "ko-mecab")


def test_captions_without_blanks_are_counted_by_characters() -> None:
    right, near = TEXTS["zh"]
    perfect = {score.metric: score for score in caption_scores(right, [[text] for text in right])}
    partly = {score.metric: score for score in caption_scores(near, [[text] for text in right])}
    assert perfect["bleu-4"].value == pytest.approx(100)
    assert 0 < partly["bleu-1"].value < 100
    assert "tok=ptb+char" in perfect["bleu-4"].signature
    assert "meteor" not in perfect
