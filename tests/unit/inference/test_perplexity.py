"""Whatever the way to read, the likelihood is that of one text."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from seqtasks.encoders import GruEncoder, LstmEncoder, RnnEncoder, TransformerEncoder
from seqtasks.inference import perplexity
from seqtasks.inference.perplexity import likelihood
from seqtasks.models import LanguageModel
from seqtasks.registry import ConfigModel
from seqtasks.special_tokens import BEGIN
from seqtasks.text.tokenizers.document import Tokens, marked

RECURRENT = [
    LstmEncoder.Config(hidden_size=12, num_layers=2, bidirectional=False),
    GruEncoder.Config(hidden_size=12, num_layers=1, bidirectional=False),
    RnnEncoder.Config(hidden_size=12, num_layers=1, bidirectional=False),
]


def model_of(encoder: ConfigModel) -> LanguageModel:
    torch.manual_seed(1)
    config = LanguageModel.Config(
        hidden_size=8, tie_embeddings=False, embedding_dropout=0.2, label_smoothing=0.1, encoder=encoder
    )
    model = LanguageModel(config, 20).eval()
    with torch.no_grad():
        model.output.weight.mul_(5)
    return model


def stream_of(*lengths: int) -> Tokens:
    random = np.random.default_rng(1)
    return np.concatenate([marked(random.integers(4, 20, length).tolist()) for length in lengths])


def in_one_pass(model: LanguageModel, stream: Tokens) -> list[float]:
    """The negative log-probability of every token but the first, all of what stands before it read at once."""
    tokens = torch.from_numpy(stream).long().unsqueeze(0)
    with torch.no_grad():
        states, _ = model.encoder.read(tokens[:, :-1], None)
        log_probabilities = model.logits(states).log_softmax(2)
    return (-log_probabilities.gather(2, tokens[:, 1:].unsqueeze(2)).flatten()).tolist()


def wanted_sum(costs: list[float], stream: Tokens) -> float:
    return sum(cost for cost, token in zip(costs, stream[1:].tolist(), strict=True) if token != BEGIN)


@pytest.mark.parametrize("encoder", RECURRENT, ids=lambda encoder: encoder.kind)
def test_one_lane_is_one_pass(encoder: ConfigModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perplexity, "WINDOW", 16)
    model, stream = model_of(encoder), stream_of(70, 3, 41)
    found = likelihood(model, stream)
    assert found.nats == pytest.approx(wanted_sum(in_one_pass(model, stream), stream), rel=1e-5)
    assert (found.tokens, found.reading) == (70 + 3 + 41 + 3, "lanes=1")


def test_lanes_begin_with_a_warm_up_and_count_each_token_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perplexity, "WINDOW", 16)
    monkeypatch.setattr(perplexity, "WARM_UP", 9)
    model, stream = model_of(RECURRENT[0]), stream_of(150)
    found = likelihood(model, stream, lanes=4)
    cuts = [number * (len(stream) - 1) // 4 for number in range(5)]
    expected = 0.0
    for start, end in itertools.pairwise(cuts):
        begin = max(0, start - 9)
        expected += sum(in_one_pass(model, stream[begin : end + 1])[start - begin :])
    assert found.nats == pytest.approx(expected, rel=1e-5)
    assert (found.tokens, found.reading) == (151, "lanes=4|warm-up=9")
    assert found.nats == pytest.approx(likelihood(model, stream).nats, rel=0.02)


def test_a_short_text_has_no_more_lanes_than_it_can_fill() -> None:
    model, stream = model_of(RECURRENT[0]), stream_of(20)
    assert likelihood(model, stream, lanes=32) == likelihood(model, stream)


@pytest.mark.parametrize("context", [1, 7, 16, 200])
def test_a_limited_context_slides_by_half(context: int) -> None:
    model = model_of(
        TransformerEncoder.Config(num_layers=1, num_heads=2, ffn_dim=8, causal=True, max_positions=context)
    )
    stream = stream_of(30, 29)
    found = likelihood(model, stream, lanes=5)
    total, before = len(stream) - 1, context // 2
    pieces = -(-total // (context - before))
    cuts = [number * total // pieces for number in range(pieces + 1)]
    costs: list[float] = []
    for start, end in itertools.pairwise(cuts):
        begin = max(0, start - before)
        assert end - begin <= context
        costs += in_one_pass(model, stream[begin : end + 1])[start - begin :]
    assert found.nats == pytest.approx(wanted_sum(costs, stream), rel=1e-5)
    assert found.tokens == 30 + 29 + 2
    assert found.reading == f"context={context}|stride={context - before}"
