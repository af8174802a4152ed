"""Language models: windows and what is carried between them, prompts, settings."""

from __future__ import annotations

import pytest
import torch
from helpers.writers import BEGIN, ENCODERS, RECURRENT, VOCAB, prompt, texts, window, writer
from pydantic import ValidationError
from torch import Tensor

from seqtasks.decoding import Ensemble, Stepper
from seqtasks.device import autocast
from seqtasks.models import LanguageModel
from seqtasks.models.state_dict import load_unique_state_dict, unique_state_dict

every_encoder = pytest.mark.parametrize("name", ENCODERS)
every_recurrent = pytest.mark.parametrize("name", RECURRENT)
TIES = pytest.mark.parametrize("tie", [True, False])


def log_probabilities(model: LanguageModel, tokens: Tensor) -> Tensor:
    """Of every token but the first, after all those before it: no window, no chunk."""
    states, _ = model.encoder.read(tokens[:, :-1], None)
    return model.logits(states).log_softmax(2).gather(2, tokens[:, 1:].unsqueeze(2)).squeeze(2)


@every_encoder
@TIES
@torch.no_grad()
def test_loss_is_the_sum_of_what_is_to_be_predicted(name: str, tie: bool) -> None:
    model, tokens = writer(name, tie_embeddings=tie), texts(3, 8)
    mask = torch.arange(8) < torch.tensor([[8], [5], [2]])
    loss, _ = model.loss(window(tokens, mask), None)
    expected = -(log_probabilities(model, tokens) * mask[:, 1:]).sum()
    assert loss.total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert loss.count.item() == mask[:, 1:].sum()


@every_encoder
def test_loss_and_gradients_are_those_of_all_logits(name: str) -> None:
    model, tokens = writer(name, sharpness=1.0), texts(3, 8)
    parameters = list(model.parameters())
    ours = torch.autograd.grad(model.loss(window(tokens), None)[0].total, parameters)
    theirs = torch.autograd.grad(-log_probabilities(model, tokens).sum(), parameters)
    for one, two in zip(ours, theirs, strict=True):
        assert torch.allclose(one, two, atol=1e-4)
        assert one.any()


@every_recurrent
@torch.no_grad()
def test_losses_of_windows_add_up_to_that_of_the_whole_text(name: str) -> None:
    model, tokens = writer(name), texts(3, 13)
    whole, _ = model.loss(window(tokens), None)
    carried, total = None, 0.0
    for first in range(0, 12, 4):
        loss, carried = model.loss(window(tokens[:, first : first + 5]), carried)
        total += loss.total.item()
    assert total == pytest.approx(whole.total.item(), rel=1e-5)


@every_recurrent
def test_gradients_end_where_a_window_begins(name: str) -> None:
    """They are autograd's own, of the whole text, where what is carried between its parts is a constant."""
    model, tokens = writer(name, sharpness=1.0), texts(2, 9)
    parameters = list(model.parameters())
    first, carried = model.loss(window(tokens[:, :5]), None)
    assert not any(each.requires_grad for each in carried)
    second, _ = model.loss(window(tokens[:, 4:]), carried)
    ours = torch.autograd.grad(first.total + second.total, parameters)

    early, between = model.encoder.read(tokens[:, :4], None)
    constant = [each.detach() for each in between]
    states = torch.cat([early, model.encoder.read(tokens[:, 4:8], constant)[0]], dim=1)
    logits = model.logits(states).log_softmax(2)
    expected = -logits.gather(2, tokens[:, 1:].unsqueeze(2)).sum()
    for one, two in zip(ours, torch.autograd.grad(expected, parameters), strict=True):
        assert torch.allclose(one, two, atol=1e-4)
    uncut = torch.autograd.grad(model.loss(window(tokens), None)[0].total, parameters)
    assert any(not torch.allclose(one, two, atol=1e-2) for one, two in zip(ours, uncut, strict=True))


@torch.no_grad()
def test_every_window_of_a_transformer_begins_anew() -> None:
    model, tokens = writer("transformer-2"), texts(2, 6)
    first, carried = model.loss(window(tokens), None)
    assert carried == []
    assert model.loss(window(tokens), carried)[0].total == first.total


@every_encoder
def test_a_loss_is_the_sum_over_rows(name: str) -> None:
    model, tokens = writer(name), texts(4, 7)
    _, carried = model.loss(window(texts(4, 5, seed=2)), None)
    together, after = model.loss(window(tokens), carried)
    total = 0.0
    for row in range(4):
        alone, own = model.loss(window(tokens[row : row + 1]), [each[row : row + 1] for each in carried])
        total += alone.total.item()
        for one, two in zip(own, after, strict=True):
            assert torch.allclose(one[0], two[row], atol=1e-6)
    assert together.total.item() == pytest.approx(total, rel=1e-5)


@every_encoder
@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 6])
def test_a_prompt_in_one_pass_is_the_prompt_token_by_token(name: str, length: int) -> None:
    model = writer(name)
    prompts = torch.tensor([prompt(seed, length) for seed in (1, 2, 3)])
    onward = texts(3, 5)
    stepper = model.make_stepper(prompts)
    assert isinstance(stepper, Stepper)
    state, tokens = stepper.start(2, 5), torch.full((3, 2), BEGIN)
    whole = torch.cat([prompts, onward], dim=1)
    for position in range(5):
        logits, state = stepper.step(tokens, position, state)
        states, _ = model.encoder.read(whole[:, : length + position], None)
        expected = model.logits(states[:, -1:]).expand_as(logits)
        assert torch.allclose(logits, expected, atol=1e-4)
        tokens = onward[:, position : position + 1].expand(-1, 2)
    begun = torch.cat([torch.full((3, 1), BEGIN), onward], dim=1)
    expected = log_probabilities(model, whole)[:, length - 1 :]
    assert torch.allclose(stepper.score_targets(begun).log_probabilities, expected, atol=1e-4)


@every_encoder
@torch.no_grad()
def test_a_prompt_goes_on_after_what_was_carried(name: str) -> None:
    model, tokens = writer(name), texts(2, 9)
    begun = torch.cat([torch.full((2, 1), BEGIN), texts(2, 3, seed=5)], dim=1)
    whole = model.make_stepper(tokens)
    for cut in (8, 4):
        _, carried = model.encoder.read(tokens[:, :cut], None)
        parted = model.make_stepper(tokens[:, cut:], carried)
        expected, found = (each.score_targets(begun).log_probabilities for each in (whole, parted))
        assert torch.allclose(found, expected, atol=1e-4)
        expected, found = (each.step(begun[:, :1], 0, each.start(1, 3))[0] for each in (whole, parted))
        assert torch.allclose(found, expected, atol=1e-4)


@torch.no_grad()
def test_models_write_together() -> None:
    tokens = torch.tensor([prompt(1, 3)])
    steppers = [writer(name).make_stepper(tokens) for name in ("lstm-2", "transformer-1")]
    begun = torch.tensor([[BEGIN, 4, 5]])
    together, *alone = (each.score_targets(begun).log_probabilities for each in (Ensemble(steppers), *steppers))
    mean = torch.stack([each.exp() for each in alone]).mean(0).log()
    assert torch.allclose(together, mean, atol=1e-5)


@pytest.mark.parametrize("name", ["lstm-1", "gru-1"])
@TIES
def test_a_tied_matrix_is_stored_once_and_fits_states_of_any_width(name: str, tie: bool) -> None:
    model = writer(name, tie_embeddings=tie)
    assert (model.output.weight is model.encoder.embedding.weight) is tie
    assert (model.projection is None) is (not tie or model.encoder.dim == 8)
    names = unique_state_dict(model)
    assert ("output.weight" in names) is not tie
    assert "encoder.embedding.weight" in names
    other = writer(name, tie_embeddings=tie, seed=2)
    load_unique_state_dict(other, names)
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


@torch.no_grad()
@pytest.mark.parametrize("option", ["embedding_dropout", "word_dropout", "dropout", "label_smoothing"])
def test_regularization_is_for_training_alone(option: str) -> None:
    plain, model = writer("gru-1"), writer("gru-1", **{option: 0.5})
    batch = window(texts(3, 6))
    expected = plain.loss(batch, None)[0].total
    assert model.loss(batch, None)[0].total == expected
    assert model.train().loss(batch, None)[0].total != expected


@every_encoder
@torch.no_grad()
def test_half_precision_is_close(name: str) -> None:
    model, tokens = writer(name, sharpness=1.0), texts(3, 9)
    exact, _ = model.loss(window(tokens), None)
    with autocast(torch.device("cpu"), torch.bfloat16):
        mixed, carried = model.loss(window(tokens), None)
        model.loss(window(tokens), [each.float() for each in carried])
        logits, _ = (stepper := model.make_stepper(tokens)).step(tokens[:, :1], 0, stepper.start(1, 4))
    assert mixed.total.dtype == torch.float32
    assert mixed.total.item() == pytest.approx(exact.total.item(), rel=0.05)
    assert logits.shape == (3, 1, VOCAB)


@every_encoder
def test_settings_survive_being_written(name: str) -> None:
    config = LanguageModel.Config(hidden_size=8, encoder=ENCODERS[name])
    assert LanguageModel.Config.model_validate(config.model_dump()) == config


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"encoder": {"kind": "lstm"}}, "'lstm' would see the tokens that it has to predict; set bidirectional"),
        ({"encoder": {"kind": "transformer"}}, "'transformer' would see .* causal = true of a Transformer"),
        ({"encoder": {"kind": "cnn"}}, "unknown kind 'cnn'; there are gru, lstm, rnn, transformer"),
        (
            {"encoder": {"kind": "transformer", "causal": True}, "hidden_size": 10},
            "hidden_size = 10 cannot be shared by 4 heads",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        LanguageModel.Config.model_validate(settings)
