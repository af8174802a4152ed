"""One model, several ways to run it, the same numbers: for every encoder, decoder and way of tying."""

from __future__ import annotations

import itertools

import pytest
import torch
from helpers.generators import BEGIN, DECODERS, ENCODERS, PAIRS, VOCAB, generator, pairs
from pydantic import ValidationError
from torch import Tensor

from seqtasks.decoders import Decoder, TransformerDecoder
from seqtasks.decoding import Ensemble
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import reorder_hypotheses, select_rows
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.memory import Memory
from seqtasks.models import EncoderDecoder, Seq2SeqBatch
from seqtasks.special_tokens import NEVER_GENERATED

TIES = ("none", "output", "all")
ALL = [(*both, tie) for both, tie in zip(itertools.product(ENCODERS, DECODERS), itertools.cycle(TIES))]

every_model = pytest.mark.parametrize("names", ALL, ids="/".join)
some_models = pytest.mark.parametrize("names", PAIRS, ids="/".join)


def copied(memory: Memory, hyps: int) -> Memory:
    """The memory with every row once for each hypothesis."""
    return Memory(*(leaf.repeat_interleave(hyps, dim=0) for leaf in memory))


def forced_logits(decoder: Decoder, histories: Tensor, memory: Memory) -> Tensor:
    """The logits after each history (rows, hyps, length), by teacher forcing."""
    states = decoder(histories.flatten(0, 1), copied(memory, histories.shape[1])).states[:, -1]
    return decoder.project(states).unflatten(0, histories.shape[:2])


@every_model
@torch.no_grad()
def test_step_by_step_is_teacher_forcing(names: tuple[str, str, str]) -> None:
    model, batch = generator(*names), pairs(1, 2, 3, 4)
    memory = model.encode(batch.source, batch.source_mask)
    hyps, length = 3, 5
    random = torch.Generator().manual_seed(7)
    state = model.decoder.start(memory, hyps, length)
    tokens = torch.full((4, hyps), BEGIN)
    histories = tokens.unsqueeze(2)
    for position in range(length):
        logits, state = model.decoder.step(tokens, position, state)
        assert torch.allclose(logits, forced_logits(model.decoder, histories, memory), atol=1e-5)
        if position == 2:
            left = torch.tensor([3, 1])
            state, histories = select_rows(state, left), histories[left]
            memory = Memory(*(leaf[left] for leaf in memory))
        parents = torch.randint(0, hyps, histories.shape[:2], generator=random)
        state = reorder_hypotheses(state, parents)
        tokens = torch.randint(0, VOCAB, parents.shape, generator=random)
        past = histories.gather(1, parents.unsqueeze(2).expand(-1, -1, histories.shape[2]))
        histories = torch.cat([past, tokens.unsqueeze(2)], dim=2)


@some_models
@torch.no_grad()
def test_one_hypothesis_step_by_step(names: tuple[str, str, str]) -> None:
    model, batch = generator(*names), pairs(1, 2, 3)
    stepper = model.make_stepper(batch.source, batch.source_mask)
    state = stepper.start(1, batch.target.shape[1])
    steps = []
    for position in range(batch.target.shape[1] - 1):
        logits, state = stepper.step(batch.target[:, position : position + 1], position, state)
        chosen = logits.squeeze(1).log_softmax(1).gather(1, batch.target[:, position + 1 : position + 2])
        steps.append(chosen)
    assert torch.allclose(torch.cat(steps, dim=1), stepper.score_targets(batch.target).log_probabilities, atol=1e-5)


@some_models
@torch.no_grad()
def test_a_row_does_not_depend_on_the_batch(names: tuple[str, str, str]) -> None:
    model, seeds = generator(*names), [5, 3, 8, 1]
    batch = pairs(*seeds)
    together = model.make_stepper(batch.source, batch.source_mask).score_targets(batch.target).log_probabilities
    for row, seed in enumerate(seeds):
        single = pairs(seed)
        alone = model.make_stepper(single.source, single.source_mask).score_targets(single.target).log_probabilities
        assert torch.allclose(together[row, : alone.shape[1]], alone[0], atol=1e-5)
    order = torch.tensor([2, 0, 3, 1])
    shuffled = model.make_stepper(batch.source[order], batch.source_mask[order]).score_targets(batch.target[order])
    assert torch.allclose(shuffled.log_probabilities, together[order], atol=1e-5)


@some_models
@torch.no_grad()
def test_padding_changes_nothing(names: tuple[str, str, str]) -> None:
    model, batch = generator(*names), pairs(1, 2, 3)
    expected = model.make_stepper(batch.source, batch.source_mask).score_targets(batch.target, attention=True)
    source = torch.where(batch.source_mask, batch.source, 5)
    source = torch.cat([source, torch.full((3, 4), 6)], dim=1)
    mask = torch.cat([batch.source_mask, torch.zeros(3, 4, dtype=torch.bool)], dim=1)
    found = model.make_stepper(source, mask).score_targets(batch.target, attention=True)
    assert torch.allclose(found.log_probabilities, expected.log_probabilities, atol=1e-5)
    if names[1] == "show-and-tell":
        assert found.attention is expected.attention is None
        return
    assert expected.attention is not None
    assert found.attention is not None
    width = batch.source.shape[1]
    assert torch.allclose(found.attention[..., :width], expected.attention, atol=1e-5)
    assert torch.all(found.attention[~mask.unsqueeze(1).expand_as(found.attention)] == 0)
    assert torch.allclose(found.attention.sum(2), torch.ones(found.attention.shape[:2]), atol=1e-5)


@some_models
def test_loss_is_a_sum_over_rows(names: tuple[str, str, str]) -> None:
    model, seeds = generator(*names).train(), [1, 2, 3, 4]
    together = model.loss(pairs(*seeds))
    alone = [model.loss(pairs(seed)) for seed in seeds]
    assert together.total.item() == pytest.approx(sum(each.total.item() for each in alone), rel=1e-5)
    assert together.count.item() == sum(each.count.item() for each in alone)
    gradients = torch.autograd.grad(together.total, list(model.parameters()))
    summed = torch.autograd.grad(sum(each.total for each in alone), list(model.parameters()))
    for one, two in zip(gradients, summed, strict=True):
        assert torch.allclose(one, two, rtol=1e-3, atol=1e-4)


@some_models
@torch.no_grad()
def test_loss_is_what_force_says(names: tuple[str, str, str]) -> None:
    model, batch = generator(*names), pairs(1, 2, 3)
    forced = model.make_stepper(batch.source, batch.source_mask).score_targets(batch.target).log_probabilities
    loss = model.loss(batch)
    assert loss.total.item() == pytest.approx(-forced[batch.target_mask[:, 1:]].sum().item(), rel=1e-5)
    assert loss.count.item() == batch.target_mask[:, 1:].sum().item()
    smoothed = model.train().loss(batch).total.item()
    assert smoothed != pytest.approx(loss.total.item(), rel=1e-3)


@every_model
def test_gradients_reach_every_parameter(names: tuple[str, str, str]) -> None:
    model = generator(*names, sharpness=1.0).train()
    model.loss(pairs(1, 2, 3, 4, 5)).total.backward()
    missed = [name for name, each in model.named_parameters() if each.grad is None or not each.grad.any()]
    assert missed == []


def writes_text_alone(model: EncoderDecoder) -> EncoderDecoder:
    """The same model without probability for what sampling never takes."""
    with torch.no_grad():
        model.decoder.output.bias[list(NEVER_GENERATED)] = -1e4
    return model


@pytest.mark.parametrize(("tie", "matrices"), [("none", 3), ("output", 2), ("all", 1)])
def test_tied_matrices(tie: str, matrices: int) -> None:
    model = generator("transformer", "transformer-1", tie)
    found = (model.encoder.embedding.weight, model.decoder.embedding.weight, model.decoder.output.weight)
    assert len({id(each) for each in found}) == matrices


@some_models
@torch.no_grad()
def test_dropout_is_for_training_alone(names: tuple[str, str, str]) -> None:
    encoder, decoder, tie = names
    config = EncoderDecoder.Config(
        hidden_size=8,
        tie_embeddings=tie,
        word_dropout=0.3,
        encoder=ENCODERS[encoder].model_copy(update={"dropout": 0.5}),
        decoder=DECODERS[decoder].model_copy(update={"dropout": 0.5}),
    )
    model, batch = EncoderDecoder(config, VOCAB, VOCAB), pairs(1, 2, 3)
    assert model.loss(batch).total != model.loss(batch).total
    model.eval()
    assert model.loss(batch).total == model.loss(batch).total


@torch.no_grad()
def test_an_ensemble_with_itself_is_the_model() -> None:
    for names in PAIRS:
        model, batch = generator(*names), pairs(1, 2, 3)
        stepper = model.make_stepper(batch.source, batch.source_mask)
        alone, twins = (
            each.score_targets(batch.target, attention=True) for each in (stepper, Ensemble([stepper, stepper]))
        )
        for one, two in zip(alone, twins, strict=True):
            assert one is two is None or torch.allclose(one, two, atol=1e-6)


def test_heads_have_to_divide_the_width() -> None:
    with pytest.raises(ValidationError, match="hidden_size = 10 cannot be shared by 4 heads"):
        EncoderDecoder.Config(hidden_size=10, encoder=ENCODERS["rnn-both"], decoder=DECODERS["transformer-1"])


@torch.no_grad()
def test_an_empty_source_is_only_its_end() -> None:
    for names in PAIRS:
        model = generator(*names)
        batch = Seq2SeqBatch(torch.tensor([[3]]), torch.tensor([[True]]), *pairs(1)[2:])
        assert model.loss(batch).total.isfinite()


@some_models
def test_several_targets_of_a_source_are_as_good_as_the_source_again_and_again(names: tuple[str, str, str]) -> None:
    model, several, again = generator(*names), pairs(1, 2), pairs(1, 1, 2)
    width = again.target.shape[1]
    target = torch.zeros(2, 2, width, dtype=torch.long)
    target[0], target[1, 1] = again.target[:2], again.target[2]
    together = Seq2SeqBatch(several.source, several.source_mask, target, target != 0)
    losses = [model.loss(batch) for batch in (together, again)]
    assert torch.allclose(losses[0].total, losses[1].total, atol=1e-5)
    assert losses[0].count == losses[1].count
    gradients = [torch.autograd.grad(loss.total, model.decoder.output.weight)[0] for loss in losses]
    assert torch.allclose(*gradients, atol=1e-5)


@some_models
def test_a_target_counts_as_often_as_its_weight_says(names: tuple[str, str, str]) -> None:
    model, batch = writes_text_alone(generator(*names)), pairs(1, 2, 3)
    alone = torch.stack([model.loss(pairs(seed)).total for seed in (1, 2, 3)])
    weight = torch.tensor([2.0, -0.5, 0.0])
    weighted = model.loss(batch._replace(weight=weight))
    assert torch.allclose(weighted.total, (weight * alone).sum(), atol=1e-4)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    found, wanted = (
        torch.autograd.grad(total, parameters, allow_unused=True) for total in (weighted.total, (weight * alone).sum())
    )
    for one, two in zip(found, wanted, strict=True):
        assert one is two is None or torch.allclose(one, two, atol=1e-3)


def test_targets_with_weights_are_not_smoothed() -> None:
    model, batch = writes_text_alone(generator(*PAIRS[0])).train(), pairs(1, 2, 3)
    assert model.label_smoothing > 0
    plain = model.eval().loss(batch).total
    weighted = model.train().loss(batch._replace(weight=torch.ones(3))).total
    assert torch.allclose(weighted, plain, atol=1e-4)
    assert not torch.allclose(model.loss(batch).total, plain, atol=1e-2)


def test_sampled_targets_are_as_probable_as_they_were_when_drawn() -> None:
    model, batch = generator(*PAIRS[0]), pairs(1, 2, 3)
    with torch.no_grad():
        model.decoder.output.bias[list(NEVER_GENERATED)] = 3.0
    sampled, given = model.loss(batch._replace(weight=torch.ones(3))).total, model.loss(batch).total
    assert sampled < given - 1
    assert torch.allclose(sampled, writes_text_alone(model).loss(batch).total, atol=1e-4)


@pytest.mark.parametrize("decoder", ["transformer-3", "dot-2", "additive-1"])
def test_guided_alignment_adds_the_cross_entropy_of_attention(decoder: str) -> None:
    model, batch = generator("transformer", decoder, "all"), pairs(1, 2, 3, 4)
    wanted = torch.rand(*batch.target[:, 1:].shape, batch.source.shape[1]) * batch.source_mask.unsqueeze(1)
    guided = batch._replace(alignment=wanted)
    assert model.eval().loss(guided).total == model.loss(batch).total
    model.train()
    for module in model.modules():  # dropout would draw other numbers
        module.training = module is model
    memory = model.encode(batch.source, batch.source_mask)
    attention = model.decoder(batch.target[:, :-1], memory, attention=True).attention
    assert attention is not None
    added = -sum(
        (wanted[row, place] * attention[row, place].clamp_min(1e-9).log()).sum()
        for row in range(4) for place in range(wanted.shape[1])
    )  # fmt: skip
    torch.testing.assert_close(model.loss(guided).total, model.loss(batch).total + added)


def test_guided_alignment_needs_attention() -> None:
    model, batch = generator("gru-both", "show-and-tell", "all"), pairs(1, 2)
    wanted = torch.ones(*batch.target[:, 1:].shape, batch.source.shape[1])
    with pytest.raises(SeqtasksError, match="no attention"):
        model.train().loss(batch._replace(alignment=wanted))


@torch.no_grad()
def test_alignment_heads_are_the_attention_shown() -> None:
    model, batch = generator("transformer", "transformer-3", "all"), pairs(1, 2, 3, 4)
    memory, tokens, decoder = model.encode(batch.source, batch.source_mask), batch.target[:, :-1], model.decoder
    assert isinstance(decoder, TransformerDecoder)
    mean = decoder(tokens, memory, attention=True).attention
    decoder.alignment_heads = 1
    shown = decoder(tokens, memory, attention=True)
    assert mean is not None
    assert shown.attention is not None
    assert not torch.allclose(mean, shown.attention)
    torch.testing.assert_close(shown.attention.sum(2), torch.ones(tokens.shape))
    torch.testing.assert_close(shown.states, decoder(tokens, memory).states)


def test_alignment_heads_have_to_exist() -> None:
    with pytest.raises(ValidationError, match="there are 4 heads"):
        TransformerDecoder.Config(num_heads=4, alignment_heads=5)


@some_models
def test_r_drop_adds_the_divergence_of_two_passes(names: tuple[str, str, str]) -> None:
    model, batch = generator(*names).train(), pairs(4, 2, 3)
    plain = model.loss(batch)
    model.r_drop = 2.0
    same = model.loss(batch)  # no dropout: both passes are one
    torch.testing.assert_close(same.total, plain.total)
    assert same.count == plain.count
    decoder_alone = model.loss_of(model.encode(batch.source, batch.source_mask), batch.target, batch.target_mask)
    torch.testing.assert_close(decoder_alone.total, plain.total)
    for module in model.modules():
        if isinstance(module, Dropout):
            module.probability = 0.3
    torch.manual_seed(3)
    both = model.loss(batch)
    torch.manual_seed(3)
    twice = Seq2SeqBatch(*(None if part is None else torch.cat([part, part]) for part in batch))
    model.r_drop = 0.0
    assert both.total.item() > model.loss(twice).total.item() / 2
    assert both.count == plain.count
    model.eval()
    torch.testing.assert_close(model.loss(batch).total, generator(*names).loss(batch).total)


def test_r_drop_is_for_guided_attention_and_several_targets_too() -> None:
    model, batch = generator("transformer", "transformer-1").train(), pairs(4, 2, 3)
    wanted = torch.rand(3, batch.target.shape[1] - 1, batch.source.shape[1]) * batch.target_mask[:, 1:, None]
    several = batch._replace(
        target=batch.target[:, None].repeat(1, 2, 1), target_mask=batch.target_mask[:, None].repeat(1, 2, 1)
    )
    for given in (batch._replace(alignment=wanted), several):
        model.r_drop = 0.0
        plain = model.loss(given)
        model.r_drop = 1.0
        torch.testing.assert_close(model.loss(given).total, plain.total)
        assert model.loss(given).count == plain.count
