from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from helpers.generators import DECODERS, ENCODERS
from torch import Tensor

from seqtasks.config.run import read_config
from seqtasks.data.collate import pad
from seqtasks.decoding import DecodingConfig
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.rewards import reward
from seqtasks.models import EncoderDecoder, Seq2SeqBatch
from seqtasks.special_tokens import END, NEVER_GENERATED
from seqtasks.tasks.self_critical import SelfCritical, SelfCriticalConfig
from seqtasks.text import CharacterTokenizer

LETTERS = CharacterTokenizer.train(["abc"] * 9, CharacterTokenizer.Config())
A, B, C = LETTERS.encode("abc")
OTHERS = [number for number in range(LETTERS.size) if number not in (A, B, C, END)]
DECODING = DecodingConfig(max_length="2")
REFERENCES = [[[A, B], [A]], [[C], [B, C]]]


def writer(decoder: str = "dot-2") -> EncoderDecoder:
    """A model that writes the letters a, b and c alone."""
    torch.manual_seed(3)
    config = EncoderDecoder.Config(
        hidden_size=8,
        tie_embeddings="none",
        embedding_dropout=0.0,
        encoder=ENCODERS["lst-both"],
        decoder=DECODERS[decoder],
    )
    model = EncoderDecoder(config, 10, LETTERS.size)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.4 * torch.randn_like(parameter))
        model.decoder.output.bias[OTHERS] = -40.0
    return model


def batch() -> Seq2SeqBatch:
    """Two sources with two references each."""
    source = torch.tensor([[4, 5, 3], [6, 3, 0]])
    target = torch.stack([pad(row + [[]] * (2 - len(row)), begin=True, end=True)[:, :4] for row in REFERENCES])
    return Seq2SeqBatch(source, source != 0, target, target != 0)


def objective(kind: str = "cider-d", samples: int = 5, baseline: str = "samples") -> SelfCritical:
    settings = SelfCriticalConfig.model_validate({"reward": kind, "num_samples": samples, "baseline": baseline})
    return SelfCritical(settings, LETTERS, DECODING, REFERENCES)


def gradient(model: EncoderDecoder, total: Tensor) -> Tensor:
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(total, parameters, allow_unused=True)
    return torch.cat([torch.zeros(1) if each is None else each.flatten() for each in found])


@pytest.mark.parametrize("baseline", ["samples", "greedy"])
def test_on_average_its_gradient_is_that_of_the_expected_reward(baseline: str) -> None:
    """The expectation is over what can be drawn, also where the model thinks much of tokens that never are."""
    model, examples, samples = writer(), batch(), 40
    with torch.no_grad():
        model.decoder.output.bias[list(NEVER_GENERATED)] = torch.tensor([1.0, 3.0, 2.0])
    training = objective(samples=samples, baseline=baseline)
    outputs = [(), *((one,) for one in (A, B, C)), *itertools.product((A, B, C), repeat=2)]
    expected = torch.tensor(0.0)
    for row in range(2):
        for tokens in outputs:
            finished = len(tokens) < 2
            [value] = training.reward(
                [training.sentence(tokens, finished=finished)], [[training.sentence(ids) for ids in REFERENCES[row]]]
            )
            memory = model.encode(examples.source[row : row + 1], examples.source_mask[row : row + 1])
            forced = pad([tokens], begin=True, end=finished)
            logits = model.decoder.project(model.decoder(forced[:, :-1], memory).states)
            possible = logits.index_fill(2, torch.tensor(NEVER_GENERATED), -torch.inf).log_softmax(dim=2)
            expected = expected + possible.gather(2, forced[:, 1:, None]).sum().exp() * value
    exact = gradient(model, -samples * expected)
    torch.manual_seed(1)
    found = torch.stack([gradient(model, training.loss(model, examples).total) for _ in range(80)]).mean(dim=0)
    assert torch.cosine_similarity(found, exact, dim=0) > 0.97
    assert found.norm().item() == pytest.approx(exact.norm().item(), rel=0.15)


@pytest.mark.parametrize("kind", ["cider-d", "bleu", "chrf"])
@pytest.mark.parametrize("baseline", ["samples", "greedy"])
def test_rewarded_outputs_become_likelier(kind: str, baseline: str) -> None:
    torch.manual_seed(1)
    model, examples = writer("show-attend-and-tell").train(), batch()
    training = objective(kind, samples=8, baseline=baseline)
    references = [[training.sentence(ids) for ids in row] for row in REFERENCES]

    def mean_reward() -> float:
        torch.manual_seed(2)
        samples, _ = training.outputs(model, examples)
        return float(training.rewards(samples, references).mean())

    before = mean_reward()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(40):
        loss = training.loss(model, examples)
        optimizer.zero_grad()
        (loss.total / loss.count).backward()
        optimizer.step()
    best = training.rewards(training.outputs(model, examples)[0], references).max()
    assert mean_reward() > before + 0.3 * (best - before)


def test_the_baseline_of_equal_samples_leaves_nothing_to_learn() -> None:
    model, examples = writer(), batch()
    with torch.no_grad():
        model.decoder.output.bias[END] = 60.0
    training = objective()
    loss = training.loss(model, examples)
    empty = [training.sentence(())]
    rewards = training.reward(empty * 2, [[training.sentence(ids) for ids in row] for row in REFERENCES])
    assert (loss.total / loss.count).item() == pytest.approx(-rewards.mean(), abs=1e-6)
    assert gradient(model, loss.total).abs().max() == 0


def test_sampling_leaves_no_trace_in_mixed_precision() -> None:
    """Autocast remembers the weights that sampling has cast, and these have no gradient."""
    model, examples = writer().train(), batch()
    with torch.autocast("cpu", torch.bfloat16):
        torch.manual_seed(5)
        found = gradient(model, objective().loss(model, examples).total)
    torch.manual_seed(5)
    exact = gradient(model, objective().loss(model, examples).total)
    assert torch.cosine_similarity(found, exact, dim=0) > 0.98
    assert model.training


def test_the_end_is_a_token_of_the_sentence_where_the_reward_counts_it() -> None:
    assert objective().sentence([A, B]) == ["a", "b", "</s>"]
    assert objective().sentence([A, B], finished=False) == ["a", "b"]
    assert objective("chrf").sentence([A, B]) == ["ab"]


def test_references_are_read_out_of_the_padded_targets() -> None:
    training, examples = objective(), batch()
    target = torch.cat([examples.target, torch.zeros_like(examples.target[:, :1])], dim=1)
    found = [list(training.references(*row)) for row in zip(target, target != 0, strict=True)]
    assert found == [[training.sentence(ids) for ids in row] for row in REFERENCES]
    [single] = training.references(target[0, 0], target[0, 0] != 0)
    assert single == ["a", "b", "</s>"]


def test_samples_are_others_each_time_and_depend_on_the_random_state() -> None:
    model, examples, training = writer(), batch(), objective(samples=20)
    torch.manual_seed(7)
    first, second = (training.outputs(model, examples)[0] for _ in range(2))
    torch.manual_seed(7)
    assert training.outputs(model, examples)[0] == first != second


def test_an_output_without_end_has_none_as_a_target(monkeypatch: pytest.MonkeyPatch) -> None:
    model, training, asked = writer(), objective(samples=30), []
    samples, _ = training.outputs(model, batch())
    whole = model.loss
    monkeypatch.setattr(training, "outputs", lambda *_: (samples, None))
    monkeypatch.setattr(model, "loss", lambda pairs: [asked.append(pairs), whole(pairs)][1])
    training.loss(model, batch())
    [pairs] = asked
    for row, line in zip(samples, pairs.target, strict=True):
        for each, ids in zip(row, line, strict=True):
            assert ids[ids != 0].tolist()[1:] == [*each.tokens, *([END] if each.finished else [])]
    assert {each.finished for row in samples for each in row} == {True, False}
    assert torch.equal(pairs.target_mask, pairs.target != 0)


def test_cider_knows_the_training_references_and_the_greedy_baseline_is_found_without_dropout() -> None:
    training = objective(baseline="greedy")
    [value] = training.reward([["a", "</s>"]], [[["a", "</s>"]]])
    known = [[training.sentence(ids) for ids in row] for row in REFERENCES]
    assert value == pytest.approx(float(reward("cider-d", known)([["a", "</s>"]], [[["a", "</s>"]]])[0]))
    model, examples = writer().train(), batch()
    _, greedy = training.outputs(model, examples)
    assert greedy is not None
    assert [len(row) for row in greedy] == [1, 1]
    assert training.outputs(model, examples)[1] == greedy


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="greater than 1"):
        SelfCriticalConfig(num_samples=1)
    assert replace(objective().sampling, nbest=1).max_length == "2"


@pytest.mark.parametrize("task", ["translation", "captioning"])
def test_r_drop_is_not_for_sampled_targets(task: str) -> None:
    source = {"path": "pairs.tsv"} if task == "translation" else {"captions": "captions.csv", "images": "."}
    run = {
        "task": task,
        "data": {"train": [source]},
        "self_critical": {},
        "model": {
            "encoder": {"kind": "lstm" if task == "translation" else "cnn"}, "decoder": {"kind": "lstm"}, "r_drop": 1.0
        },
    }  # fmt: skip
    with pytest.raises(SeqtasksError, match=r"r_drop and self_critical are mutually exclusive"):
        read_config(run)
