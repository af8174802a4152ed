"""What holds for every search over every model."""

from __future__ import annotations

import math

import pytest
import torch
from helpers.steppers import FACTORIES, Factory, exhaustive
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.decoding import DecodingConfig, Ensemble, Hypothesis, LengthPenalty, decode, score
from seqtasks.decoding.active_rows import ActiveRows
from seqtasks.decoding.autoregressive import greedy_search
from seqtasks.decoding.beam import beam_search
from seqtasks.decoding.constraints import DecodingConstraints
from seqtasks.decoding.hypotheses import to_lists

END = 3
PENALTIES = ("none", "average", "wu:0.6", "wu:2")
few = settings(max_examples=15, deadline=None)
every_model = pytest.mark.parametrize("model", FACTORIES.values(), ids=FACTORIES)
seeds = st.integers(0, 2**31)

searches = st.builds(
    DecodingConfig,
    beam_size=st.integers(2, 4),
    length_penalty=st.sampled_from(PENALTIES),
    nbest=st.integers(1, 2),
    max_length=st.sampled_from(["5", "1x+1", "0.5x+2"]),
    min_length=st.sampled_from(["0", "3"]),
    suppress_tokens=st.sampled_from([(), (4,)]),
    no_repeat_ngram_size=st.integers(0, 2),
) | st.builds(DecodingConfig, beam_size=st.just(1), max_length=st.just("1x+1"), no_repeat_ngram_size=st.integers(0, 2))
samplings = st.builds(
    DecodingConfig,
    sample=st.just(True),
    nbest=st.integers(1, 3),
    temperature=st.sampled_from([0.5, 1.0]),
    top_k=st.integers(0, 2),
    top_p=st.sampled_from([0.7, 1.0]),
    max_length=st.sampled_from(["5", "1x+1"]),
)


def rows_of(data: st.DataObject) -> tuple[list[int], torch.Tensor, list[list[int]]]:
    """Inputs, their lengths and their prefixes."""
    inputs = data.draw(st.lists(seeds, min_size=2, max_size=9))
    lengths = [1 + seed % 5 for seed in inputs]
    prefixes = [data.draw(st.sampled_from([[], [], [5], [4, 5], [5, 3, 4]])) for _ in inputs]
    return inputs, torch.tensor(lengths), prefixes


@every_model
@pytest.mark.parametrize("penalty", PENALTIES)
@few
@given(seed=seeds, nbest=st.sampled_from([1, 3, 40]), max_length=st.integers(1, 4))
def test_wide_beam_is_exhaustive_search(model: Factory, penalty: str, seed: int, nbest: int, max_length: int) -> None:
    stepper = model.make([seed])
    options = DecodingConfig(beam_size=40, nbest=nbest, length_penalty=penalty, max_length=str(max_length))
    expected = exhaustive(stepper, model.vocab, max_length, LengthPenalty.parse(penalty))
    [found] = decode(stepper, source_lengths=torch.tensor([1]), options=options)
    assert len(found) == min(nbest, len(expected))
    assert [each.normalized_score for each in found] == pytest.approx([each[0] for each in expected[:nbest]], abs=1e-5)
    scores = {(tokens, finished): normalized_score for normalized_score, tokens, finished in expected}
    for each in found:
        assert scores[each.tokens, each.finished] == pytest.approx(each.normalized_score, abs=1e-5)


@every_model
@few
@given(data=st.data(), options=searches)
def test_beam_of_one_is_greedy(model: Factory, data: st.DataObject, options: DecodingConfig) -> None:
    inputs, lengths, prefixes = rows_of(data)
    rules, penalty = DecodingConstraints.from_config(options, lengths, prefixes), LengthPenalty.parse("none")
    beam = beam_search(model.make(inputs), rules, width=1, nbest=1, penalty=penalty)
    assert to_lists(beam) == to_lists(greedy_search(model.make(inputs), rules, penalty=penalty))


@every_model
@few
@given(data=st.data(), options=searches | samplings)
def test_results_do_not_depend_on_the_batch(model: Factory, data: st.DataObject, options: DecodingConfig) -> None:
    inputs, lengths, prefixes = rows_of(data)
    together = decode(model.make(inputs), source_lengths=lengths, options=options, prefixes=prefixes)
    order = data.draw(st.permutations(range(len(inputs))))
    shuffled = decode(
        model.make([inputs[row] for row in order]),
        source_lengths=lengths[list(order)],
        options=options,
        prefixes=[prefixes[row] for row in order],
        row_numbers=order,
    )
    assert shuffled == [together[row] for row in order]
    for row, seed in enumerate(inputs):
        alone = decode(
            model.make([seed]),
            source_lengths=lengths[row : row + 1],
            options=options,
            prefixes=[prefixes[row]],
            row_numbers=[row],
        )
        assert alone == [together[row]]


@every_model
@few
@given(data=st.data(), options=searches | samplings)
def test_dropping_rows_changes_nothing(model: Factory, data: st.DataObject, options: DecodingConfig) -> None:
    inputs, lengths, prefixes = rows_of(data)

    def run() -> list[list[Hypothesis]]:
        return decode(model.make(inputs), source_lengths=lengths, options=options, prefixes=prefixes)

    dropped = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ActiveRows, "drop", lambda self, done, found, position: None)
        assert run() == dropped


@every_model
@few
@given(data=st.data(), options=searches | samplings)
def test_what_is_told_of_a_hypothesis_is_true(model: Factory, data: st.DataObject, options: DecodingConfig) -> None:
    inputs, lengths, prefixes = rows_of(data)
    results = decode(model.make(inputs), source_lengths=lengths, options=options, prefixes=prefixes)
    penalty = LengthPenalty.parse(options.length_penalty)
    for seed, row in zip(inputs, results, strict=True):
        assert 1 <= len(row) <= options.nbest
        assert [each.normalized_score for each in row] == sorted((each.normalized_score for each in row), reverse=True)
        if not options.sample:
            assert len({(each.tokens, each.finished) for each in row}) == len(row)
        for each in row:
            [forced] = score(model.make([seed]), [each.tokens])
            length = len(each.tokens) + each.finished
            assert each.log_probabilities == pytest.approx(forced.log_probabilities[:length], abs=1e-5)
            assert each.score == pytest.approx(math.fsum(each.log_probabilities), abs=1e-5)
            assert each.normalized_score == pytest.approx(each.score / penalty(length), rel=1e-6, abs=1e-6)


@every_model
@few
@given(data=st.data(), options=searches | samplings)
def test_rules_are_kept(model: Factory, data: st.DataObject, options: DecodingConfig) -> None:
    inputs, lengths, prefixes = rows_of(data)
    rules = DecodingConstraints.from_config(options, lengths, prefixes)
    results = decode(model.make(inputs), source_lengths=lengths, options=options, prefixes=prefixes)
    for row, (most, least, prefix) in enumerate(
        zip(rules.max_length.tolist(), rules.min_length.tolist(), prefixes, strict=True)
    ):
        for each in results[row]:
            whole = [*each.tokens, *[END] * each.finished]
            if END in prefix:
                assert whole == prefix[: prefix.index(END) + 1]
                continue
            free = whole[len(prefix) :]
            stuck = bool(options.suppress_tokens or options.no_repeat_ngram_size)
            assert whole[: len(prefix)] == prefix
            assert len(whole) == most or each.finished
            assert least <= len(whole) <= most or (stuck and each.finished)
            assert not {0, 1, 2, *options.suppress_tokens} & set(free)
            size = options.no_repeat_ngram_size
            if size:
                for end in range(max(len(prefix), size) + 1, len(each.tokens) + 1):
                    seen = [each.tokens[start : start + size] for start in range(end - size)]
                    assert each.tokens[end - size : end] not in seen


@every_model
@few
@given(data=st.data(), options=searches)
def test_ensemble_of_a_model_with_itself_is_the_model(
    model: Factory, data: st.DataObject, options: DecodingConfig
) -> None:
    inputs, lengths, prefixes = rows_of(data)
    alone = decode(model.make(inputs), source_lengths=lengths, options=options, prefixes=prefixes)
    twins = Ensemble([model.make(inputs), model.make(inputs)])
    paired = decode(twins, source_lengths=lengths, options=options, prefixes=prefixes)
    for one, two in zip(alone, paired, strict=True):
        assert [each.tokens for each in one] == [each.tokens for each in two]
        assert [each.score for each in one] == pytest.approx([each.score for each in two], abs=1e-5)
