"""The bag of words against n-grams counted one by one."""

from __future__ import annotations

import math

import pytest
import torch

from seqtasks.encoders import BagOfWordsEncoder
from seqtasks.encoders.bag_of_words import HashedNgrams, hash_ngrams
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.word_embedding import WordEmbedding

VOCAB, DIM, BUCKETS = 12, 4, 64


def encoder(ngrams: int) -> BagOfWordsEncoder:
    """One whose n-grams have learned something."""
    torch.manual_seed(1)
    made = BagOfWordsEncoder(
        BagOfWordsEncoder.Config(max_ngram_size=ngrams, num_buckets=BUCKETS), TokenEmbedding(VOCAB, DIM)
    )
    if made.ngrams is not None:
        torch.nn.init.normal_(made.ngrams.table.weight)
    return made.eval()


def bucket(ngram: list[int]) -> int:
    number = len(ngram)
    for token in ngram:
        number = (number * 116_049_371 + token) % (2**31 - 1)
    return number % BUCKETS


def by_hand(made: BagOfWordsEncoder, ngrams: int, tokens: list[int]) -> torch.Tensor:
    states = []
    for end in range(1, len(tokens) + 1):
        state = made.embedding.weight[tokens[end - 1]].clone()
        for size in range(2, min(ngrams, end) + 1):
            state += made.ngrams.table.weight[bucket(tokens[end - size : end])]
        states.append(state * math.sqrt(DIM))
    return torch.stack(states)


@pytest.mark.parametrize("ngrams", [1, 2, 3, 5])
def test_a_state_is_the_sum_of_its_token_and_the_ngrams_that_end_there(ngrams: int) -> None:
    made = encoder(ngrams)
    rows = [[4, 5, 6, 7, 4, 5], [5, 4], [9]]
    tokens = torch.zeros(3, 6, dtype=torch.long)
    for row, each in zip(tokens, rows, strict=True):
        row[: len(each)] = torch.tensor(each)
    memory = made(tokens, tokens != 0)
    for row, each in enumerate(rows):
        expected = by_hand(made, ngrams, each)
        assert torch.allclose(memory.states[row, : len(each)], expected, atol=1e-5)
        assert torch.allclose(memory.summary[row], expected.mean(dim=0), atol=1e-5)


def test_what_training_never_showed_says_nothing() -> None:
    torch.manual_seed(1)
    made = BagOfWordsEncoder(
        BagOfWordsEncoder.Config(max_ngram_size=3, num_buckets=BUCKETS), TokenEmbedding(VOCAB, DIM)
    )
    tokens = torch.tensor([[4, 5, 6]])
    assert torch.equal(made(tokens, tokens != 0).states, made.embedding(tokens))


def test_an_ngram_is_there_as_far_as_all_its_tokens_are() -> None:
    made = encoder(3).ngrams
    assert made is not None
    tokens, presence = torch.tensor([[4, 5, 6, 7]]), torch.tensor([[1.0, 0.5, 1.0, 0.0]])
    pair, three = (HashedNgrams(size, BUCKETS, DIM) for size in (2, 3))
    pair.table, three.table = made.table, made.table
    pairs = pair(tokens)
    threes = three(tokens) - pairs
    weights = torch.tensor([0.0, 0.5, 0.5, 0.0]), torch.tensor([0.0, 0.0, 0.5, 0.0])
    expected = pairs * weights[0][:, None] + threes * weights[1][:, None]
    assert torch.allclose(made(tokens, presence), expected, atol=1e-6)
    assert torch.allclose(made(tokens, torch.ones(1, 4)), made(tokens), atol=1e-6)


def test_hashes_are_the_same_everywhere_and_tell_order_and_length() -> None:
    ngrams = torch.tensor([[[4, 5], [5, 4], [2**31 - 2, 2**31 - 2]]])
    assert hash_ngrams(ngrams, 2**17).tolist() == [[3_189, 53_839, 12_072]]
    assert hash_ngrams(torch.tensor([[[7, 4, 5]]]), 2**17).item() == 97_981
    every = torch.cartesian_prod(torch.arange(4, 204), torch.arange(4, 204)).unsqueeze(0)
    filled = hash_ngrams(every, 2**17).flatten().bincount(minlength=2**17)
    assert filled.count_nonzero() > 0.95 * 2**17 * (1 - math.exp(-40_000 / 2**17)), "as even as chance"


def test_it_reads_rows_of_numbers_as_taggers_have_them() -> None:
    torch.manual_seed(1)
    made = BagOfWordsEncoder(BagOfWordsEncoder.Config(num_buckets=BUCKETS), WordEmbedding(VOCAB, DIM, None))
    torch.nn.init.normal_(made.ngrams.table.weight)
    words = torch.tensor([[4, 5, 6]])
    plain = BagOfWordsEncoder(BagOfWordsEncoder.Config(num_buckets=BUCKETS), made.embedding.words)
    plain.ngrams = made.ngrams
    assert torch.equal(made(words.unsqueeze(2), words != 0).states, plain(words, words != 0).states)
