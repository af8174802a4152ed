from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from seqtasks.device import autocast
from seqtasks.layers.char_encoders import CharEncoder, CharEncoderConfig, CnnCharEncoder, LstmCharEncoder

CHARACTERS = 9
WORDS = [[4, 5, 6, 7, 5], [8], [3, 3, 4], [6, 4]]

READERS: dict[str, CharEncoderConfig] = {
    "cnn": CnnCharEncoder.Config(hidden_size=12, kernel_sizes=(1, 2, 3, 6), embedding_size=5),
    "lstm": LstmCharEncoder.Config(hidden_size=8, embedding_size=5),
}
every_reader = pytest.mark.parametrize("kind", READERS)


def reader(kind: str) -> CharEncoder:
    torch.manual_seed(1)
    return CharEncoder.of_kind(kind)(READERS[kind], CHARACTERS)


def padded(words: list[list[int]], width: int = 5) -> Tensor:
    return torch.tensor([word + [0] * (width - len(word)) for word in words])


def by_hand(made: CharEncoder, word: list[int]) -> Tensor:
    """One word alone: the cross-correlation position by position, or PyTorch's bidirectional LSTM."""
    if isinstance(made, CnnCharEncoder):
        found = []
        for width, filters in zip(made.widths, made.filters, strict=True):
            edged = [0] * ((width - 1) // 2) + word + [0] * (width // 2)
            kernel = filters.weight.view(len(filters.bias), width, -1).transpose(1, 2)
            vectors = made.embedding(torch.tensor(edged)).t().unsqueeze(0)
            found.append(nn.functional.conv1d(vectors, kernel, filters.bias).squeeze(0).tanh().amax(dim=1))
        return torch.cat(found)
    assert isinstance(made, LstmCharEncoder)
    layer = nn.LSTM(5, 4, batch_first=True, bidirectional=True)
    for end, direction in (("", made.layer.forwards), ("_reverse", made.layer.backwards)):
        for name, value in direction.named_parameters():
            layer.get_parameter(name + end).data.copy_(value)
    _, (last, _) = layer(made.embedding(torch.tensor([word])))
    return last.flatten()


@every_reader
@torch.no_grad()
def test_equals_one_word_at_a_time(kind: str) -> None:
    made = reader(kind)
    found = made(padded(WORDS))
    assert found.shape == (len(WORDS), made.dim) == (len(WORDS), READERS[kind].hidden_size)
    for row, word in zip(found, WORDS, strict=True):
        assert torch.allclose(row, by_hand(made, word), atol=1e-6)


@every_reader
@torch.no_grad()
def test_padding_changes_nothing(kind: str) -> None:
    made = reader(kind)
    found = made(padded(WORDS))
    assert torch.allclose(made(padded(WORDS, 30)), found, atol=1e-6)
    for row, word in zip(found, WORDS, strict=True):
        assert torch.allclose(made(torch.tensor([word]))[0], row, atol=1e-6)


@every_reader
@torch.no_grad()
def test_the_order_of_characters_matters(kind: str) -> None:
    made = reader(kind)
    one, two = made(torch.tensor([[4, 5, 6, 7], [7, 6, 5, 4]]))
    assert not torch.allclose(one, two, atol=1e-3)


@torch.no_grad()
def test_a_filter_sees_the_edges_of_a_word() -> None:
    """The same characters twice over are another word, although no window within them is new but that across."""
    made = CnnCharEncoder(CnnCharEncoder.Config(hidden_size=6, kernel_sizes=(3,), embedding_size=5), CHARACTERS)
    made.embedding.weight[4] = 0
    inner, edge = made(torch.tensor([[4, 4, 4, 4]])), made(torch.tensor([[4, 4, 4, 5]]))
    assert not torch.allclose(inner, edge, atol=1e-3)
    made.embedding.weight[0] = 0
    assert torch.allclose(made(torch.tensor([[4, 0]])), made(torch.tensor([[4, 4]])), atol=1e-6)


@every_reader
def test_a_word_of_no_characters_breaks_nothing(kind: str) -> None:
    made = reader(kind)
    found = made(padded([*WORDS, []]))
    assert found.isfinite().all()
    assert torch.allclose(found[:-1], made(padded(WORDS)), atol=1e-6)
    found.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in made.parameters())


@every_reader
def test_gradients_reach_every_parameter_and_never_unseen_characters(kind: str) -> None:
    made = reader(kind)
    made(padded(WORDS)).sum().backward()
    assert [name for name, each in made.named_parameters() if each.grad is None or not each.grad.any()] == []
    assert made.embedding.weight.grad[1:3].eq(0).all()
    assert made.embedding.weight.grad[3:].any(dim=1).all()


@every_reader
@torch.no_grad()
def test_dropout_is_for_training_alone(kind: str) -> None:
    made = CharEncoder.of_kind(kind)(READERS[kind].model_copy(update={"dropout": 0.5}), CHARACTERS)
    words = padded(WORDS)
    assert not torch.equal(made(words), made(words))
    made.eval()
    assert torch.equal(made(words), made(words))


@every_reader
@torch.no_grad()
def test_half_precision_is_close(kind: str) -> None:
    made, words = reader(kind), padded(WORDS)
    with autocast(torch.device("cpu"), torch.bfloat16):
        mixed = made(words)
    assert torch.allclose(mixed.float(), made(words), atol=0.05)
    assert made.bfloat16()(words).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"hidden_size": 10, "kernel_sizes": [2, 3, 4]}, "hidden_size = 10 cannot be shared by 3 widths"),
        ({"kernel_sizes": []}, "give at least one kernel size"),
        ({"kernel_sizes": [3, 0]}, "none below 1"),
    ],
)
def test_widths_are_checked(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        CnnCharEncoder.Config.model_validate(settings)
