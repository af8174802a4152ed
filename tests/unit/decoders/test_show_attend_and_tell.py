from __future__ import annotations

import math

import pytest
import torch
from helpers.grid import MEMORY_WIDTH, TOKENS, VOCAB, WIDTH, grid

from seqtasks.decoders import ShowAttendAndTellDecoder
from seqtasks.device import autocast
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.loss import doubly_stochastic_regularization


def decoder() -> ShowAttendAndTellDecoder:
    torch.manual_seed(1)
    config = ShowAttendAndTellDecoder.Config(hidden_size=7, attention_dim=3)
    return ShowAttendAndTellDecoder(config, TokenEmbedding(VOCAB, WIDTH), MEMORY_WIDTH, tie_output=True).eval()


@torch.no_grad()
def test_is_what_the_paper_writes() -> None:
    model, memory = decoder(), grid()
    found = model(TOKENS, memory, attention=True)
    assert found.attention is not None
    from_word, from_hidden, from_context = model.deep_output.weight.split([WIDTH, 7, MEMORY_WIDTH], dim=1)
    recurrent, of_context = model.gates.weight.split([7, MEMORY_WIDTH], dim=1)
    for row in range(2):
        cells = memory.states[row]
        hidden, cell = torch.tanh(model.first(cells.mean(0))).chunk(2)
        for position, token in enumerate(TOKENS[row]):
            word = model.embedding(token)
            query = model.attention.query(hidden)
            scores = [model.attention.score(torch.tanh(query + model.attention.key(each))) for each in cells]
            weights = torch.cat(scores).softmax(0)
            beta = torch.sigmoid(model.context_gate(hidden))
            context = beta * sum(weight * each for weight, each in zip(weights, cells, strict=True))
            gates = model.word_gates(word) + recurrent @ hidden + of_context @ context
            forget, write, read, new = gates.split(7)
            cell = forget.sigmoid() * cell + write.sigmoid() * new.tanh()
            hidden = read.sigmoid() * cell.tanh()
            state = from_word @ word + from_hidden @ hidden + from_context @ context + model.deep_output.bias
            assert torch.allclose(found.attention[row, position], weights, atol=1e-6)
            assert torch.allclose(found.states[row, position], state, atol=1e-5)


@torch.no_grad()
def test_a_closed_gate_hides_the_cells() -> None:
    model, memory = decoder(), grid()
    other = memory._replace(states=torch.randn_like(memory.states))
    assert not torch.allclose(model(TOKENS, memory).states, model(TOKENS, other).states)
    model.context_gate.weight.zero_()
    model.context_gate.bias.fill_(-100)
    assert torch.allclose(model(TOKENS, memory).states, model(TOKENS, other).states)


def test_forget_gates_start_open() -> None:
    bias = decoder().word_gates.bias
    assert torch.equal(bias[:7], torch.ones(7))
    assert not torch.any(bias[7:] == 1)


@torch.no_grad()
def test_a_tied_output_does_not_vote_for_the_word_just_read() -> None:
    torch.manual_seed(3)
    model = ShowAttendAndTellDecoder(
        ShowAttendAndTellDecoder.Config(hidden_size=32), TokenEmbedding(400, 64), MEMORY_WIDTH, tie_output=True
    ).eval()
    tokens = torch.randint(4, 400, (2, 40))
    logits = model.project(model(tokens, grid()).states)
    assert logits.log_softmax(dim=2).gather(2, tokens.unsqueeze(2)).mean().item() == pytest.approx(
        -math.log(400), abs=0.7
    )


def test_regularization_teaches_where_to_look() -> None:
    model, memory = decoder(), grid()
    attention = model(TOKENS, memory, attention=True).attention
    assert attention is not None
    doubly_stochastic_regularization(attention, TOKENS != 0, memory.mask).backward()
    for name, parameter in model.attention.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


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
