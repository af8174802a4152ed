from __future__ import annotations

import math

import pytest
import torch

from seqtasks.device import autocast
from seqtasks.layers.embedding import SinusoidalPositions, TokenEmbedding, sinusoids


def test_vectors_are_scaled() -> None:
    embedding = TokenEmbedding(9, 16)
    tokens = torch.tensor([[1, 8], [3, 3]])
    assert torch.allclose(embedding(tokens), embedding.weight[tokens] * 4)
    assert (embedding.size, embedding.dim) == (9, 16)


def test_inputs_start_with_unit_variance() -> None:
    torch.manual_seed(1)
    assert TokenEmbedding(500, 64)(torch.arange(500)).std().item() == pytest.approx(1, abs=0.02)


def test_whole_words_are_hidden_in_training_alone() -> None:
    torch.manual_seed(2)
    embedding = TokenEmbedding(5, 8, word_dropout=0.25)
    tokens = torch.randint(0, 5, (60, 50))
    vectors = embedding(tokens)
    hidden = (vectors == 0).all(2)
    assert hidden.float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert torch.equal(vectors[~hidden], embedding.eval()(tokens)[~hidden])
    assert not (embedding(tokens) == 0).all(2).any()


def test_vectors_follow_the_precision_of_matrix_products() -> None:
    embedding = TokenEmbedding(5, 8)
    with autocast(torch.device("cpu"), torch.bfloat16):
        assert embedding(torch.tensor([1])).dtype == torch.bfloat16
    assert embedding(torch.tensor([1])).dtype == torch.float32


@pytest.mark.parametrize("dim", [1, 6, 7])
def test_sinusoids(dim: int) -> None:
    places = sinusoids(4, dim, start=9, device=torch.device("cpu"))
    for row, position in enumerate(range(9, 13)):
        for column in range(dim):
            angle = position / 10000 ** ((column // 2 * 2) / dim)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert places[row, column].item() == pytest.approx(expected, abs=1e-5)


def test_sinusoids_go_on_where_they_stopped() -> None:
    device = torch.device("cpu")
    whole = sinusoids(10, 8, device=device)
    assert torch.equal(torch.cat([sinusoids(4, 8, device=device), sinusoids(6, 8, start=4, device=device)]), whole)


@pytest.mark.parametrize("dim", [1, 6, 7])
def test_sines_may_come_first(dim: int) -> None:
    places = sinusoids(4, dim, SinusoidalPositions(interleaved=False), start=9, device=torch.device("cpu"))
    half = (dim + 1) // 2
    for row, position in enumerate(range(9, 13)):
        for column in range(dim):
            angle = position / 10000 ** (column % half * 2 / dim)
            expected = math.sin(angle) if column < half else math.cos(angle)
            assert places[row, column].item() == pytest.approx(expected, abs=1e-5)


def test_cutoff_hides_a_span_of_each_text_in_training() -> None:
    torch.manual_seed(1)
    embedding = TokenEmbedding(50, 4, span_cutoff=0.3)
    tokens = torch.randint(4, 50, (1000, 12))
    lengths = torch.randint(1, 13, (1000,))
    tokens[torch.arange(12) >= lengths[:, None]] = 0
    hidden = embedding.train()(tokens).abs().sum(dim=2) == 0
    for row, length in zip(hidden.tolist(), lengths.tolist(), strict=True):
        places = [place for place, zero in enumerate(row) if zero]
        width = math.ceil(0.3 * length)
        assert places == list(range(places[0], places[0] + width))
        assert places[-1] < length
    long = hidden[lengths == 12]
    assert {int(row.float().argmax()) for row in long} == set(range(9))
    assert not (embedding.eval()(tokens).abs().sum(dim=2) == 0).any()
