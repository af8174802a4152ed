"""Layers of a Transformer beside PyTorch's own, and step by step beside all positions at once."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from seqtasks.layers.attention import KeysValues, causal_bias, mask_bias
from seqtasks.layers.kv_cache import extend_cache, init_cache
from seqtasks.layers.transformer import FeedForward, TransformerConfig, TransformerLayer

DIM, MEMORY_DIM, HEADS, INNER, LENGTH = 8, 6, 2, 12, 5
CONFIG = TransformerConfig(num_heads=HEADS, ffn_dim=INNER, dropout=0.0)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(1)


every_order = pytest.mark.parametrize("norm_first", [True, False])
every_activation = pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])


def configured(norm_first: bool, activation: str = "relu") -> TransformerConfig:
    return TransformerConfig.model_validate({**CONFIG.model_dump(), "norm_first": norm_first, "activation": activation})


def decoder_layer(memory_dim: int = MEMORY_DIM, config: TransformerConfig = CONFIG) -> TransformerLayer:
    return TransformerLayer(config, DIM, memory_dim).eval()


def causal(length: int = LENGTH, past: int = 0) -> Tensor:
    return causal_bias(length, torch.float32, torch.device("cpu"), past=past)[None, None]


def copy_norm_and_feed_forward(theirs: nn.Module, ours: nn.Module, last_norm: nn.LayerNorm) -> None:
    theirs.linear1.load_state_dict(ours.feed_forward.expand.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.contract.state_dict())
    theirs.norm1.load_state_dict(ours.attention_norm.state_dict())
    last_norm.load_state_dict(ours.feed_forward_norm.state_dict())


def copy_self_attention(theirs: nn.MultiheadAttention, ours: nn.Module) -> None:
    with torch.no_grad():
        theirs.in_proj_weight.copy_(ours.project.weight)
        theirs.in_proj_bias.copy_(ours.project.bias)
    theirs.out_proj.load_state_dict(ours.output.state_dict())


def test_feed_forward_is_two_linear_layers_with_relu() -> None:
    layer = FeedForward(DIM, INNER, 0.0)
    inputs = torch.randn(2, LENGTH, DIM)
    expected = (inputs @ layer.expand.weight.T + layer.expand.bias).clamp(min=0) @ layer.contract.weight.T
    torch.testing.assert_close(layer(inputs), expected + layer.contract.bias)


@every_order
@every_activation
def test_encoder_layer_is_that_of_pytorch(norm_first: bool, activation: str) -> None:
    ours = TransformerLayer(configured(norm_first, activation), DIM).eval()
    kind = {"norm_first": norm_first, "activation": getattr(nn.functional, activation)}
    theirs = nn.TransformerEncoderLayer(DIM, HEADS, INNER, dropout=0.0, batch_first=True, **kind).eval()
    copy_norm_and_feed_forward(theirs, ours, theirs.norm2)
    copy_self_attention(theirs.self_attn, ours.attention)
    inputs, mask = torch.randn(2, LENGTH, DIM), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    found = ours(inputs, mask_bias(mask, torch.float32)[:, None, None, :].expand(2, 1, LENGTH, LENGTH))
    expected = theirs(inputs, src_key_padding_mask=~mask)
    torch.testing.assert_close(found[mask], expected[mask])


@every_order
def test_decoder_layer_is_that_of_pytorch(norm_first: bool) -> None:
    """Theirs has a memory as wide as the layer."""
    ours = decoder_layer(DIM, configured(norm_first))
    theirs = nn.TransformerDecoderLayer(DIM, HEADS, INNER, dropout=0.0, batch_first=True, norm_first=norm_first).eval()
    copy_norm_and_feed_forward(theirs, ours, theirs.norm3)
    theirs.norm2.load_state_dict(ours.memory_norm.state_dict())
    copy_self_attention(theirs.self_attn, ours.attention)
    with torch.no_grad():
        cross = ours.memory_attention
        theirs.multihead_attn.in_proj_weight.copy_(torch.cat([cross.query.weight, cross.memory.weight]))
        theirs.multihead_attn.in_proj_bias.copy_(torch.cat([cross.query.bias, cross.memory.bias]))
    theirs.multihead_attn.out_proj.load_state_dict(cross.output.state_dict())
    inputs, memory = torch.randn(2, LENGTH, DIM), torch.randn(2, 4, DIM)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    bias = mask_bias(mask, torch.float32)[:, None, None, :]
    found = ours(inputs, causal(), cross.project_memory(memory, bias))
    later = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)
    torch.testing.assert_close(found, theirs(inputs, memory, tgt_mask=later, memory_key_padding_mask=~mask))
    again, weights = ours.with_weights(inputs, causal(), cross.project_memory(memory, bias))
    assert torch.equal(again, found)
    torch.testing.assert_close(weights.sum(3), torch.ones(2, HEADS, LENGTH))


def test_an_encoder_layer_goes_on_after_what_it_has_read() -> None:
    layer = TransformerLayer(CONFIG, DIM).eval()
    inputs = torch.randn(2, LENGTH, DIM)
    whole = layer(inputs, causal())
    first, past = layer.read(inputs[:, :2], None, causal(2))
    rest, everything = layer.read(inputs[:, 2:], past, causal(LENGTH - 2, past=2))
    torch.testing.assert_close(torch.cat([first, rest], dim=1), whole)
    assert everything.keys.shape == (2, HEADS, LENGTH, DIM // HEADS)


@every_order
@pytest.mark.parametrize("hyps", [1, 3])
def test_steps_of_a_decoder_layer_are_all_positions_at_once(hyps: int, norm_first: bool) -> None:
    """Each hypothesis sees its own past alone, though all of a row write into one cache; over a growth of the cache."""
    layer, length = decoder_layer(config=configured(norm_first)), 18
    inputs, memory = torch.randn(2, hyps, length, DIM), torch.randn(2, 4, MEMORY_DIM)
    bias = torch.zeros(2, 1, 1, 4)
    remembered = layer.memory_attention.project_memory(memory, bias)
    nothing = remembered.keys[:, :, :0]
    caches, visible = init_cache((KeysValues(nothing, nothing),), hyps)
    for position in range(length):
        caches, visible, first = extend_cache(caches, visible, position)
        seen = mask_bias(visible, torch.float32).unsqueeze(1)
        found = layer.step(inputs[:, :, position], caches[0], first, seen, remembered)
        for hypothesis in range(hyps):
            read = inputs[:, hypothesis, : position + 1]
            expected = layer(read, causal(position + 1), remembered)[:, -1]
            torch.testing.assert_close(found[:, hypothesis], expected, rtol=1e-4, atol=1e-5)


def test_dropout_is_for_training_alone() -> None:
    config = TransformerConfig(num_heads=HEADS, ffn_dim=INNER, dropout=0.5, activation_dropout=0.5)
    layer = TransformerLayer(config, DIM)
    inputs = torch.randn(2, LENGTH, DIM)
    layer.train()
    assert not torch.equal(layer(inputs, causal()), layer(inputs, causal()))
    layer.eval()
    assert torch.equal(layer(inputs, causal()), layer(inputs, causal()))
