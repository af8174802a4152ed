"""Caption scores against pycocoevalcap 1.2, with its own tokenizer: values noted, and live where it is installed."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.metrics import captioning as module
from seqtasks.metrics.captioning import caption_scores
from seqtasks.metrics.ptb_tokenizer import penn_tokens
from seqtasks.metrics.score import Score

OUTPUTS = [
    "A brown dog runs through the grass.",
    "a man 's dog jumps over a (red) fence",
    "Two children are playing in the water.",
    "Two children are playing in the water.",
    "Surfer",
    "the the the the a a a man man",
]
REFERENCES = [
    [
        "A brown dog is running through tall grass .",
        "The dog runs in the grass.",
        "A dog with a tri-colored coat runs!",
    ],
    [
        "A man's dog leaps over the red fence.",
        'The dog isn\'t jumping; it "flies" over a fence (a red one).',
        "A dog jumps a fence near St. James Park.",
        "Mr. Smith's dog can't get over the fence...",
    ],
    ["Two kids play in the water.", "Children splash -- and laugh -- in a pool."],
    ["Two children are playing in the water .", "Two boys in the U.S. play in a lake, 5,000 feet up."],
    ["A surfer rides a big wave.", "A man on a surfboard."],
    ["The man stands on a mountain at 5:30 p.m.", "A hiker looks at the T-shirt of another man, 50% off."],
]
GOLDEN = {
    "cider-d": 176.1461475196214,
    "bleu-4": 35.58707924080311,
    "bleu-1": 75.37174882959368,
    "bleu-2": 57.56612404535449,
    "bleu-3": 44.743633932181176,
    "rouge-l": 58.293719874836746,
}
FLICKR8K = {
    "cider-d": 80.36617887303764,
    "bleu-4": 21.160098501492875,
    "bleu-1": 62.75129488191882,
    "bleu-2": 44.342979576264064,
    "bleu-3": 30.708129327795987,
    "rouge-l": 49.173408652537205,
}


def values(scores: tuple[Score, ...]) -> dict[str, float]:
    return {score.metric: score.value for score in scores}


@pytest.fixture
def people() -> tuple[list[str], list[list[str]]]:
    """What one person said of each picture of Flickr8k's dev set, and what four others said."""
    folder = Path(os.environ.get("SEQTASKS_DATA", "data")) / "flickr8k"
    if not folder.is_dir():
        pytest.skip("needs Flickr8k in SEQTASKS_DATA")
    captions = defaultdict(list)
    for line in (folder / "Flickr8k.token.txt").read_text(encoding="utf-8").splitlines():
        name, text = line.split("\t")
        captions[name.split("#")[0]].append(text)
    names = (folder / "Flickr_8k.devImages.txt").read_text(encoding="utf-8").split()
    return [captions[name][0] for name in names], [captions[name][1:] for name in names]


def test_scores_are_those_of_pycocoevalcap() -> None:
    scores = caption_scores(OUTPUTS, REFERENCES, with_meteor=False)
    assert [score.metric for score in scores] == [*GOLDEN, "distinct", "vocabulary"]
    for score in scores[: len(GOLDEN)]:
        assert score.value == pytest.approx(GOLDEN[score.metric], abs=1e-9)


def test_what_one_person_says_scores_against_four_others(people: tuple[list[str], list[list[str]]]) -> None:
    scores = values(caption_scores(*people, with_meteor=False))
    assert {metric: scores[metric] for metric in FLICKR8K} == pytest.approx(FLICKR8K, abs=1e-9)


def test_people_score_as_pycocoevalcap_says(people: tuple[list[str], list[list[str]]]) -> None:
    bleu = pytest.importorskip("pycocoevalcap.bleu.bleu").Bleu(4)
    rouge = pytest.importorskip("pycocoevalcap.rouge.rouge").Rouge()
    cider = pytest.importorskip("pycocoevalcap.cider.cider").Cider()
    outputs = {row: [" ".join(penn_tokens(text))] for row, text in enumerate(people[0])}
    references = {row: [" ".join(penn_tokens(text)) for text in texts] for row, texts in enumerate(people[1])}
    scores = values(caption_scores(*people, with_meteor=False))
    theirs = bleu.compute_score(references, outputs, verbose=0)[0]
    assert [scores[f"bleu-{order}"] for order in range(1, 5)] == pytest.approx(
        [100 * bleu for bleu in theirs], abs=1e-4
    )
    assert scores["rouge-l"] == pytest.approx(100 * rouge.compute_score(references, outputs)[0], abs=1e-4)
    assert scores["cider-d"] == pytest.approx(100 * cider.compute_score(references, outputs)[0], abs=1e-4)


def test_signatures_tell_how_the_scores_came_about() -> None:
    signatures = {score.metric: score.signature for score in caption_scores(OUTPUTS, REFERENCES, with_meteor=False)}
    end = "tok=ptb|n=6|refs=2-4|version=pycocoevalcap-1.2"
    assert signatures["cider-d"] == f"cider-d|df=references|sigma=6|{end}"
    assert signatures["bleu-2"] == f"bleu-2|length=closest|{end}"
    assert signatures["rouge-l"] == f"rouge-l|beta=1.2|{end}"
    assert signatures["distinct"] == "distinct|tok=ptb|n=6"
    (one, *_) = caption_scores(["a dog"], [["a cat"]], with_meteor=False)
    assert "|n=1|refs=1|" in one.signature


def test_variety_counts_captions_and_words_without_case_and_punctuation() -> None:
    outputs = ["A dog runs.", "a dog runs", "A dog sleeps!", "A cat"]
    scores = values(caption_scores(outputs, [["x"]] * 4, with_meteor=False))
    assert scores["distinct"] == 75
    assert scores["vocabulary"] == 5


def test_meteor_stands_with_the_others_where_it_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "meteor", lambda captions, references: 0.25)
    monkeypatch.setattr(module, "meteor_unavailable_reason", lambda: None)
    scores = caption_scores(OUTPUTS, REFERENCES)
    assert [score.metric for score in scores[5:7]] == ["rouge-l", "meteor"]
    assert scores[6].value == 25
    assert scores[6].signature.startswith("meteor|program=1.5|lang=en|tok=ptb|")
    monkeypatch.setattr(module, "meteor_unavailable_reason", lambda: "METEOR is left out.")
    assert "meteor" not in values(caption_scores(OUTPUTS, REFERENCES))


def test_captions_without_words_are_scored_too() -> None:
    scores = values(caption_scores(["", "..."], [["a dog"], ["a cat"]], with_meteor=False))
    assert scores == {**dict.fromkeys(GOLDEN, 0.0), "distinct": 50.0, "vocabulary": 0.0}


@pytest.mark.parametrize(
    ("outputs", "references", "message"),
    [
        ([], [], "no captions to score"),
        (["a"], [], "1 caption for 0 images with references"),
        (["a", "b"], [["a"], []], "Image 2 has no references"),
        (["a"], ["a dog"], "references of image 1 are one text"),
    ],
)
def test_what_cannot_be_scored_is_told(outputs: list[str], references: list[list[str]], message: str) -> None:
    with pytest.raises(SeqtasksError, match=message):
        caption_scores(outputs, references)
