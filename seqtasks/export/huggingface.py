"""Translation models as transformers has them: directories of `MarianMTModel` and `MarianTokenizer`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqtasks.decoders import TransformerDecoder
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import TransformerEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.export.supported_decoding import require_supported_decoding
from seqtasks.layers.embedding import SinusoidalPositions, sinusoids
from seqtasks.layers.transformer import TransformerConfig
from seqtasks.models import EncoderDecoder
from seqtasks.registry import kind_of
from seqtasks.special_tokens import BEGIN, END, NEVER_GENERATED, PAD
from seqtasks.storage.atomic import atomic_directory
from seqtasks.tasks import TranslationTask
from seqtasks.text import SubwordTokenizer
from seqtasks.version import __version__

POSITIONS = 512
"""Places in the table of positions, as in OPUS-MT's models."""
NEEDED: dict[str, Any] = {
    "norm_first": False,
    "interleaved_positions": False,
    "full_wavelengths": False,
    "layer_norm_eps": 1e-5,
}
"""What transformers' Marian cannot have otherwise."""

README = """\
# A translation model for transformers, {languages.source} to {languages.target}

Written by seqtasks {version}. In this directory, with `pip install transformers torch sentencepiece sacremoses`:

```python
from transformers import MarianMTModel, MarianTokenizer

tokenizer, model = MarianTokenizer.from_pretrained("."), MarianMTModel.from_pretrained(".")
inputs = tokenizer(["{prefix}A dog runs."], return_tensors="pt")
found = model.generate(**inputs, num_beams={beam}, early_stopping={stopping})
print(tokenizer.batch_decode(found, skip_special_tokens=True)[0])
```

Log-probabilities are those of seqtasks. Unlike `seqtasks translate`, transformers neither cleans texts (blanks,
Unicode's composed form, invisible characters) nor splits long ones into sentences nor copies words with characters that
the vocabulary lacks, and does not stop outputs that say the same over and over.

The model's card is in `CARD.md`.
"""


def write_huggingface(
    task: TranslationTask, model: EncoderDecoder, decoding: DecodingConfig, card: str, path: Path
) -> None:
    """Writes a directory: configuration, weights in float32, text processors, the card, and a guide to use it.

    Args:
        task: The task of the model, with its processors.
        model: A Transformer with norms behind, as Marian's models are.
        decoding: The options that become the default.
        card: The model card, in Markdown.
        path: The directory.

    Raises:
        SeqtasksError: transformers' Marian lacks the network, the text processors or an option of decoding.
    """
    from safetensors.torch import save_file

    source, target = require_subwords(task)
    encoder, decoder = require_marian(task, model)
    require_supported_decoding(decoding, "transformers", penalties=("none", "average"))
    shared = task.config.shared_vocab
    with atomic_directory(path) as part:
        tensors = {name: tensor.detach().float().contiguous().clone() for name, tensor in marian_tensors(task, model)}
        save_file(tensors, part / "model.safetensors", metadata={"format": "pt"})
        (part / "source.spm").write_bytes(source.proto)
        (part / "target.spm").write_bytes(target.proto)
        write_json(part / "vocab.json", vocabulary(source))
        if not shared:
            write_json(part / "target_vocab.json", vocabulary(target))
        write_json(part / "config.json", configuration(task, encoder, decoder))
        write_json(part / "generation_config.json", generation(decoding))
        languages = task.config.languages
        write_json(
            part / "tokenizer_config.json",
            {
                "tokenizer_class": "MarianTokenizer", "source_lang": languages.source, "target_lang": languages.target,
                "separate_vocabs": not shared, "model_max_length": POSITIONS,
            },
        )  # fmt: skip
        guide = README.format(
            languages=languages, version=__version__, beam=decoding.beam_size, stopping=decoding.beam_size > 1,
            prefix=f"{source.config.source_prefix} " if source.config.source_prefix else "",
        )  # fmt: skip
        (part / "README.md").write_text(guide, encoding="utf-8")
        (part / "CARD.md").write_text(card, encoding="utf-8")


def require_subwords(task: TranslationTask) -> tuple[SubwordTokenizer, SubwordTokenizer]:
    """The text processors of both sides.

    Raises:
        SeqtasksError: They are not sentencepiece's.
    """
    if not isinstance(task.source, SubwordTokenizer) or not isinstance(task.target, SubwordTokenizer):
        raise SeqtasksError(
            f"transformers' Marian reads subwords only: this model's text.kind is \"{kind_of(task.config.text)}\".",
            'Train one with text.kind = "subwords".',
        )
    return task.source, task.target


def require_marian(task: TranslationTask, model: EncoderDecoder) -> tuple[TransformerConfig, TransformerConfig]:
    """The settings of both sides.

    Raises:
        SeqtasksError: For a network that transformers' Marian does not have.
    """
    sides = task.config.model.encoder, task.config.model.decoder
    if type(model.encoder) is not TransformerEncoder or type(model.decoder) is not TransformerDecoder:
        kinds = [f'"{kind_of(side)}"' for side in sides]
        raise SeqtasksError(
            f"transformers' Marian is a Transformer: this model's encoder is {kinds[0]}, its decoder {kinds[1]}.",
            'Train one with model.encoder.kind and model.decoder.kind "transformer".',
        )
    for name, side in zip(("encoder", "decoder"), sides, strict=True):
        for key, value in NEEDED.items():
            if getattr(side, key) != value:
                wanted = str(value).lower()
                raise SeqtasksError(
                    f"transformers' Marian has no model.{name}.{key} = {str(getattr(side, key)).lower()}.",
                    f"Train a model with {key} = {wanted}, or export for another runtime.",
                )
    if sides[0].activation != sides[1].activation:  # type: ignore[attr-defined]
        raise SeqtasksError(
            "transformers' Marian has one activation: this model's encoder and decoder have two.",
            "Train a model with the same model.encoder.activation and model.decoder.activation.",
        )
    if model.encoder.causal:
        raise SeqtasksError("transformers' Marian has no encoder that reads forward only, as this model's does.")
    return sides  # type: ignore[return-value]


def vocabulary(tokenizer: SubwordTokenizer) -> dict[str, int]:
    """The number of each piece."""
    return {piece: number for number, piece in enumerate(tokenizer.pieces(range(tokenizer.size)))}


def configuration(task: TranslationTask, encoder: Any, decoder: Any) -> dict[str, Any]:
    """The settings of `MarianConfig`."""
    tie = task.config.model.tie_embeddings
    return {
        "model_type": "marian", "architectures": ["MarianMTModel"], "is_encoder_decoder": True,
        "vocab_size": task.source.size, "decoder_vocab_size": task.target.size,
        "d_model": task.config.model.hidden_size,
        "encoder_layers": encoder.num_layers, "decoder_layers": decoder.num_layers,
        "encoder_attention_heads": encoder.num_heads, "decoder_attention_heads": decoder.num_heads,
        "encoder_ffn_dim": encoder.ffn_dim, "decoder_ffn_dim": decoder.ffn_dim,
        "activation_function": encoder.activation, "dropout": encoder.dropout, "scale_embedding": True,
        "static_position_embeddings": True, "max_position_embeddings": POSITIONS, "normalize_before": False,
        "share_encoder_decoder_embeddings": tie == "all", "tie_word_embeddings": tie != "none",
        "pad_token_id": PAD, "bos_token_id": BEGIN, "eos_token_id": END, "decoder_start_token_id": BEGIN,
        "forced_eos_token_id": None, "dtype": "float32",
    }  # fmt: skip


def generation(decoding: DecodingConfig) -> dict[str, Any]:
    """The settings of `GenerationConfig`: ours, as far as it has them, and what is never generated here."""
    return {
        "num_beams": decoding.beam_size, "early_stopping": decoding.beam_size > 1, "max_length": POSITIONS,
        "length_penalty": 0.0 if decoding.length_penalty == "none" else 1.0,
        "pad_token_id": PAD, "bos_token_id": BEGIN, "eos_token_id": END, "decoder_start_token_id": BEGIN,
        "suppress_tokens": list(NEVER_GENERATED),
    }  # fmt: skip


def marian_tensors(task: TranslationTask, model: EncoderDecoder) -> Iterator[tuple[str, Tensor]]:
    """All weights by their names in `MarianMTModel`."""
    tie = task.config.model.tie_embeddings
    encoder: Any = model.encoder
    decoder: Any = model.decoder
    if tie == "all":
        yield "model.shared.weight", decoder.embedding.weight
    else:
        yield "model.encoder.embed_tokens.weight", encoder.embedding.weight
        yield "model.decoder.embed_tokens.weight", decoder.embedding.weight
    yield "lm_head.weight", decoder.output.weight
    yield "final_logits_bias", decoder.output.bias[None]
    places = sinusoids(
        POSITIONS, task.config.model.hidden_size, SinusoidalPositions(interleaved=False), device=torch.device("cpu")
    )
    for name, side in (("encoder", encoder), ("decoder", decoder)):
        yield f"model.{name}.embed_positions.weight", places
        for number, layer in enumerate(side.layers):
            yield from layer_tensors(f"model.{name}.layers.{number}", layer)


def layer_tensors(name: str, layer: Any) -> Iterator[tuple[str, Tensor]]:
    """The weights of a layer; those of cross-attention where it has it."""
    parts = [
        ("self_attn.out_proj", layer.attention.output),
        ("self_attn_layer_norm", layer.attention_norm),
        ("fc1", layer.feed_forward.expand),
        ("fc2", layer.feed_forward.contract),
        ("final_layer_norm", layer.feed_forward_norm),
    ]
    joined: list[tuple[tuple[str, ...], Any]] = [
        (("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"), layer.attention.project)
    ]
    if hasattr(layer, "memory_attention"):
        parts += [
            ("encoder_attn.q_proj", layer.memory_attention.query),
            ("encoder_attn.out_proj", layer.memory_attention.output),
            ("encoder_attn_layer_norm", layer.memory_norm),
        ]
        joined.append((("encoder_attn.k_proj", "encoder_attn.v_proj"), layer.memory_attention.memory))
    for part, module in parts:
        yield f"{name}.{part}.weight", module.weight
        yield f"{name}.{part}.bias", module.bias
    for names, module in joined:
        for kind in ("weight", "bias"):
            for part, tensor in zip(names, getattr(module, kind).chunk(len(names)), strict=True):
                yield f"{name}.{part}.{kind}", tensor


def write_json(file: Path, content: Any) -> None:
    """As transformers writes it."""
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
