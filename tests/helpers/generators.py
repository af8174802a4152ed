"""Tiny generators of every kind, with random weights."""

from __future__ import annotations

import itertools

import torch

from seqtasks.decoders import (
    LstmDecoder,
    ShowAndTellDecoder,
    ShowAttendAndTellDecoder,
    TransformerDecoder,
    TransformerSsruDecoder,
)
from seqtasks.encoders import GruEncoder, LstmEncoder, RnnEncoder, TextCnnEncoder, TransformerEncoder
from seqtasks.models import EncoderDecoder, Seq2SeqBatch
from seqtasks.registry import ConfigModel

BEGIN, END = 2, 3
VOCAB = 7

ENCODERS: dict[str, ConfigModel] = {
    f"{kind.__name__[:3].lower()}-{'both' if both else 'forward'}": kind.Config(
        hidden_size=6, num_layers=layers, bidirectional=both, dropout=0.0
    )
    for kind, layers in ((RnnEncoder, 1), (GruEncoder, 2), (LstmEncoder, 2))
    for both in (False, True)
} | {
    name: TransformerEncoder.Config(num_layers=2, num_heads=2, ffn_dim=12, dropout=0.0, causal=causal)
    for name, causal in (("transformer", False), ("transformer-causal", True))
}
ENCODERS["text-cnn"] = TextCnnEncoder.Config(kernel_sizes=(2, 3), num_filters=3)

DECODERS: dict[str, ConfigModel] = {
    f"{attention}{'-fed' * fed}-{layers}": LstmDecoder.Config(
        hidden_size=10, num_layers=layers, attention=attention, input_feeding=fed, dropout=0.0
    )
    for attention, fed, layers in itertools.product(("dot", "additive"), (False, True), (1, 2, 3))
} | {
    f"transformer-{layers}": TransformerDecoder.Config(num_layers=layers, num_heads=4, ffn_dim=12, dropout=0.0)
    for layers in (1, 3)
}
BEHIND = {"norm_first": False, "activation": "silu", "interleaved_positions": False}
"""Norms behind, as Marian has them."""
ENCODERS["transformer-marian"] = TransformerEncoder.Config(num_layers=2, num_heads=4, ffn_dim=12, dropout=0.0, **BEHIND)
DECODERS["transformer-marian"] = TransformerDecoder.Config(num_layers=2, num_heads=4, ffn_dim=12, dropout=0.0, **BEHIND)
DECODERS |= {
    "show-and-tell": ShowAndTellDecoder.Config(hidden_size=10, dropout=0.0),
    "transformer-ssru": TransformerSsruDecoder.Config(num_layers=2, num_heads=4, ffn_dim=12, dropout=0.0),
    "show-attend-and-tell": ShowAttendAndTellDecoder.Config(hidden_size=10, attention_dim=5, dropout=0.0),
}

PAIRS = [
    ("lst-both", "dot-2", "all"),
    ("gru-forward", "additive-fed-2", "output"),
    ("rnn-both", "dot-fed-1", "none"),
    ("transformer", "transformer-3", "all"),
    ("lst-forward", "transformer-1", "none"),
    ("transformer", "additive-1", "output"),
    ("gru-both", "show-and-tell", "all"),
    ("lst-both", "show-attend-and-tell", "output"),
    ("transformer-causal", "dot-2", "output"),
    ("text-cnn", "dot-1", "all"),
    ("transformer", "transformer-ssru", "all"),
]
"""An encoder, a decoder and how embeddings are tied: each kind in some company."""


def generator(encoder: str, decoder: str, tie: str = "all", *, seed: int = 1, sharpness: float = 4.0) -> EncoderDecoder:
    """A model in evaluation mode whose weights are large enough that its distributions are far from uniform."""
    torch.manual_seed(seed)
    model = EncoderDecoder(
        EncoderDecoder.Config(
            hidden_size=8,
            tie_embeddings=tie,
            embedding_dropout=0.0,
            encoder=ENCODERS[encoder],
            decoder=DECODERS[decoder],
        ),
        VOCAB,
        VOCAB,
    ).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
        model.decoder.output.weight.mul_(sharpness)
        model.decoder.output.bias.normal_()
    return model


def text(seed: int) -> list[int]:
    """A source of 1 to 5 words and the end token, decided by the seed."""
    numbers = torch.Generator().manual_seed(seed)
    length = int(torch.randint(1, 6, (), generator=numbers))
    return [*torch.randint(END + 1, VOCAB, (length,), generator=numbers).tolist(), END]


def pairs(*seeds: int) -> Seq2SeqBatch:
    """A batch of random sources and targets, one for each seed."""
    sources, targets = [text(seed) for seed in seeds], [[BEGIN, *text(seed + 1000)] for seed in seeds]
    return Seq2SeqBatch(*padded(sources), *padded(targets))


def padded(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids, 0 where padded, and the mask of the real ones."""
    width = max(map(len, rows))
    tokens = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    return tokens, tokens != 0
