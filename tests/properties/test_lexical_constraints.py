"""What holds for every search whose outputs have to contain phrases, or must not."""

from __future__ import annotations

import pytest
import torch
from helpers.steppers import FACTORIES, Factory, exhaustive
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.decoding import DecodingConfig, Hypothesis, LengthPenalty, decode, score
from seqtasks.decoding.active_rows import ActiveRows

END = 3
WORDS = (4, 5)
GOES_ON = torch.tensor([False, False, False, False, False, True])
"""Token 5 goes on with the word before it."""
few = settings(max_examples=12, deadline=None)
every_model = pytest.mark.parametrize("model", FACTORIES.values(), ids=FACTORIES)
seeds = st.integers(0, 2**31)
forms = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(tuple)
phrases = st.lists(st.lists(forms, min_size=1, max_size=2), max_size=3)
whole_words = st.lists(st.lists(forms.map(lambda form: (4, *form[1:])), min_size=1, max_size=2), max_size=3)
options = st.builds(
    DecodingConfig,
    beam_size=st.integers(2, 5),
    length_penalty=st.sampled_from(["none", "average", "wu:1"]),
    nbest=st.integers(1, 2),
    max_length=st.sampled_from(["3", "1x+2", "9"]),
    no_repeat_ngram_size=st.sampled_from([0, 0, 2]),
    min_length=st.sampled_from(["0", "4"]),
)


def contains(tokens: tuple[int, ...], form: tuple[int, ...], words: bool = False) -> bool:
    """Whether a form stands somewhere, where `words` holds at the end of a word."""
    places = range(len(tokens) - len(form) + 1)
    return any(
        tokens[place : place + len(form)] == form
        and not (words and place + len(form) < len(tokens) and GOES_ON[tokens[place + len(form)]])
        for place in places
    )


def all_met(tokens: tuple[int, ...], own: list[list[tuple[int, ...]]], words: bool = False) -> bool:
    return all(any(contains(tokens, form, words) for form in phrase) for phrase in own)


@every_model
@pytest.mark.parametrize("words", [False, True])
@few
@given(data=st.data(), seed=seeds, penalty=st.sampled_from(["none", "average", "wu:1"]))
def test_a_wide_beam_is_exhaustive_search(
    model: Factory, data: st.DataObject, seed: int, penalty: str, words: bool
) -> None:
    own = data.draw(whole_words if words else phrases)
    total = sum(min(map(len, phrase)) for phrase in own)
    shorter = data.draw(st.integers(1, 4))
    max_length = total + shorter + 1
    if max_length > 6:
        return
    # What is longer is only found where the missing phrases come at once: there is just room for them.
    expected = exhaustive(
        model.make([seed]), model.vocab, max_length, LengthPenalty.parse("none" if own else penalty),
        allowed=lambda tokens, finished: all_met(tokens, own, words) and len(tokens) + finished <= shorter,
    )  # fmt: skip
    [found] = decode(
        model.make([seed]),
        source_lengths=torch.tensor([1]),
        options=DecodingConfig(beam_size=130, nbest=130, length_penalty=penalty, max_length=str(max_length)),
        force_words_ids=[own],
        continuation_tokens=GOES_ON if words else None,
    )
    short = [each for each in found if len(each.tokens) + each.finished <= shorter]
    assert [each.normalized_score for each in short] == pytest.approx([each[0] for each in expected], abs=1e-5)


@every_model
@pytest.mark.parametrize("words", [False, True])
@few
@given(data=st.data(), options=options)
def test_phrases_are_in_every_output_whatever_the_beam(
    model: Factory, data: st.DataObject, options: DecodingConfig, words: bool
) -> None:
    inputs = data.draw(st.lists(seeds, min_size=1, max_size=9))
    own = [data.draw(whole_words if words else phrases) for _ in inputs]
    lengths = torch.tensor([1 + seed % 5 for seed in inputs])
    prefixes = [data.draw(st.sampled_from([[], [], [5], [4, 5]])) for _ in inputs]

    def run(rows: list[int]) -> list[list[Hypothesis]]:
        return decode(
            model.make([inputs[row] for row in rows]),
            source_lengths=lengths[rows],
            options=options,
            prefixes=[prefixes[row] for row in rows],
            force_words_ids=[own[row] for row in rows],
            continuation_tokens=GOES_ON if words else None,
        )

    everything = list(range(len(inputs)))
    results = run(everything)
    for seed, row, phrase, prefix in zip(inputs, results, own, prefixes, strict=True):
        for each in row:
            assert all_met(each.tokens, phrase, words)
            assert list(each.tokens[: len(prefix)]) == prefix
            [forced] = score(model.make([seed]), [each.tokens])
            length = len(each.tokens) + each.finished
            assert each.log_probabilities == pytest.approx(forced.log_probabilities[:length], abs=1e-5)
    for row in everything:
        assert run([row]) == [results[row]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ActiveRows, "drop", lambda self, done, found, position: None)
        assert run(everything) == results


@every_model
@few
@given(data=st.data(), options=options)
def test_rows_without_phrases_are_searched_as_ever(
    model: Factory, data: st.DataObject, options: DecodingConfig
) -> None:
    inputs = data.draw(st.lists(seeds, min_size=2, max_size=6))
    lengths = torch.tensor([1 + seed % 5 for seed in inputs])
    free = decode(model.make(inputs), source_lengths=lengths, options=options)
    force = [[], *([[(4, 5)]] for _ in inputs[1:])]
    [first, *_] = decode(model.make(inputs), source_lengths=lengths, options=options, force_words_ids=force)
    assert first == free[0]


@every_model
@few
@given(data=st.data(), options=options | st.builds(DecodingConfig, beam_size=st.just(1), max_length=st.just("8"))
       | st.builds(DecodingConfig, sample=st.just(True), nbest=st.just(3), max_length=st.just("8")))  # fmt: skip
def test_bad_words_never_come(model: Factory, data: st.DataObject, options: DecodingConfig) -> None:
    inputs = data.draw(st.lists(seeds, min_size=1, max_size=5))
    bad = [data.draw(st.lists(forms, max_size=3)) for _ in inputs]
    lengths = torch.tensor([1 + seed % 5 for seed in inputs])
    results = decode(model.make(inputs), source_lengths=lengths, options=options, bad_words_ids=bad)
    for row, (hypotheses, own) in enumerate(zip(results, bad, strict=True)):
        assert not any(contains(each.tokens, form) for each in hypotheses for form in own)
        alone = decode(model.make(inputs[row : row + 1]), source_lengths=lengths[row : row + 1], options=options,
                       bad_words_ids=[own], row_numbers=[row])  # fmt: skip
        assert alone == [hypotheses]


@every_model
@few
@given(data=st.data(), seed=seeds)
def test_a_wide_beam_without_bad_words_is_exhaustive_search(model: Factory, data: st.DataObject, seed: int) -> None:
    bad = data.draw(st.lists(forms, min_size=1, max_size=3))
    expected = exhaustive(
        model.make([seed]), model.vocab, 4, LengthPenalty.parse("average"),
        allowed=lambda tokens, finished: not any(contains(tokens, form) for form in bad),
    )  # fmt: skip
    [found] = decode(
        model.make([seed]), source_lengths=torch.tensor([1]), bad_words_ids=[bad],
        options=DecodingConfig(beam_size=40, nbest=3, max_length="4"),
    )  # fmt: skip
    assert [each.normalized_score for each in found] == pytest.approx([each[0] for each in expected[:3]], abs=1e-5)
