"""Texts that are moved to where the loss grows most."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from seqtasks.encoders import BagOfWordsEncoder, LstmEncoder, TransformerEncoder
from seqtasks.models import ClassificationBatch, Classifier
from seqtasks.models.token_masking import transform_embeddings
from seqtasks.registry import ConfigModel
from seqtasks.tasks.classification.adversarial import adversarial_loss, adversarial_perturbation

DISTANCE = 0.1
LENGTHS = (5, 2, 7)
ENCODERS = [
    BagOfWordsEncoder.Config(max_ngram_size=2, num_buckets=50),
    LstmEncoder.Config(hidden_size=8, num_layers=1, dropout=0.0),
    TransformerEncoder.Config(num_layers=1, num_heads=2, ffn_dim=8, dropout=0.0),
]
every_encoder = pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.kind)


def classifier(encoder: ConfigModel, **settings: Any) -> Classifier:
    """With weights that are large enough for the texts' losses to differ."""
    torch.manual_seed(1)
    model = Classifier(
        Classifier.Config(hidden_size=8, encoder=encoder, **{"embedding_dropout": 0.0, "dropout": 0.0} | settings),
        11,
        2,
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return model.train()


def batch() -> ClassificationBatch:
    random = torch.Generator().manual_seed(1)
    tokens = torch.zeros(len(LENGTHS), max(LENGTHS), dtype=torch.long)
    for row, length in enumerate(LENGTHS):
        tokens[row, :length] = torch.randint(4, 11, (length,), generator=random)
    return ClassificationBatch(tokens, tokens != 0, torch.eye(2)[[0, 1, 1]])


def test_over_a_linear_model_it_is_what_the_margins_say() -> None:
    model, texts = classifier(BagOfWordsEncoder.Config(max_ngram_size=1)), batch()
    vectors = model.encoder.embedding(texts.tokens) * texts.mask.unsqueeze(2)
    weights = model.output.weight[0] - model.output.weight[1]
    expected = 0.0
    for row, length in enumerate(LENGTHS):
        scores = model.scores(texts.tokens[row : row + 1], texts.mask[row : row + 1])[0]
        margin = (scores[0] - scores[1]) * (1 if texts.labels[row, 0] else -1)
        reach = DISTANCE * vectors[row].norm() * weights.norm() / math.sqrt(length)
        expected += sum(torch.nn.functional.softplus(-each).item() / 2 for each in (margin, margin - reach))
    found = adversarial_loss(model, texts, DISTANCE)
    assert found.total.item() == pytest.approx(expected, rel=1e-5)
    assert found.count == len(LENGTHS)


@every_encoder
def test_no_random_move_is_worse(encoder: ConfigModel) -> None:
    model, texts, distance = classifier(encoder), batch(), 1e-2
    worst = 2 * adversarial_loss(model, texts, distance).total - model.loss(texts).total
    mask = texts.mask.unsqueeze(2)
    for seed in range(50):
        step = torch.randn(*texts.tokens.shape, 8, generator=torch.Generator().manual_seed(seed)) * mask

        def moved(vectors: torch.Tensor, step: torch.Tensor = step) -> torch.Tensor:
            length, norm = ((each * mask).flatten(1).norm(dim=1).view(-1, 1, 1) for each in (vectors, step))
            return vectors + distance * step * length / norm

        with transform_embeddings(model.encoder, moved):
            assert model.loss(texts).total < worst


@every_encoder
def test_a_text_is_moved_alike_alone_and_among_others(encoder: ConfigModel) -> None:
    model, texts = classifier(encoder), batch()
    alone = [
        adversarial_loss(
            model,
            ClassificationBatch(
                texts.tokens[row, None, :length], texts.mask[row, None, :length], texts.labels[row, None]
            ),
            DISTANCE,
        ).total.item()
        for row, length in enumerate(LENGTHS)
    ]
    assert adversarial_loss(model, texts, DISTANCE).total.item() == pytest.approx(sum(alone), rel=1e-5)


@every_encoder
def test_dropout_is_the_same_for_both(encoder: ConfigModel) -> None:
    model, texts = classifier(encoder, embedding_dropout=0.4, word_dropout=0.3, dropout=0.5), batch()
    torch.manual_seed(7)
    plain = model.loss(texts).total
    after = torch.get_rng_state()
    torch.manual_seed(7)
    still = adversarial_loss(model, texts, 1e-9).total
    assert still.item() == pytest.approx(plain.item(), rel=1e-5)
    assert torch.equal(torch.get_rng_state(), after)


@every_encoder
@pytest.mark.parametrize("frozen", [False, True])
def test_the_gradient_is_that_of_both_with_the_move_held(encoder: ConfigModel, frozen: bool) -> None:
    model, texts = classifier(encoder), batch()
    model.encoder.embedding.requires_grad_(not frozen)
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    read = []

    def noted(vectors: torch.Tensor) -> torch.Tensor:
        read.append(vectors if vectors.requires_grad else vectors.requires_grad_())
        return vectors

    with transform_embeddings(model.encoder, noted):
        plain = model.loss(texts).total
    [direction] = torch.autograd.grad(plain, read[0], retain_graph=True)
    move = adversarial_perturbation(direction, read[0].detach(), texts.mask.unsqueeze(2), DISTANCE)
    with transform_embeddings(model.encoder, lambda vectors: vectors + move):
        moved = model.loss(texts).total
    expected = torch.autograd.grad((plain + moved) / 2, learning)
    found = torch.autograd.grad(adversarial_loss(model, texts, DISTANCE).total, learning)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_parameter_that_nothing_reads_has_no_slope() -> None:
    model = classifier(LstmEncoder.Config(hidden_size=8, num_layers=1))
    model.spare = torch.nn.Parameter(torch.ones(3))
    adversarial_loss(model, batch(), DISTANCE).total.backward()
    assert torch.equal(model.spare.grad, torch.zeros(3))
