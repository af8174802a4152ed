from __future__ import annotations

import math

import pytest
import torch
from helpers.steppers import HistoryStepper, TableStepper, probabilities

from seqtasks.decoding import DecodingConfig, Ensemble, decode, score
from seqtasks.errors import SeqtasksError


def test_probabilities_are_averaged() -> None:
    members = Ensemble([TableStepper(1, probabilities(0.9, 0.1)), TableStepper(1, probabilities(0.3, 0.7))])
    [forced] = score(members, [[4]])
    assert forced.log_probabilities == pytest.approx([math.log(0.4), math.log(0.6)])
    [[found]] = decode(
        members, source_lengths=torch.tensor([1]), options=DecodingConfig(beam_size=2, length_penalty="none")
    )
    assert found.tokens == ()
    assert found.score == pytest.approx(math.log(0.6))


def test_members_keep_states_of_their_own() -> None:
    seeds = [3, 4, 5, 6]
    lengths = torch.tensor([4, 2, 3, 1])
    options = DecodingConfig(beam_size=3, nbest=2, max_length="x+1")
    members = Ensemble([HistoryStepper(seeds), HistoryStepper([seed + 50 for seed in seeds])])
    for row in zip(seeds, decode(members, source_lengths=lengths, options=options), strict=True):
        seed, hypotheses = row
        for each in hypotheses:
            pair = Ensemble([HistoryStepper([seed]), HistoryStepper([seed + 50])])
            [forced] = score(pair, [each.tokens])
            count = len(each.log_probabilities)
            assert each.log_probabilities == pytest.approx(forced.log_probabilities[:count], abs=1e-5)


def test_attention_is_averaged_where_all_have_one() -> None:
    one = TableStepper(1, probabilities(0.5, 0.5))
    tokens = torch.tensor([[2, 4, 3]])
    assert Ensemble([one, one]).score_targets(tokens).attention is None
    attention = Ensemble([one, one]).score_targets(tokens, attention=True).attention
    assert attention is not None
    assert attention.tolist() == [[[0.5, 0.5]] * 2]
    assert Ensemble([one, HistoryStepper([1])]).score_targets(tokens, attention=True).attention is None


def test_mistakes() -> None:
    with pytest.raises(SeqtasksError, match="no members"):
        Ensemble([])
    with pytest.raises(SeqtasksError, match="different inputs"):
        Ensemble([HistoryStepper([1]), HistoryStepper([1, 2])])
    unlike = Ensemble([HistoryStepper([1], vocab=6), HistoryStepper([1], vocab=7)])
    with pytest.raises(SeqtasksError, match="different sizes: 6, 7"):
        decode(unlike, source_lengths=torch.tensor([1]), options=DecodingConfig())
