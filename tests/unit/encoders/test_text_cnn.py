"""Convolutions over tokens against windows that are multiplied one by one."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from seqtasks.encoders import TextCnnEncoder
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.word_embedding import WordEmbedding
from seqtasks.models import Classifier

VOCAB, DIM, FILTERS = 12, 4, 3
ROWS = [[4, 5, 6, 7, 4, 5, 8], [5, 4], [9]]
"""Texts that are longer and shorter than the windows."""


def encoder(*widths: int, embedding: TokenEmbedding | WordEmbedding | None = None) -> TextCnnEncoder:
    torch.manual_seed(1)
    config = TextCnnEncoder.Config(kernel_sizes=widths, num_filters=FILTERS)
    return TextCnnEncoder(config, embedding or TokenEmbedding(VOCAB, DIM)).eval()


def padded(padding: int = 0, more: int = 0) -> tuple[Tensor, Tensor]:
    """The texts as a batch, with these tokens where it is padded, and more of them than it needs."""
    tokens = torch.full((len(ROWS), max(map(len, ROWS)) + more), padding)
    for row, each in zip(tokens, ROWS, strict=True):
        row[: len(each)] = torch.tensor(each)
    return tokens, torch.arange(tokens.shape[1]) < torch.tensor([[len(each)] for each in ROWS])


def by_hand(made: TextCnnEncoder, widths: tuple[int, ...], tokens: list[int]) -> Tensor:
    """For each token and filter: the products of its weights with the vectors in the window, their bias, ReLU."""
    vectors = made.embedding(torch.tensor(tokens))
    states = torch.zeros(len(tokens), len(widths) * FILTERS)
    for number, (width, convolution) in enumerate(zip(widths, made.convolutions, strict=True)):
        for place in range(len(tokens)):
            for filter_ in range(FILTERS):
                value = convolution.bias[filter_].clone()
                for offset in range(width):
                    if 0 <= (source := place - width // 2 + offset) < len(tokens):
                        value += convolution.weight[filter_, :, offset] @ vectors[source]
                states[place, number * FILTERS + filter_] = value.clamp(min=0)
    return states


@pytest.mark.parametrize("widths", [(3, 4, 5), (1,), (2, 2), (9, 8)])
@torch.no_grad()
def test_a_state_is_what_filters_find_around_its_token(widths: tuple[int, ...]) -> None:
    made = encoder(*widths)
    assert made.dim == FILTERS * len(widths)
    tokens, mask = padded()
    memory = made(tokens, mask)
    for row, each in enumerate(ROWS):
        expected = by_hand(made, widths, each)
        assert torch.allclose(memory.states[row, : len(each)], expected, atol=1e-6)
        assert torch.allclose(memory.summary[row], expected.amax(dim=0), atol=1e-6)


@pytest.mark.parametrize("padding", [0, 11])
@pytest.mark.parametrize("more", [0, 1, 6])
@torch.no_grad()
def test_padding_reaches_no_real_position_and_no_pooled_value(padding: int, more: int) -> None:
    made = encoder(3, 4, 5)
    expected, found = made(*padded()), made(*padded(padding, more))
    assert torch.allclose(found.states[found.mask], expected.states[expected.mask], atol=1e-6)
    assert torch.allclose(found.summary, expected.summary, atol=1e-6)
    alone = made(torch.tensor(ROWS[1:2]), torch.ones(1, 2, dtype=torch.bool))
    assert torch.allclose(alone.summary[0], expected.summary[1], atol=1e-6)


def test_no_gradient_reaches_padding() -> None:
    made = encoder(3, 4, 5)
    memory = made(*padded(padding=11))  # the only places of this token
    (memory.states[memory.mask].sum() + memory.summary.sum()).backward()
    assert made.embedding.weight.grad[11].abs().sum() == 0
    assert made.embedding.weight.grad[[4, 5, 9]].abs().sum(dim=1).min() > 0


@torch.no_grad()
def test_a_row_of_padding_alone_gives_zeros() -> None:
    tokens, mask = padded()
    assert not encoder(3, 4)(tokens, mask & (torch.arange(3) < 2).unsqueeze(1)).summary[2].any()


@torch.no_grad()
def test_a_classifier_pools_the_maximum_over_time() -> None:
    torch.manual_seed(1)
    settings = {"kind": "text-cnn", "num_filters": 5}
    model = Classifier(
        Classifier.Config.model_validate({"hidden_size": DIM, "pooling": "max", "encoder": settings}), VOCAB, 2
    ).eval()
    tokens, mask = padded()
    assert torch.equal(model.scores(tokens, mask), model.output(model.encoder(tokens, mask).summary))


@torch.no_grad()
def test_it_reads_rows_of_numbers_as_taggers_have_them() -> None:
    made = encoder(3, 4, embedding=WordEmbedding(VOCAB, DIM, None))
    plain = encoder(3, 4, embedding=made.embedding.words)
    plain.load_state_dict(
        {name.replace("embedding.words", "embedding"): value for name, value in made.state_dict().items()}
    )
    tokens, mask = padded()
    assert torch.equal(made(tokens.unsqueeze(2), mask).states, plain(tokens, mask).states)


@torch.no_grad()
def test_dropout_hides_outputs_of_filters_in_training_alone() -> None:
    config = TextCnnEncoder.Config(num_filters=100, dropout=0.5)
    torch.manual_seed(1)
    made = TextCnnEncoder(config, TokenEmbedding(VOCAB, DIM))
    tokens, mask = torch.randint(4, VOCAB, (20, 20)), torch.ones(20, 20, dtype=torch.bool)
    expected, found = made.eval()(tokens, mask).states, made.train()(tokens, mask).states
    positive = expected > 0
    assert (found[positive] == 0).float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert torch.allclose(found[found > 0], 2 * expected[found > 0])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"kernel_sizes": ()}, "give at least one kernel size, and none below 1"),
        ({"kernel_sizes": (3, 0)}, "give at least one kernel size, and none below 1"),
        ({"num_filters": 0}, "greater than 0"),
        ({"init_from": "writer"}, 'init_modules = "embedding" takes only its embedding'),
        ({"init_modules": "embedding"}, "init_from, which is not set"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        TextCnnEncoder.Config.model_validate(settings)
