from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.layers.attention import (
    AdditiveAttention,
    CrossAttention,
    DotAttention,
    KeysValues,
    SelfAttention,
    attention_weights,
    causal_bias,
    mask_bias,
    scaled_dot_product_attention,
    softmax_fp32,
)
from seqtasks.layers.memory import Memory


@pytest.mark.parametrize("biased", [False, True])
def test_both_kernels_give_the_same(biased: bool) -> None:
    torch.manual_seed(1)
    queries, keys, values = (torch.randn(3, 2, length, 5, requires_grad=True) for length in (4, 6, 6))
    mask = torch.rand(3, 1, 4, 6) < 0.7
    mask[..., 0] = True
    bias = mask_bias(mask, torch.float32) if biased else None
    expected = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
    with_gradient = scaled_dot_product_attention(queries, keys, values, bias)
    with torch.no_grad():
        without = scaled_dot_product_attention(queries, keys, values, bias)
    assert torch.allclose(with_gradient, expected, atol=1e-6)
    assert torch.allclose(without, expected, atol=1e-6)
    upstream = torch.randn_like(expected)
    leaves = (queries, keys, values)
    for one, two in zip(
        torch.autograd.grad(with_gradient, leaves, upstream),
        torch.autograd.grad(expected, leaves, upstream),
        strict=True,
    ):
        assert torch.allclose(one, two, atol=1e-5)


def test_long_keys_take_the_blocked_kernel() -> None:
    torch.manual_seed(2)
    queries, keys, values = (torch.randn(1, 1, length, 4, requires_grad=True) for length in (3, 300, 300))
    assert torch.allclose(
        scaled_dot_product_attention(queries, keys, values, None),
        attention_weights(queries, keys, None) @ values,
        atol=1e-6,
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_sum_to_one_and_spare_what_is_masked(dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    queries, keys = 30 * torch.randn(2, 1, 3, 4, dtype=dtype), 30 * torch.randn(2, 1, 5, 4, dtype=dtype)
    mask = torch.tensor([[True, True, False, True, False], [False] * 4 + [True]])[:, None, None, :]
    weights = attention_weights(queries, keys, mask_bias(mask, dtype))
    assert torch.allclose(weights.float().sum(3), torch.ones(2, 1, 3), atol=1e-2)
    assert torch.all(weights.masked_select(~mask) == 0)


def test_where_all_is_masked_nothing_breaks() -> None:
    weights = attention_weights(
        torch.randn(1, 1, 2, 4),
        torch.randn(1, 1, 5, 4),
        mask_bias(torch.zeros(1, 1, 1, 5, dtype=torch.bool), torch.float32),
    )
    assert torch.allclose(weights, torch.full((1, 1, 2, 5), 0.2))


def test_causal_bias() -> None:
    allowed = causal_bias(3, torch.float32, torch.device("cpu")) == 0
    assert allowed.tolist() == [[True, False, False], [True, True, False], [True, True, True]]


def test_causal_bias_lets_all_look_at_what_was_before() -> None:
    allowed = causal_bias(2, torch.float32, torch.device("cpu"), past=2) == 0
    assert allowed.tolist() == [[True, True, True, False], [True, True, True, True]]


@torch.no_grad()
def test_self_attention_in_two_parts_is_forward() -> None:
    torch.manual_seed(4)
    attention, inputs = SelfAttention(12, 3), torch.randn(2, 7, 12)

    def causal(length: int, past: int) -> Tensor:
        return causal_bias(length, torch.float32, inputs.device, past=past)[None, None]

    expected, everything = attention.read(inputs, None, causal(7, 0))
    assert torch.equal(expected, attention(inputs, causal(7, 0)))
    first, past = attention.read(inputs[:, :4], None, causal(4, 0))
    second, together = attention.read(inputs[:, 4:], past, causal(3, 4))
    assert torch.allclose(torch.cat([first, second], dim=1), expected, atol=1e-6)
    for one, two in zip(together, everything, strict=True):
        assert torch.allclose(one, two, atol=1e-6)


def test_self_attention_step_by_step_is_forward() -> None:
    torch.manual_seed(4)
    rows, length, dim, heads = 2, 5, 12, 3
    attention = SelfAttention(dim, heads)
    inputs = torch.randn(rows, length, dim)
    expected = attention(inputs, causal_bias(length, torch.float32, inputs.device)[None, None])
    cache = KeysValues(*torch.zeros(2, rows, heads, length, dim // heads))
    causal = causal_bias(length, torch.float32, inputs.device)
    with torch.no_grad():
        steps = [
            attention.step(inputs[:, at : at + 1], cache, at, causal[at].expand(rows, 1, 1, -1)) for at in range(length)
        ]
    assert torch.allclose(torch.cat(steps, dim=1), expected, atol=1e-6)


@torch.no_grad()
def test_hypotheses_in_one_cache_see_their_own_past_only() -> None:
    torch.manual_seed(5)
    rows, hyps, length, dim, heads = 2, 3, 4, 8, 2
    attention = SelfAttention(dim, heads)
    inputs = torch.randn(rows, hyps, length, dim)
    causal = causal_bias(length, torch.float32, inputs.device)[None, None]
    expected = attention(inputs.flatten(0, 1), causal).unflatten(0, (rows, hyps))
    cache = KeysValues(*torch.zeros(2, rows, heads, length * hyps, dim // heads))
    own = torch.eye(hyps, dtype=torch.bool).repeat(1, length)
    for at in range(length):
        past = torch.arange(length * hyps) < (at + 1) * hyps
        bias = mask_bias(own & past, torch.float32).expand(rows, 1, -1, -1)
        step = attention.step(inputs[:, :, at], cache, at * hyps, bias)
        assert torch.allclose(step, expected[:, :, at], atol=1e-6)


def test_cross_attention_looks_where_its_weights_say() -> None:
    torch.manual_seed(6)
    attention = CrossAttention(6, 10, 1)
    inputs, states = torch.randn(2, 3, 6), torch.randn(2, 4, 10)
    bias = mask_bias(torch.tensor([[True] * 4, [True, True, False, False]]), torch.float32)[:, None, None, :]
    memory = attention.project_memory(states, bias)
    seen, heads = attention.with_weights(inputs, memory)
    weights = heads[:, 0]
    assert torch.all(weights[1, :, 2:] == 0)
    by_hand = attention.output(weights @ memory.values[:, 0])
    assert torch.allclose(seen, by_hand, atol=1e-6)
    assert torch.equal(attention(inputs, memory), seen)


@pytest.mark.parametrize("kind", [DotAttention, AdditiveAttention])
def test_recurrent_attentions(kind: type[DotAttention | AdditiveAttention]) -> None:
    torch.manual_seed(7)
    attention = kind(6, 10, 8)
    queries, states = torch.randn(2, 3, 6), torch.randn(2, 4, 10)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    memory = attention.project_memory(Memory(states, mask, states[:, 0]))
    seen, weights = attention(queries, memory)
    assert torch.equal(seen, weights @ states)
    keys = memory.keys
    assert torch.allclose(weights.sum(2), torch.ones(2, 3), atol=1e-6)
    assert torch.all(weights[1, :, 2:] == 0)
    query = attention.query(queries[1, 2])
    if isinstance(attention, DotAttention):
        scores = torch.stack([query @ keys[1, place] / 8**0.5 for place in range(2)])
    else:
        scores = torch.stack([attention.score(torch.tanh(query + keys[1, place]))[0] for place in range(2)])
    assert torch.allclose(weights[1, 2, :2], scores.softmax(0), atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("length", [1, 3, 15, 16, 17, 40])
def test_normalize_is_the_softmax(length: int, dtype: torch.dtype) -> None:
    scores = torch.randn(2, 3, length).to(dtype)
    scores[0, :, length // 2 :] = torch.finfo(dtype).min
    scores[0, :, 0] = 0
    weights = softmax_fp32(scores)
    assert weights.dtype == dtype
    assert torch.allclose(weights.float(), scores.float().softmax(dim=2), atol=1e-6 if dtype == torch.float32 else 4e-3)
