"""Explanations against texts in which a word really is hidden, and against the definition of integrated gradients."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from helpers.generators import ENCODERS
from torch import nn

from seqtasks.data.collate import pad
from seqtasks.encoders import BagOfWordsEncoder, TextCnnEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.inference.attribution import TOLERANCE, Explanation, Method
from seqtasks.inference.classification import ClassificationPipeline
from seqtasks.models import Classifier
from seqtasks.registry import ConfigModel
from seqtasks.text import CharacterTokenizer, WordTokenizer

HIDDEN = "nothing"
"""A word whose vector is zero."""
VOCABULARY = f"{HIDDEN} the film was good and not bad at all but long"
TEXT = "the film was not good and not bad but long"
LABELS = ["positive", "negative", "neither"]

READERS: dict[str, ConfigModel] = {
    name: ENCODERS[name] for name in ("lst-both", "gru-forward", "rnn-both", "transformer")
} | {
    "words": BagOfWordsEncoder.Config(max_ngram_size=1),
    "text-cnn": TextCnnEncoder.Config(kernel_sizes=(1, 2), num_filters=2),
}
PAIRS_OF_WORDS = BagOfWordsEncoder.Config(max_ngram_size=2, num_buckets=2**17)
ALL = list(itertools.product(READERS, ("last", "mean", "max", "attention")))
every_classifier = pytest.mark.parametrize(("encoder", "pooling"), ALL, ids=map("/".join, ALL))
both_methods = pytest.mark.parametrize("method", ["occlusion", "gradients"])

PROCESSOR = WordTokenizer.train([VOCABULARY] * 2, WordTokenizer.Config())


def model(encoder: ConfigModel, pooling: str = "mean", *, seed: int = 1, **more: object) -> Classifier:
    torch.manual_seed(seed)
    config = Classifier.Config.model_validate({"hidden_size": 8, "encoder": encoder, "pooling": pooling} | more)
    made = Classifier(config, PROCESSOR.size, len(LABELS)).eval().requires_grad_(False)
    for parameter in made.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))
    made.output.weight.mul_(3)
    made.encoder.embedding.weight[PROCESSOR.encode(HIDDEN)] = 0
    return made


def classifier(
    encoder: ConfigModel = READERS["lst-both"],
    pooling: str = "mean",
    *,
    window: int = 0,
    members: int = 1,
    **more: object,
) -> ClassificationPipeline:
    models = [model(encoder, pooling, seed=seed, **more) for seed in range(1, members + 1)]
    return ClassificationPipeline(models, PROCESSOR, LABELS, window=window)


def log_odds(reader: ClassificationPipeline, text: str, label: str) -> float:
    [found] = reader.classify([text])
    return math.log(found.probabilities[label]) - math.log1p(-found.probabilities[label])


def by_hiding(reader: ClassificationPipeline, text: str, label: str) -> list[float]:
    """How far the log-odds fall where the text has another word, whose vector is zero, in the place of each."""
    words = text.split()
    whole = log_odds(reader, text, label)
    hidden = (" ".join([*words[:place], HIDDEN, *words[place + 1 :]]) for place in range(len(words)))
    return [whole - log_odds(reader, other, label) for other in hidden]


def values(explanation: Explanation) -> list[float]:
    return [word.value for word in explanation.words]


@every_classifier
def test_occlusion_hides_each_word_in_turn(encoder: str, pooling: str) -> None:
    reader = classifier(READERS[encoder], pooling)
    for label in LABELS:
        found = reader.explain(TEXT, label=label)
        assert values(found) == pytest.approx(by_hiding(reader, TEXT, label), abs=1e-3)
        assert found.log_odds == pytest.approx(log_odds(reader, TEXT, label), abs=1e-3)
        everything = " ".join([HIDDEN] * len(TEXT.split()))
        assert found.hidden_log_odds == pytest.approx(log_odds(reader, everything, label), abs=1e-3)


@pytest.mark.parametrize(("window", "members", "several"), [(4, 1, False), (0, 2, False), (5, 2, True)])
def test_windows_ensembles_and_several_labels_are_explained_as_they_are_classified(
    window: int, members: int, several: bool
) -> None:
    reader = classifier(window=window, members=members, multi_label=several)
    found = reader.explain(TEXT, label="negative")
    assert values(found) == pytest.approx(by_hiding(reader, TEXT, "negative"), abs=1e-4)
    assert found.probability == pytest.approx(reader.classify([TEXT])[0].probabilities["negative"], abs=1e-5)
    assert_complete(reader.explain(TEXT, label="negative", method="gradients"))


def assert_complete(found: Explanation) -> None:
    difference = found.log_odds - found.hidden_log_odds
    assert sum(values(found)) == pytest.approx(difference, abs=TOLERANCE * max(1, abs(difference)))


@every_classifier
def test_integrated_gradients_add_up_to_the_difference_of_the_log_odds(encoder: str, pooling: str) -> None:
    reader = classifier(READERS[encoder], pooling)
    alone_says_nothing = (encoder, pooling) == ("words", "last")  # the last token, which is END
    for label in LABELS:
        found = reader.explain(TEXT, label=label, method="gradients")
        assert_complete(found)
        assert max(map(abs, values(found))) > TOLERANCE or alone_says_nothing


class Interpolated(nn.Module):
    """Gives vectors on the way from zero, whatever the tokens are."""

    def __init__(self, embedding: nn.Module, vectors: torch.Tensor) -> None:
        super().__init__()
        self.apply_dropout = embedding.apply_dropout
        self.vectors = vectors

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.vectors


@pytest.mark.parametrize("encoder", ["lst-both", "transformer"])
def test_integrated_gradients_are_those_of_the_paper(encoder: str) -> None:
    reader, label, steps = classifier(READERS[encoder]), "negative", 1000
    own, number = reader.models[0], LABELS.index("negative")
    tokens = pad([PROCESSOR.encode(TEXT)], begin=True, end=True)
    embedding = own.encoder.embedding
    vectors = embedding(tokens)
    inner = torch.zeros_like(vectors)
    inner[:, 1:-1] = vectors[:, 1:-1]
    points = ((torch.arange(steps) + 0.5) / steps)[:, None, None]
    way = (vectors - inner + points * inner).requires_grad_()
    own.encoder.embedding = Interpolated(embedding, way)
    chances = own.probabilities(tokens.expand(steps, -1), torch.ones(steps, tokens.shape[1], dtype=torch.bool))
    (gradients,) = torch.autograd.grad(chances[:, number].logit().sum(), way)
    own.encoder.embedding = embedding
    expected = (inner[0] * gradients.mean(dim=0)).sum(dim=1)[1:-1]
    found = reader.explain(TEXT, label=label, method="gradients")
    assert values(found) == pytest.approx(expected.tolist(), abs=5e-3)


def test_values_of_a_linear_model_are_known() -> None:
    reader = classifier(PAIRS_OF_WORDS, multi_label=True)
    own = reader.models[0]
    table = own.encoder.ngrams.table
    table.weight.normal_()
    text = "not good but long"
    tokens = torch.tensor([[2, *PROCESSOR.encode(text), 3]])
    weight = own.output.weight[1]
    alone = (own.encoder.embedding(tokens)[0] @ weight / 6).tolist()
    pairs = (own.encoder.ngrams(tokens)[0] @ weight / 6).tolist()
    hidden = [alone[place] + pairs[place] + pairs[place + 1] for place in range(1, 5)]
    # a pair with BEGIN or END, which are there in any case, is its word's alone
    shared = [
        alone[place] + pairs[place] / (2 if place > 1 else 1) + pairs[place + 1] / (2 if place < 4 else 1)
        for place in range(1, 5)
    ]
    for method, expected in (("occlusion", hidden), ("gradients", shared)):
        assert values(reader.explain(text, label="negative", method=method)) == pytest.approx(expected, abs=1e-4)


@both_methods
def test_what_is_explained_is_the_text_and_its_most_probable_label(method: Method) -> None:
    reader = classifier()
    found = reader.explain("  The film,\t not “good”…  ", method=method)
    assert found.text == "The film, not “good”…"
    [said] = reader.classify([found.text])
    assert (found.label, found.method) == (said.label, method)
    assert found.probability == pytest.approx(said.probability, abs=1e-5)
    assert max(map(abs, found.strengths())) == 1.0
    largest = max(map(abs, values(found)))
    assert [strength * largest for strength in found.strengths()] == pytest.approx(values(found))


@both_methods
def test_long_texts_are_explained_and_short_ones_too(method: Method) -> None:
    long = classifier(PAIRS_OF_WORDS, window=50)
    text = " ".join(itertools.islice(itertools.cycle(TEXT.split()), 1500))
    found = long.explain(text, method=method)
    assert len(found.words) == 1500
    assert found.text == text
    for text in ("", "good"):
        found = classifier().explain(text, method=method)
        assert [word.text for word in found.words] == text.split()
        assert math.isfinite(found.log_odds)
    assert classifier().explain("").strengths() == []


@both_methods
def test_a_model_is_what_it_was_after_it_was_explained(method: Method) -> None:
    reader = classifier(PAIRS_OF_WORDS)
    before = reader.probabilities([TEXT])
    reader.explain(TEXT, method=method)
    assert torch.equal(reader.probabilities([TEXT]), before)
    assert all(parameter.grad is None for parameter in reader.models[0].parameters())


def test_names_are_explained_by_their_letters() -> None:
    processor = CharacterTokenizer.train(["Aminah", "O'Neil", "van Dyk"], CharacterTokenizer.Config(min_freq=1))
    torch.manual_seed(1)
    config = Classifier.Config(hidden_size=8, encoder=ENCODERS["lst-both"])
    reader = ClassificationPipeline([Classifier(config, processor.size, 3).eval()], processor, LABELS)
    assert [word.text for word in reader.explain("van Dyk").words] == list("vanDyk")
    assert reader.explain("van Dyk").text == "van Dyk"
    long = "Neil and Aminah van Dyk " * 9
    assert [word.text for word in reader.explain(long).words] == long.split()


def test_a_label_that_the_model_does_not_know_is_told() -> None:
    with pytest.raises(SeqtasksError, match="has no label 'awful'") as told:
        classifier().explain(TEXT, label="awful")
    assert told.value.hint == "Its labels are positive, negative, neither."


def test_a_model_in_half_precision_is_explained() -> None:
    reader = classifier()
    exact = reader.explain(TEXT, label="negative")
    reader.models[0].bfloat16()
    found = reader.explain(TEXT, label="negative")
    assert found.log_odds == pytest.approx(exact.log_odds, abs=0.05)
    assert_complete(reader.explain(TEXT, method="gradients"))
    assert reader.models[0].output.weight.dtype == torch.bfloat16
