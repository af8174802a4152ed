from __future__ import annotations

import torch
from helpers.grid import MEMORY_WIDTH, TOKENS, VOCAB, WIDTH, grid
from torch import nn

from seqtasks.decoders import ShowAndTellDecoder
from seqtasks.device import autocast
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Memory


def decoder() -> ShowAndTellDecoder:
    torch.manual_seed(1)
    config = ShowAndTellDecoder.Config(hidden_size=7)
    return ShowAndTellDecoder(config, TokenEmbedding(VOCAB, WIDTH), MEMORY_WIDTH, tie_output=True).eval()


@torch.no_grad()
def test_reads_the_picture_and_then_the_words() -> None:
    model, memory = decoder(), grid()
    cell = nn.LSTMCell(WIDTH, 7)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in model.layer.state_dict().items()})
    state = cell(model.image(memory.summary))
    expected = []
    for position in range(TOKENS.shape[1]):
        state = cell(model.embedding(TOKENS[:, position]), state)
        expected.append(model.readout(model.norm(state[0])))
    assert torch.allclose(model(TOKENS, memory).states, torch.stack(expected, dim=1), atol=1e-6)


@torch.no_grad()
def test_sees_the_summary_alone() -> None:
    model, memory = decoder(), grid()
    expected = model(TOKENS, memory, attention=True)
    assert expected.attention is None
    assert torch.equal(model(TOKENS, memory._replace(states=memory.states + 1)).states, expected.states)
    another = model(TOKENS, memory._replace(summary=memory.summary.flip(0))).states
    assert not torch.isclose(another, expected.states).all(dim=2).any()


@torch.no_grad()
def test_a_picture_comes_in_as_large_as_a_word() -> None:
    model, memory = decoder(), grid()
    for scale in (0.1, 1.0, 10.0):
        pictures = model.image(memory.summary * scale)
        assert torch.allclose(pictures.square().mean(dim=1), torch.ones(2), atol=0.01)


@torch.no_grad()
def test_the_words_after_a_picture_still_show_it() -> None:
    torch.manual_seed(3)
    embedding = TokenEmbedding(VOCAB, 64)
    model = ShowAndTellDecoder(ShowAndTellDecoder.Config(hidden_size=64), embedding, 64, tie_output=True).eval()
    summaries = torch.randn(50, 64) * 0.3
    memory = Memory(summaries.unsqueeze(1), torch.ones(50, 1, dtype=torch.bool), summaries)
    states = model(torch.tensor([2, 4, 5, 6, 7]).expand(50, 5), memory).states
    between = states.var(dim=0, correction=0).sum(dim=1) / states.square().mean(dim=0).sum(dim=1)
    assert between[0] > 0.2
    assert between[-1] > 0.01


def test_forget_gates_start_open() -> None:
    layer = decoder().layer
    assert torch.equal((layer.get_parameter("bias_ih_l0") + layer.get_parameter("bias_hh_l0"))[7:14], torch.ones(7))


def test_half_precision_is_close() -> None:
    model, memory = decoder(), grid()
    expected = model.project(model(TOKENS, memory).states)
    with autocast(torch.device("cpu"), torch.bfloat16):
        found = model.project(model(TOKENS, memory).states)
        found.float().sum().backward()
        state, steps = model.start(memory, 1, 4), []
        for position in range(TOKENS.shape[1]):
            logits, state = model.step(TOKENS[:, position : position + 1], position, state)
            steps.append(logits)
    assert torch.allclose(found.float(), expected, atol=0.05)
    assert torch.allclose(torch.cat(steps, dim=1).float(), expected, atol=0.05)
