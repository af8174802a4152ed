"""One classifier, alone and in batches, the same numbers: for every encoder and pooling."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from helpers.generators import ENCODERS
from pydantic import ValidationError

from seqtasks.device import autocast
from seqtasks.encoders import BagOfWordsEncoder
from seqtasks.models import ClassificationBatch, Classifier
from seqtasks.registry import ConfigModel

VOCAB, LABELS = 11, 3
LENGTHS = [4, 7, 1, 5]

READERS: dict[str, ConfigModel] = ENCODERS | {
    "words": BagOfWordsEncoder.Config(max_ngram_size=1),
    "bag": BagOfWordsEncoder.Config(max_ngram_size=3, num_buckets=50),
}
POOLINGS = ("last", "mean", "max", "attention")
ALL = list(itertools.product(READERS, POOLINGS))
every_classifier = pytest.mark.parametrize(("encoder", "pooling"), ALL, ids=map("/".join, ALL))


def classifier(encoder: str = "lst-both", pooling: str = "mean", **more: object) -> Classifier:
    """A classifier in evaluation mode whose weights are large enough that its distributions are far from uniform."""
    torch.manual_seed(1)
    settings: dict[str, object] = {"hidden_size": 8, "embedding_dropout": 0.0, "dropout": 0.0} | more
    config = Classifier.Config.model_validate(settings | {"encoder": READERS[encoder], "pooling": pooling})
    model = Classifier(config, VOCAB, LABELS).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        model.output.weight.mul_(4)
    return model


def batch(lengths: list[int] = LENGTHS, *, several: bool = False) -> ClassificationBatch:
    """Texts of these lengths; the first tokens of each depend on nothing but its place."""
    tokens = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
    labels = torch.zeros(len(lengths), LABELS)
    for row, length in enumerate(lengths):
        random = torch.Generator().manual_seed(row)
        tokens[row, :length] = torch.randint(4, VOCAB, (length,), generator=random)
        labels[row, torch.randint(LABELS, (), generator=random)] = 1
        if several:
            labels[row] = torch.randint(2, (LABELS,), generator=random)
    return ClassificationBatch(tokens, tokens != 0, labels)


def row_of(whole: ClassificationBatch, row: int) -> ClassificationBatch:
    """One of its texts without padding."""
    length = int(whole.mask[row].sum())
    weight = None if whole.weight is None else whole.weight[row, None]
    return ClassificationBatch(
        whole.tokens[row, None, :length], whole.mask[row, None, :length], whole.labels[row, None], weight
    )


@every_classifier
@torch.no_grad()
def test_a_text_alone_and_in_a_long_batch_has_the_same_probabilities(encoder: str, pooling: str) -> None:
    model, whole = classifier(encoder, pooling), batch()
    together = model.probabilities(whole.tokens, whole.mask)
    padding = torch.full((4, 90), 5)
    tokens = torch.cat([torch.where(whole.mask, whole.tokens, 6), padding], dim=1)
    longer = model.probabilities(tokens, torch.cat([whole.mask, torch.zeros(4, 90, dtype=torch.bool)], dim=1))
    assert torch.allclose(longer, together, atol=1e-5)
    for row in range(4):
        own = row_of(whole, row)
        assert torch.allclose(model.probabilities(own.tokens, own.mask), together[row], atol=1e-5)


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_is_a_sum_over_rows(several: bool, weighted: bool) -> None:
    model = classifier(multi_label=several, label_smoothing=0.1).train()
    whole = batch(several=several)
    if weighted:
        whole = whole._replace(weight=torch.tensor([1.0, 0.25, 3.0, 0.0]))
    loss = model.loss(whole)
    alone = [model.loss(row_of(whole, row)) for row in range(4)]
    assert loss.total.item() == pytest.approx(sum(each.total.item() for each in alone), rel=1e-5)
    assert loss.count.item() == sum(each.count.item() for each in alone) == (4.25 if weighted else 4)
    for parameter, gradient in zip(
        model.parameters(), torch.autograd.grad(loss.total, list(model.parameters())), strict=True
    ):
        summed = sum(torch.autograd.grad(each.total, parameter, retain_graph=True)[0] for each in alone)
        assert torch.allclose(gradient, summed, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_the_loss_is_the_probability_of_the_right_label() -> None:
    model, whole = classifier(label_smoothing=0.3), batch()
    right = (model.probabilities(whole.tokens, whole.mask) * whole.labels).sum(dim=1)
    assert model.loss(whole).total.item() == pytest.approx(-right.log().sum().item(), rel=1e-5)
    weight = torch.tensor([2.0, 0.5, 1.0, 0.0])
    weighted = model.loss(whole._replace(weight=weight)).total.item()
    assert weighted == pytest.approx(-(weight * right.log()).sum().item(), rel=1e-5)


@torch.no_grad()
def test_with_several_labels_the_loss_is_the_probability_of_all_that_hold_and_none_that_does_not() -> None:
    model, whole = classifier(multi_label=True, label_smoothing=0.3), batch(several=True)
    chances = model.probabilities(whole.tokens, whole.mask)
    right = torch.where(whole.labels == 1, chances, 1 - chances).prod(dim=1)
    assert model.loss(whole).total.item() == pytest.approx(-right.log().sum().item(), rel=1e-4)
    assert not torch.allclose(chances.sum(dim=1), torch.ones(4), atol=0.1)


@torch.no_grad()
def test_smoothing_spreads_a_share_over_all_labels_in_training() -> None:
    whole = batch()
    model = classifier(label_smoothing=0.3).train()
    logs = model.scores(whole.tokens, whole.mask).log_softmax(dim=1)
    expected = -(0.7 * (logs * whole.labels).sum() + 0.3 * logs.mean(dim=1).sum())
    assert model.loss(whole).total.item() == pytest.approx(expected.item(), rel=1e-5)
    model = classifier(label_smoothing=0.3, multi_label=True).train()
    chances = model.probabilities(whole.tokens, whole.mask)
    wanted = torch.where(whole.labels == 1, 0.85, 0.15)
    expected = -(wanted * chances.log() + (1 - wanted) * (1 - chances).log()).sum()
    assert model.loss(whole).total.item() == pytest.approx(expected.item(), rel=1e-4)


@torch.no_grad()
def test_a_text_without_tokens_has_probabilities() -> None:
    for pooling in POOLINGS:
        model = classifier(pooling=pooling)
        chances = model.probabilities(torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.bool))
        assert torch.allclose(chances[0], model.output.bias.softmax(dim=0))


@torch.no_grad()
def test_a_bag_of_words_knows_no_order_and_one_of_pairs_knows_neighbours() -> None:
    tokens = torch.tensor([[4, 5, 6, 7], [7, 6, 4, 5]])
    alone = classifier("words").scores(tokens, tokens != 0)
    assert torch.allclose(alone[0], alone[1], atol=1e-5)
    pairs = classifier("bag").scores(tokens, tokens != 0)
    assert not torch.allclose(pairs[0], pairs[1], atol=0.1)


@torch.no_grad()
@pytest.mark.parametrize("encoder", ["lst-both", "transformer", "bag"])
def test_probabilities_are_float32_whatever_the_model_computes_in(encoder: str) -> None:
    whole = batch()
    exact = classifier(encoder, "attention").probabilities(whole.tokens, whole.mask)
    model = classifier(encoder, "attention").train()
    with autocast(torch.device("cpu"), torch.bfloat16):
        chances = model.probabilities(whole.tokens, whole.mask)
        loss = model.loss(whole)
    assert chances.dtype == loss.total.dtype == torch.float32
    assert torch.allclose(chances, exact, atol=0.1)
    assert math.isfinite(loss.total)


@every_classifier
def test_settings_survive_being_written(encoder: str, pooling: str) -> None:
    config = Classifier.Config(encoder=READERS[encoder], pooling=pooling, hidden_size=8)
    assert Classifier.Config.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"encoder": {"kind": "cnn"}},
            "unknown kind 'cnn'; there are bag-of-words, gru, lstm, rnn, text-cnn, transformer",
        ),
        ({"encoder": {"kind": "transformer"}, "hidden_size": 10}, "hidden_size = 10 cannot be shared by 4 heads"),
        ({"encoder": {"kind": "bag-of-words", "max_ngram_size": 0}}, "greater than or equal to 1"),
        ({"encoder": {"kind": "lstm"}, "pooling": "first"}, "'last', 'mean', 'max' or 'attention'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Classifier.Config.model_validate(settings)
