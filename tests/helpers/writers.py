"""Tiny language models of every kind, with random weights."""

from __future__ import annotations

import torch
from torch import Tensor

from seqtasks.encoders import GruEncoder, LstmEncoder, RnnEncoder, TransformerEncoder
from seqtasks.models import LanguageModel, LanguageModelBatch
from seqtasks.registry import ConfigModel

BEGIN, END = 2, 3
VOCAB = 7

ENCODERS: dict[str, ConfigModel] = {
    f"{name}-{layers}": kind.Config(hidden_size=dim, num_layers=layers, bidirectional=False, dropout=0.0)
    for name, kind, dim in (("rnn", RnnEncoder, 6), ("gru", GruEncoder, 8), ("lstm", LstmEncoder, 6))
    for layers in (1, 2)
} | {
    f"transformer-{layers}": TransformerEncoder.Config(
        num_layers=layers, num_heads=2, ffn_dim=12, dropout=0.0, causal=True
    )
    for layers in (1, 2)
}
RECURRENT = [name for name in ENCODERS if not name.startswith("transformer")]


def writer(encoder: str, *, seed: int = 1, sharpness: float = 4.0, **more: object) -> LanguageModel:
    """A model in evaluation mode whose weights are large enough that its distributions are far from uniform."""
    torch.manual_seed(seed)
    settings: dict[str, object] = {"hidden_size": 8, "embedding_dropout": 0.0, "encoder": ENCODERS[encoder]}
    model = LanguageModel(LanguageModel.Config(**settings | more), VOCAB).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        model.output.weight.mul_(sharpness)
        model.output.bias.normal_()
    return model


def prompt(seed: int, length: int) -> list[int]:
    """The begin token and words after it, decided by the seed."""
    numbers = torch.Generator().manual_seed(seed)
    return [BEGIN, *torch.randint(END + 1, VOCAB, (length - 1,), generator=numbers).tolist()]


def texts(rows: int, length: int, seed: int = 1) -> Tensor:
    """Random texts, as ids."""
    numbers = torch.Generator().manual_seed(seed)
    return torch.randint(BEGIN, VOCAB, (rows, length), generator=numbers)


def window(tokens: Tensor, mask: Tensor | None = None) -> LanguageModelBatch:
    rows = torch.arange(len(tokens))
    return LanguageModelBatch(
        tokens, torch.ones_like(tokens, dtype=torch.bool) if mask is None else mask, rows, rows < 0
    )
