"""One tagger, alone and in batches, the same numbers: for every reader of characters, encoder and head."""

from __future__ import annotations

import itertools

import pytest
import torch
from helpers.generators import ENCODERS
from pydantic import ValidationError

from seqtasks.device import autocast
from seqtasks.layers.char_encoders import CnnCharEncoder, LstmCharEncoder
from seqtasks.models import Tagger, TaggingBatch
from seqtasks.registry import ConfigModel

WORDS, CHARACTERS, LABELS = 11, 9, 4
UNKNOWN = 1

READERS: dict[str, ConfigModel | None] = {
    "words": None,
    "cnn": CnnCharEncoder.Config(hidden_size=4, kernel_sizes=(2, 3), embedding_size=5),
    "lstm": LstmCharEncoder.Config(hidden_size=4, embedding_size=5),
}
HEADS = ("softmax", "crf")
ALL = list(itertools.product(READERS, ("lst-both", "gru-forward", "transformer", "text-cnn"), HEADS))
every_tagger = pytest.mark.parametrize("names", ALL, ids="/".join)


def configuration(reader: str, encoder: str, head: str, **more: object) -> Tagger.Config:
    settings = {
        "hidden_size": 8,
        "embedding_dropout": 0.0,
        "char_encoder": READERS[reader],
        "encoder": ENCODERS[encoder],
    }
    return Tagger.Config(**settings, head=head, **more)


def tagger(reader: str, encoder: str, head: str) -> Tagger:
    """A tagger in evaluation mode whose weights are large enough that its distributions are far from uniform."""
    torch.manual_seed(1)
    model = Tagger(configuration(reader, encoder, head), WORDS, CHARACTERS, LABELS).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        model.output.weight.mul_(4)
    return model


def sentence(seed: int, characters: bool = True) -> TaggingBatch:
    """One sentence of 1 to 6 words, each of 1 to 5 characters, decided by the seed."""
    random = torch.Generator().manual_seed(seed)
    length = int(torch.randint(1, 7, (), generator=random))
    words = torch.randint(UNKNOWN, WORDS, (1, length, 1), generator=random)
    spelled = torch.randint(4, CHARACTERS, (1, length, 5), generator=random)
    spelled *= torch.arange(5) < torch.randint(1, 6, (1, length, 1), generator=random)
    tokens = torch.cat([words, spelled[..., : int(spelled.any(1).sum())]], dim=2) if characters else words
    mask = torch.ones(1, length, dtype=torch.bool)
    return TaggingBatch(tokens, mask, torch.randint(0, LABELS, (1, length), generator=random))


def batch(*seeds: int, characters: bool = True) -> TaggingBatch:
    """The sentences of these seeds, below each other and padded with zeros."""
    singles = [sentence(seed, characters) for seed in seeds]
    width, parts = (max(each.tokens.shape[axis] for each in singles) for axis in (1, 2))
    tokens = torch.zeros(len(seeds), width, parts, dtype=torch.long)
    mask = torch.zeros(len(seeds), width, dtype=torch.bool)
    labels = torch.zeros(len(seeds), width, dtype=torch.long)
    for row, each in enumerate(singles):
        length, own = each.tokens.shape[1:]
        tokens[row, :length, :own] = each.tokens[0]
        mask[row, :length] = True
        labels[row, :length] = each.labels[0]
    return TaggingBatch(tokens, mask, labels)


@every_tagger
@torch.no_grad()
def test_a_row_does_not_depend_on_the_batch(names: tuple[str, str, str]) -> None:
    model, seeds, characters = tagger(*names), [5, 3, 8, 1, 7], names[0] != "words"
    together = batch(*seeds, characters=characters)
    labels, probabilities = model.tag(together.tokens, together.mask)
    for row, seed in enumerate(seeds):
        single = sentence(seed, characters)
        alone, chances = model.tag(single.tokens, single.mask)
        length = alone.shape[1]
        assert torch.equal(labels[row, :length], alone[0])
        assert torch.allclose(probabilities[row, :length], chances[0], atol=1e-5)
    order = torch.tensor([2, 0, 4, 3, 1])
    shuffled, chances = model.tag(together.tokens[order], together.mask[order])
    assert torch.equal(shuffled, labels[order])
    assert torch.allclose(chances, probabilities[order], atol=1e-5)


@every_tagger
@torch.no_grad()
def test_padding_changes_nothing(names: tuple[str, str, str]) -> None:
    model, own = tagger(*names), batch(1, 2, 3, 4, characters=names[0] != "words")
    tokens = torch.where(own.mask.unsqueeze(2), own.tokens, 5)
    tokens = torch.cat([tokens, torch.full((4, 3, tokens.shape[2]), 6)], dim=1)
    if names[0] != "words":
        tokens = torch.cat([tokens, torch.zeros(*tokens.shape[:2], 9, dtype=torch.long)], dim=2)
    mask = torch.cat([own.mask, torch.zeros(4, 3, dtype=torch.bool)], dim=1)
    padding = torch.cat([torch.where(own.mask, own.labels, 2), torch.full((4, 3), 3)], dim=1)
    expected, found = model.tag(own.tokens, own.mask), model.tag(tokens, mask)
    width = own.mask.shape[1]
    assert torch.equal(found[0][:, :width], expected[0])
    assert torch.allclose(found[1][:, :width], expected[1], atol=1e-5)
    assert not found[0][~mask].any()
    assert not found[1][~mask].any()
    losses = model.loss(own), model.loss(TaggingBatch(tokens, mask, padding))
    assert losses[0].total.item() == pytest.approx(losses[1].total.item(), rel=1e-5)
    assert losses[0].count == losses[1].count == own.mask.sum()


@every_tagger
def test_loss_is_a_sum_over_rows(names: tuple[str, str, str]) -> None:
    model, seeds, characters = tagger(*names).train(), [1, 2, 3, 4], names[0] != "words"
    together = model.loss(batch(*seeds, characters=characters))
    alone = [model.loss(sentence(seed, characters)) for seed in seeds]
    assert together.total.item() == pytest.approx(sum(each.total.item() for each in alone), rel=1e-5)
    assert together.count.item() == sum(each.count.item() for each in alone)
    gradients = torch.autograd.grad(together.total, list(model.parameters()))
    summed = torch.autograd.grad(sum(each.total for each in alone), list(model.parameters()))
    for one, two in zip(gradients, summed, strict=True):
        assert torch.allclose(one, two, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_loss_of_a_softmax_is_the_probability_of_each_label() -> None:
    model, own = tagger("cnn", "lst-both", "softmax"), batch(1, 2, 3, 4)
    labels, probabilities = model.tag(own.tokens, own.mask)
    loss = model.loss(own._replace(labels=labels))
    assert loss.total.item() == pytest.approx(-probabilities[own.mask].log().sum().item(), rel=1e-4)
    assert probabilities[own.mask].min() >= 1 / LABELS


@torch.no_grad()
def test_with_a_crf_all_sequences_of_labels_together_are_certain() -> None:
    model, seed = tagger("cnn", "lst-both", "crf"), next(s for s in range(99) if sentence(s).mask.shape[1] == 3)
    own = sentence(seed)
    each = torch.tensor(list(itertools.product(range(LABELS), repeat=3)))
    chances = torch.stack([(-model.loss(own._replace(labels=labels[None])).total).exp() for labels in each])
    assert chances.sum().item() == pytest.approx(1, abs=1e-5)
    labels, probabilities = model.tag(own.tokens, own.mask)
    assert torch.equal(each[chances.argmax()], labels[0])
    for place in range(3):
        agreeing = chances[each[:, place] == labels[0, place]].sum().item()
        assert probabilities[0, place].item() == pytest.approx(agreeing, abs=1e-5)


@every_tagger
def test_gradients_reach_every_parameter(names: tuple[str, str, str]) -> None:
    model = tagger(*names).train()
    model.output.weight.data.div_(4)
    model.loss(batch(*range(12), characters=names[0] != "words")).total.backward()
    missed = [name for name, each in model.named_parameters() if each.grad is None or not each.grad.any()]
    assert missed == []


@every_tagger
def test_a_small_step_of_training_lowers_the_loss_as_its_gradient_promises(names: tuple[str, str, str]) -> None:
    torch.manual_seed(1)
    model = Tagger(configuration(*names), WORDS, CHARACTERS, LABELS).train()
    own, parameters = batch(*range(8), characters=names[0] != "words"), list(model.parameters())
    before = model.loss(own).total
    gradients = torch.autograd.grad(before, parameters)
    steepness = sum(gradient.square().sum().item() for gradient in gradients)
    promised = 0.002 * before.item()
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= gradient * promised / steepness
        lowered = before - model.loss(own).total
    assert lowered.item() == pytest.approx(promised, rel=0.05)


@torch.no_grad()
def test_labels_are_smoothed_in_training_alone() -> None:
    plain, smoothed = (
        Tagger(configuration("cnn", "lst-both", "softmax", label_smoothing=smoothing), WORDS, CHARACTERS, LABELS)
        for smoothing in (0.0, 0.2)
    )
    smoothed.load_state_dict(plain.state_dict())
    own = batch(1, 2, 3)
    assert not torch.allclose(smoothed.loss(own).total, plain.loss(own).total, rtol=1e-4)
    assert torch.equal(smoothed.eval().loss(own).total, plain.eval().loss(own).total)


@torch.no_grad()
@pytest.mark.parametrize("option", ["embedding_dropout", "word_dropout", "dropout"])
def test_dropout_is_for_training_alone(option: str) -> None:
    config = configuration("cnn", "lst-both", "crf").model_copy(update={option: 0.5})
    model, own = Tagger(config, WORDS, CHARACTERS, LABELS), batch(1, 2, 3, 4)
    assert model.loss(own).total != model.loss(own).total
    model.eval()
    assert model.loss(own).total == model.loss(own).total


@torch.no_grad()
def test_words_that_are_always_hidden_are_known_by_their_characters() -> None:
    config = configuration("cnn", "lst-both", "softmax").model_copy(update={"word_dropout": 0.9999999})
    model, own = Tagger(config, WORDS, CHARACTERS, LABELS).train(), batch(1, 2, 3, 4)
    unknown = own.tokens.clone()
    unknown[..., 0] = UNKNOWN
    loss = model.loss(own).total
    assert loss == model.loss(own._replace(tokens=unknown)).total
    unspelled = own.tokens.clone()
    unspelled[..., 1:] = 0
    assert loss != model.loss(own._replace(tokens=unspelled)).total


@torch.no_grad()
@pytest.mark.parametrize("names", [each for each in ALL if each[0] != "words"], ids="/".join)
def test_half_precision_is_close(names: tuple[str, str, str]) -> None:
    model, own = tagger(*names), batch(1, 2, 3, 4)
    model.output.weight.div_(4)
    exact = model.loss(own).total
    with autocast(torch.device("cpu"), torch.bfloat16):
        mixed = model.loss(own).total
    assert mixed.dtype == torch.float32
    assert mixed.item() == pytest.approx(exact.item(), rel=0.05)
    labels, probabilities = model.bfloat16().tag(own.tokens, own.mask)
    assert labels.shape == own.mask.shape
    assert probabilities.dtype == torch.float32


@pytest.mark.parametrize("names", ALL, ids="/".join)
def test_settings_survive_being_written(names: tuple[str, str, str]) -> None:
    config = configuration(*names)
    assert Tagger.Config.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"encoder": {"kind": "cnn"}}, "unknown kind 'cnn'; there are bag-of-words, gru, lstm, rnn, text-cnn"),
        ({"encoder": {"kind": "transformer"}, "hidden_size": 10}, "hidden_size = 10 cannot be shared by 4 heads"),
        (
            {"encoder": {"kind": "transformer"}, "hidden_size": 8, "char_encoder": {"kind": "lstm", "hidden_size": 6}},
            r"hidden_size = 8 and char_encoder\.hidden_size = 6 together cannot be shared by 4 heads",
        ),
        ({"encoder": {"kind": "lstm"}, "head": "crf", "label_smoothing": 0.1}, "label_smoothing is for head"),
        ({"encoder": {"kind": "lstm"}, "char_encoder": {"kind": "rnn"}}, "unknown kind 'rnn'; there are cnn, lstm"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Tagger.Config.model_validate(settings)
