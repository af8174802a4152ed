from collections import Counter, defaultdict
from itertools import product
from math import exp

import numpy as np
import pytest

from seqtasks.text import SubwordTokenizer
from seqtasks.text.tokenizers.subword_regularization import BLANK, BPEDropout, UnigramSampler

TEXTS = [
    "lower lowest newer newest wider widest",
    "low new wide slow",
    "the lower one is slower than the newest one",
] * 20
DRAWS = 4000


def fit(model: str, sampling: float, size: int = 330) -> SubwordTokenizer:
    return SubwordTokenizer.train(
        TEXTS, SubwordTokenizer.Config(model_type=model, subword_sampling=sampling, vocab_size=size)
    )


def drawn(processor: SubwordTokenizer, word: str) -> Counter[tuple[str, ...]]:
    random = np.random.default_rng(7)
    return Counter(tuple(processor.pieces(processor.sample(word, random))) for _ in range(DRAWS))


def assert_same_distribution(counts: Counter[tuple[str, ...]], expected: dict[tuple[str, ...], float]) -> None:
    """Each frequency within 5 standard deviations of its probability, and nothing of probability 0 drawn."""
    assert sum(expected.values()) == pytest.approx(1.0)
    assert counts.keys() <= expected.keys()
    for segmentation, probability in expected.items():
        deviation = (probability * (1 - probability) / DRAWS) ** 0.5
        assert abs(counts[segmentation] / DRAWS - probability) < 5 * deviation + 1e-9, segmentation


def segmentations(word: str, known: set[str]) -> list[tuple[str, ...]]:
    """Every way to write `word` in known pieces."""
    if not word:
        return [()]
    starts = [word[:length] for length in range(1, len(word) + 1) if word[:length] in known]
    return [(start, *rest) for start in starts for rest in segmentations(word[len(start) :], known)]


@pytest.mark.parametrize("alpha", [0.2, 1.0])
@pytest.mark.parametrize("word", ["low", "newer"])
def test_unigram_frequencies(alpha: float, word: str) -> None:
    processor = fit("unigram", alpha)
    scores = {
        processor.model.id_to_piece(number): processor.model.get_score(number) for number in range(260, processor.size)
    }
    every = segmentations(BLANK + word, scores.keys())
    assert 1 < len(every) <= 64
    weights = {pieces: exp(alpha * sum(scores[piece] for piece in pieces)) for pieces in every}
    total = sum(weights.values())
    assert_same_distribution(drawn(processor, word), {pieces: weight / total for pieces, weight in weights.items()})


def merge_distribution(
    symbols: tuple[str, ...], scores: dict[str, float], dropout: float
) -> dict[tuple[str, ...], float]:
    """Algorithm 1 of the paper with every pattern of dropped merges spelled out."""
    places = [left for left in range(len(symbols) - 1) if symbols[left] + symbols[left + 1] in scores]
    result: dict[tuple[str, ...], float] = defaultdict(float)
    for kept in product([True, False], repeat=len(places)):
        probability = dropout ** kept.count(False) * (1 - dropout) ** kept.count(True)
        left_over = [place for place, keep in zip(places, kept, strict=True) if keep]
        if not left_over:
            result[symbols] += probability
            continue
        best = max(left_over, key=lambda place: (scores[symbols[place] + symbols[place + 1]], -place))
        merged = (*symbols[:best], symbols[best] + symbols[best + 1], *symbols[best + 2 :])
        for segmentation, share in merge_distribution(merged, scores, dropout).items():
            result[segmentation] += probability * share
    return result


@pytest.mark.parametrize("dropout", [0.1, 0.5])
@pytest.mark.parametrize("word", ["low", "newer"])
def test_merge_dropout_frequencies(dropout: float, word: str) -> None:
    processor = fit("bpe", dropout)
    scores = {
        processor.model.id_to_piece(number): processor.model.get_score(number) for number in range(260, processor.size)
    }
    assert_same_distribution(drawn(processor, word), merge_distribution((BLANK, *word), scores, dropout))


def test_all_merges_kept_is_plain_encoding() -> None:
    processor = fit("bpe", 0.0)
    sampler = BPEDropout(processor.model, 0.0)
    for text in [*TEXTS[:3], "unseen Wörter ♥ xx", "a  b"]:
        assert sampler.sample(text, np.random.default_rng(1)) == processor.model.encode(text)


def test_large_alpha_is_plain_encoding() -> None:
    processor = fit("unigram", 0.0)
    sampler = UnigramSampler(processor.model, 1000.0)
    for text in [*TEXTS[:3], "unseen Wörter ♥ xx"]:
        assert sampler.sample(text, np.random.default_rng(1)) == processor.encode(text)


@pytest.mark.parametrize("model", ["unigram", "bpe"])
def test_draws_depend_on_the_generator_alone(model: str) -> None:
    first, second = fit(model, 0.3), fit(model, 0.3)
    first.sample("newest lower", np.random.default_rng(99))
    draws = [
        [processor.sample(TEXTS[0], np.random.default_rng(seed)) for seed in range(8)] for processor in (first, second)
    ]
    assert draws[0] == draws[1]
    assert len({tuple(ids) for ids in draws[0]}) > 1
