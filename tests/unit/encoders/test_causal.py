"""A text read at once, in parts or token by token gives the same states: for every encoder that reads forward."""

from __future__ import annotations

import pytest
import torch
from helpers.writers import ENCODERS, RECURRENT, texts

from seqtasks.device import autocast
from seqtasks.encoders import CausalEncoder, GruEncoder, LstmEncoder, RnnEncoder, TransformerEncoder
from seqtasks.incremental_state import reorder_hypotheses, select_rows
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.kv_cache import GROWTH
from seqtasks.registry import ConfigModel

DIM, SIZE = 8, 7
every_encoder = pytest.mark.parametrize("name", ENCODERS)


def encoder(settings: ConfigModel) -> CausalEncoder:
    torch.manual_seed(1)
    return CausalEncoder.of(settings)(settings, TokenEmbedding(SIZE, DIM, dropout=0.3)).eval()


@every_encoder
@torch.no_grad()
def test_reading_is_encoding(name: str) -> None:
    reader, tokens = encoder(ENCODERS[name]), texts(3, 9)
    mask = torch.arange(9) < torch.tensor([[9], [4], [1]])
    states, _ = reader.read(tokens, None)
    memory = reader(torch.where(mask, tokens, 0), mask)
    assert torch.allclose(memory.states[mask], states[mask], atol=1e-6)


@every_encoder
@torch.no_grad()
@pytest.mark.parametrize("cuts", [(1,), (4, 5), (2, 7, 8)])
def test_windows_one_after_the_other_are_one_long_pass(name: str, cuts: tuple[int, ...]) -> None:
    reader, tokens = encoder(ENCODERS[name]), texts(3, 12)
    expected, last = reader.read(tokens, None)
    carried, parts = None, []
    for part in tokens.tensor_split(cuts, dim=1):
        states, carried = reader.read(part, carried)
        parts.append(states)
    assert torch.allclose(torch.cat(parts, dim=1), expected, atol=1e-6)
    assert carried is not None
    for one, two in zip(carried, last, strict=True):
        assert torch.allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("name", RECURRENT)
@torch.no_grad()
def test_carried_shapes_are_those_of_one_row(name: str) -> None:
    reader = encoder(ENCODERS[name])
    _, carried = reader.read(texts(3, 4), None)
    assert [(3, *shape) for shape in reader.state_shapes()] == [tuple(each.shape) for each in carried]
    zeros = [torch.zeros_like(each) for each in carried]
    assert torch.equal(reader.read(texts(3, 4), zeros)[0], reader.read(texts(3, 4), None)[0])
    assert reader.context is None


def test_a_transformer_carries_nothing_from_window_to_window() -> None:
    reader = encoder(TransformerEncoder.Config(causal=True, max_positions=77))
    assert reader.state_shapes() == []
    assert reader.context == 77


@every_encoder
@torch.no_grad()
@pytest.mark.parametrize("read", [0, 1, 5])
def test_step_by_step_is_reading(name: str, read: int) -> None:
    """Hypotheses that are reordered and rows that leave go on with their own past."""
    reader, rows, hyps, length = encoder(ENCODERS[name]), 4, 3, GROWTH + 3
    before, random = texts(rows, read), torch.Generator().manual_seed(3)
    carried = reader.read(before, None)[1] if read else None
    state = reader.start(rows, hyps, length, carried)
    histories = before.unsqueeze(1).expand(-1, hyps, -1)
    for position in range(length):
        tokens = torch.randint(0, SIZE, histories.shape[:2], generator=random)
        histories = torch.cat([histories, tokens.unsqueeze(2)], dim=2)
        states, state = reader.step(tokens, position, state)
        expected = reader.read(histories.flatten(0, 1), None)[0][:, -1].unflatten(0, states.shape[:2])
        assert torch.allclose(states, expected, atol=1e-5)
        if position == 2:
            left = torch.tensor([3, 1])
            state, histories = select_rows(state, left), histories[left]
        parents = torch.randint(0, hyps, histories.shape[:2], generator=random)
        state = reorder_hypotheses(state, parents)
        histories = histories.gather(1, parents.unsqueeze(2).expand_as(histories))


@every_encoder
@torch.no_grad()
def test_what_was_carried_can_be_used_again(name: str) -> None:
    reader, tokens = encoder(ENCODERS[name]), texts(2, 4)
    _, carried = reader.read(tokens, None)
    kept = [each.clone() for each in carried]
    for _ in range(2):
        state = reader.start(2, 2, 5, carried)
        for position in range(3):
            _, state = reader.step(torch.full((2, 2), 5), position, state)
    for one, two in zip(carried, kept, strict=True):
        assert torch.equal(one, two)


@every_encoder
@torch.no_grad()
def test_later_tokens_change_nothing(name: str) -> None:
    reader, tokens = encoder(ENCODERS[name]), texts(2, 8)
    others = torch.cat([tokens[:, :5], (tokens[:, 5:] + 1) % SIZE], dim=1)
    for read in (lambda each: reader.read(each, None)[0], lambda each: reader(each, each >= 0).states):
        one, two = read(tokens), read(others)
        assert torch.allclose(one[:, :5], two[:, :5], atol=1e-6)
        assert not torch.allclose(one[:, 5:], two[:, 5:], atol=1e-3)


@every_encoder
@torch.no_grad()
def test_half_precision_is_close(name: str) -> None:
    reader, tokens = encoder(ENCODERS[name]), texts(2, 6)
    expected, _ = reader.read(tokens, None)
    with autocast(torch.device("cpu"), torch.bfloat16):
        states, carried = reader.read(tokens[:, :3], None)
        onward, _ = reader.read(tokens[:, 3:], [each.float() for each in carried])
        steps, state = [], reader.start(2, 1, 3, carried)
        for position in range(3):
            step, state = reader.step(tokens[:, 3 + position : 4 + position], position, state)
            steps.append(step)
        fresh, _ = reader.step(tokens[:, :1], 0, reader.start(2, 1, 1, None))
    assert torch.allclose(torch.cat([states, onward], dim=1).float(), expected, atol=0.06)
    assert torch.allclose(torch.cat(steps, dim=1).float(), expected[:, 3:], atol=0.06)
    assert torch.allclose(fresh.float(), expected[:, :1], atol=0.06)


@pytest.mark.parametrize(
    ("settings", "causal"),
    [
        (LstmEncoder.Config(), False),
        (LstmEncoder.Config(bidirectional=False), True),
        (TransformerEncoder.Config(), False),
        (TransformerEncoder.Config(causal=True), True),
    ],
)
def test_settings_know_whether_the_future_is_seen(settings: ConfigModel, causal: bool) -> None:
    assert settings.is_causal is causal


@pytest.mark.parametrize("kind", [RnnEncoder, GruEncoder, LstmEncoder])
@pytest.mark.parametrize("bidirectional", [False, True])
@torch.no_grad()
def test_dropped_weights_and_lasting_masks_are_for_training_alone(
    kind: type[CausalEncoder], bidirectional: bool
) -> None:
    plain, regular = (
        encoder(kind.Config(hidden_size=6, bidirectional=bidirectional, dropout=0.0, **more))
        for more in ({}, {"weight_dropout": 0.5, "variational_dropout": True})
    )
    plain.embedding.dropout.probability = regular.embedding.dropout.probability = 0.0
    regular.load_state_dict(plain.state_dict())
    tokens, mask = texts(3, 5), torch.ones(3, 5, dtype=torch.bool)
    assert torch.equal(regular(tokens, mask).states, plain(tokens, mask).states)
    assert torch.equal(plain.train()(tokens, mask).states, plain(tokens, mask).states)
    assert not torch.equal(regular.train()(tokens, mask).states, regular(tokens, mask).states)


@torch.no_grad()
def test_variational_dropout_hides_the_same_at_all_positions() -> None:
    lasting = encoder(
        LstmEncoder.Config(hidden_size=40, bidirectional=False, dropout=0.5, variational_dropout=True)
    ).train()
    changing = encoder(LstmEncoder.Config(hidden_size=40, bidirectional=False, dropout=0.5)).train()
    tokens = texts(4, 6)
    hidden = lasting.read(tokens, None)[0] == 0
    assert torch.equal(hidden, hidden[:, :1].expand_as(hidden))
    assert not torch.equal(hidden[0], hidden[1])
    vectors = lasting.embed(torch.full((4, 6), 5)) == 0
    assert torch.equal(vectors, vectors[:, :1].expand_as(vectors))
    assert vectors.any()
    hidden = changing.read(tokens, None)[0] == 0
    assert not torch.equal(hidden, hidden[:, :1].expand_as(hidden))
