"""Where CTranslate2 wants the tensors of a Transformer."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from seqtasks.decoders import TransformerDecoder
from seqtasks.encoders import TransformerEncoder
from seqtasks.layers.embedding import sinusoids
from seqtasks.layers.transformer import TransformerLayer

Named = Iterator[tuple[str, Tensor]]
"""Tensors, each under its name in CTranslate2."""

POSITIONS = 1024
"""Places in the table of positions: what CTranslate2 reads of a source at most, and more than a model writes for the
400 tokens that are translated in one piece here."""


def transformer_tensors(encoder: TransformerEncoder, decoder: TransformerDecoder) -> Named:
    """All tensors of both sides, and a table of the sinusoids that are computed here."""
    yield "encoder/embeddings_0/weight", tensor(encoder.embedding, "weight")
    yield "decoder/embeddings/weight", tensor(decoder.embedding, "weight")
    yield from side_tensors("encoder", encoder)
    yield from side_tensors("decoder", decoder)
    yield from weights("decoder/projection", decoder.output)


def side_tensors(name: str, side: TransformerEncoder | TransformerDecoder) -> Named:
    """The tensors of an encoder or decoder (positions, layers, last norm) by CTranslate2's names below `name`."""
    weight = tensor(side.embedding, "weight")
    places = sinusoids(POSITIONS, weight.shape[1], side.positions, device=weight.device)
    yield f"{name}/position_encodings/encodings", places
    if isinstance(side.norm, nn.LayerNorm):
        yield from weights(f"{name}/layer_norm", side.norm)
    for number, layer in enumerate(side.layers):
        yield from layer_tensors(f"{name}/layer_{number}", layer)


def layer_tensors(name: str, layer: TransformerLayer) -> Named:
    """The tensors of a layer; those of cross-attention where it has it."""
    yield from weights(f"{name}/self_attention/layer_norm", layer.attention_norm)
    yield from weights(f"{name}/self_attention/linear_0", layer.attention.project)
    yield from weights(f"{name}/self_attention/linear_1", layer.attention.output)
    if hasattr(layer, "memory_attention"):
        yield from weights(f"{name}/attention/layer_norm", layer.memory_norm)
        yield from weights(f"{name}/attention/linear_0", layer.memory_attention.query)
        yield from weights(f"{name}/attention/linear_1", layer.memory_attention.memory)
        yield from weights(f"{name}/attention/linear_2", layer.memory_attention.output)
    yield from weights(f"{name}/ffn/layer_norm", layer.feed_forward_norm)
    yield from weights(f"{name}/ffn/linear_0", layer.feed_forward.expand)
    yield from weights(f"{name}/ffn/linear_1", layer.feed_forward.contract)


def weights(name: str, layer: nn.LayerNorm | nn.Linear) -> Named:
    """Weight and bias of a norm or a linear layer."""
    weight, bias = ("gamma", "beta") if isinstance(layer, nn.LayerNorm) else ("weight", "bias")
    yield f"{name}/{weight}", tensor(layer, "weight")
    yield f"{name}/{bias}", tensor(layer, "bias")


def tensor(module: nn.Module, name: str) -> Tensor:
    """A parameter's values, without its gradient."""
    return module.get_parameter(name).detach()
