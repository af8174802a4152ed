from __future__ import annotations

import pytest
import torch
from torch import Tensor

from seqtasks.device import autocast
from seqtasks.layers.char_encoders import CharEncoder, CnnCharEncoder, LstmCharEncoder
from seqtasks.layers.word_embedding import WordEmbedding

WORDS, CHARACTERS, UNKNOWN = 9, 12, 1

READERS = {
    "cnn": (CnnCharEncoder, CnnCharEncoder.Config(hidden_size=6, kernel_sizes=(2, 3), embedding_size=4)),
    "lstm": (LstmCharEncoder, LstmCharEncoder.Config(hidden_size=6, embedding_size=4)),
}
every_reader = pytest.mark.parametrize("kind", READERS)


def reader(kind: str) -> CharEncoder:
    member, config = READERS[kind]
    return member(config, CHARACTERS)


def embedding(kind: str | None = "cnn", word_dropout: float = 0.0) -> WordEmbedding:
    torch.manual_seed(1)
    return WordEmbedding(WORDS, 8, None if kind is None else reader(kind), word_dropout=word_dropout)


def sentences(rows: int = 5, length: int = 7) -> Tensor:
    """Known words of one to four characters, many of them again and again."""
    random = torch.Generator().manual_seed(2)
    spellings = torch.randint(4, CHARACTERS, (WORDS, 4), generator=random)
    spellings *= torch.arange(4) < torch.randint(1, 5, (WORDS, 1), generator=random)
    words = torch.randint(UNKNOWN + 1, WORDS, (rows, length), generator=random)
    return torch.cat([words.unsqueeze(2), spellings[words]], dim=2)


@every_reader
@torch.no_grad()
def test_a_word_and_its_characters_side_by_side(kind: str) -> None:
    made, tokens = embedding(kind), sentences()
    vectors = made(tokens)
    assert made.dim == 14
    assert vectors.shape == (5, 7, 14)
    assert made.reader is not None
    for row, place in ((0, 0), (3, 6), (4, 2)):
        token = tokens[row, place]
        assert torch.equal(vectors[row, place, :8], made.words(token[0]))
        assert torch.allclose(vectors[row, place, 8:], made.reader(token[None, 1:])[0], atol=1e-6)


@every_reader
def test_reading_each_spelling_once_has_the_gradients_of_reading_all(kind: str) -> None:
    made, tokens = embedding(kind), sentences()
    assert made.reader is not None
    weights = torch.randn(5, 7, 6)
    parameters = list(made.reader.parameters())
    once = torch.autograd.grad((made(tokens)[..., 8:] * weights).sum(), parameters)
    every = made.reader(tokens[..., 1:].flatten(0, 1)).view(5, 7, 6)
    for one, two in zip(once, torch.autograd.grad((every * weights).sum(), parameters), strict=True):
        assert torch.allclose(one, two, atol=1e-4)


@every_reader
def test_no_spelling_is_read_twice(kind: str) -> None:
    made, read = embedding(kind), []
    assert made.reader is not None
    made.reader.register_forward_hook(lambda module, inputs, output: read.append(inputs[0]))
    tokens = sentences()
    made(tokens)
    (rows,) = [sorted(rows.tolist()) for rows in read]
    assert rows == sorted(map(list, {tuple(row) for row in tokens[..., 1:].flatten(0, 1).tolist()}))


@torch.no_grad()
def test_words_alone_where_no_characters_are_read() -> None:
    made, tokens = embedding(None), sentences()
    assert made.dim == 8
    assert torch.equal(made(tokens[..., :1]), made.words(tokens[..., 0]))


@every_reader
@torch.no_grad()
def test_hidden_words_are_unknown_in_training_alone_and_keep_their_characters(kind: str) -> None:
    made, tokens = embedding(kind, word_dropout=0.25), sentences(60, 50)
    found = made(tokens)
    expected = made.eval()(tokens)
    hidden = (found[..., :8] == made.words(torch.tensor(UNKNOWN))).all(2)
    assert hidden.float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert torch.equal(found[..., :8][~hidden], expected[..., :8][~hidden])
    assert torch.allclose(found[..., 8:], expected[..., 8:], atol=1e-6)
    assert not (expected[..., :8] == made.words(torch.tensor(UNKNOWN))).all(2).any()


@torch.no_grad()
def test_elements_of_both_parts_are_dropped() -> None:
    torch.manual_seed(1)
    made = WordEmbedding(WORDS, 8, reader("cnn"), dropout=0.5)
    vectors = made(sentences(60, 50))
    dropped = made.apply_dropout(vectors)
    assert (dropped == 0).float().mean(dim=(0, 1)).sub(0.5).abs().max() < 0.05
    assert torch.allclose(dropped[dropped != 0], 2 * vectors[dropped != 0])
    assert torch.equal(made.eval().apply_dropout(vectors), vectors)


@every_reader
@torch.no_grad()
def test_vectors_follow_the_precision_of_matrix_products(kind: str) -> None:
    made, tokens = embedding(kind), sentences()
    with autocast(torch.device("cpu"), torch.bfloat16):
        mixed = made(tokens)
    assert mixed.dtype == torch.bfloat16
    assert torch.allclose(mixed.float(), made(tokens), atol=0.05)
