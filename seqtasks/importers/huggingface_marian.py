"""Directories of transformers' Marian models, such as OPUS-MT's (Tiedemann and Thottingal 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from seqtasks.decoding import DecodingConfig
from seqtasks.errors import SeqtasksError
from seqtasks.importers.files import AGAIN, Settings, read_json, read_sentencepiece, read_vocabulary, read_weights
from seqtasks.importers.imported_model import ImportedModel, language_code, translation_model
from seqtasks.importers.vocabulary import ImportedVocabulary
from seqtasks.text.sentencepiece_model import has_bytes

ACTIVATIONS = {"swish": "silu", "silu": "silu", "relu": "relu", "gelu": "gelu"}
PARTS = {
    "self_attn.out_proj": "attention.output",
    "self_attn_layer_norm": "attention_norm",
    "encoder_attn.q_proj": "memory_attention.query",
    "encoder_attn.out_proj": "memory_attention.output",
    "encoder_attn_layer_norm": "memory_norm",
    "fc1": "feed_forward.expand",
    "fc2": "feed_forward.contract",
    "final_layer_norm": "feed_forward_norm",
}
"""Parts of a layer that are the same, by their names there and here."""
JOINED = {
    "attention.project": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "memory_attention.memory": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
}
"""Parts that are one here."""


def read_huggingface_marian(
    path: Path, name: str, target_language: str | None = None, languages: tuple[str, str] | None = None
) -> ImportedModel:
    """Reads a directory that transformers' `MarianMTModel.save_pretrained` and its tokenizer have written.

    Args:
        path: It has `config.json`, weights, `vocab.json`, `source.spm` and `target.spm`.
        name: What the model is called.
        target_language: For models of several target languages: the code in one of their `>>xxx<<` tokens.
        languages: Codes of the source and the target language; by default those that the tokenizer's settings have.

    Raises:
        SeqtasksError: A file is missing or damaged, or the model is of another kind.
    """
    config = Settings(path / "config.json")
    if config.get("model_type") != "marian":
        raise SeqtasksError(
            f"{path} is a model of the type {config.get('model_type')!r}, which cannot be imported.",
            "Marian models can, such as those of OPUS-MT.",
        )
    names = read_json(path / "tokenizer_config.json", missing_ok=True)
    generation = {**config, **read_json(path / "generation_config.json", missing_ok=True)}
    weights = read_weights(path)
    protos = read_sentencepiece(path / "source.spm"), read_sentencepiece(path / "target.spm")
    ids = read_vocabulary(path / "vocab.json")
    target_ids = read_vocabulary(path / "target_vocab.json") if names.get("separate_vocabs") else ids
    padding = _name_of(target_ids, config.get("decoder_start_token_id", config["pad_token_id"]))
    kept = {"unknown": str(names.get("unk_token", "<unk>")), "end": _name_of(target_ids, config["eos_token_id"])}

    def vocabulary(theirs: Mapping[str, int], *texts: bytes) -> ImportedVocabulary:
        return ImportedVocabulary(theirs, **kept, padding=padding, with_bytes=all(map(has_bytes, texts)))

    if target_ids is ids:
        source = target = vocabulary(ids, *protos)
    else:
        source, target = vocabulary(ids, protos[0]), vocabulary(target_ids, protos[1])
    prefix = target_prefix(path, ids, target_language)
    layers = {
        **dict(side_tensors(path, weights, "encoder", config.count("encoder_layers"))),
        **dict(side_tensors(path, weights, "decoder", config.count("decoder_layers"))),
    }
    embeddings = embedding_matrices(path, weights)
    return translation_model(
        name,
        hidden_size=config.count("d_model"),
        encoder=side_settings(config, "encoder"),
        decoder=side_settings(config, "decoder"),
        vocabularies=(source, target),
        protos=protos,
        embeddings=embeddings,
        scaled=bool(config.get("scale_embedding", False)),
        bias=weights.get("final_logits_bias", torch.zeros(len(embeddings[2]))).reshape(-1),
        layers=layers,
        decoding=DecodingConfig(beam_size=generation.get("num_beams") or DecodingConfig.beam_size),
        languages=languages
        or (
            language_code(names.get("source_lang")),
            language_code(target_language or names.get("target_lang")),
        ),
        prefix=prefix,
        card=path / "README.md",
    )


def side_settings(config: Settings, side: str) -> dict[str, Any]:
    """The settings of our encoder or decoder: norms behind, sines before cosines."""
    function = config["activation_function"]
    return {
        "kind": "transformer",
        "num_layers": config.count(f"{side}_layers"),
        "num_heads": config.count(f"{side}_attention_heads"),
        "ffn_dim": config.count(f"{side}_ffn_dim"),
        "dropout": config.get("dropout", 0.1),
        "activation": ACTIVATIONS.get(function, function),
        "norm_first": False,
        "interleaved_positions": False,
    }


def embedding_matrices(path: Path, weights: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Those of the source and the target, and the weights of the output layer, which may all be one.

    The output layer of some models differs from the embeddings though their configuration says that it is tied to them:
    what is stored counts.
    """
    shared = weights.get("model.shared.weight")
    source = weights.get("model.encoder.embed_tokens.weight", shared)
    target = weights.get("model.decoder.embed_tokens.weight", shared)
    if source is None or target is None:
        raise SeqtasksError(f"{path}: the weights have no embeddings.", AGAIN)
    return source, target, weights.get("lm_head.weight", target)


def target_prefix(path: Path, ids: Mapping[str, int], target_language: str | None) -> str:
    """The token that tells a multilingual model what to translate into.

    Raises:
        SeqtasksError: The model needs one and none is given, or it does not have the language.
    """
    codes = sorted(name[2:-2] for name in ids if name.startswith(">>") and name.endswith("<<"))
    if target_language is None and len(codes) < 2:
        return ""
    if target_language in codes:
        return f">>{target_language}<<"
    known = ", ".join(codes[:20]) + (f" and {len(codes) - 20} more" if len(codes) > 20 else "")
    if target_language is None:
        raise SeqtasksError(
            f"{path} translates into several languages: {known}.", "Choose one: --target-language CODE."
        )
    raise SeqtasksError(
        f"{path} has no target language {target_language!r}.",
        f"It has {known}." if codes else "It translates into one language alone: leave out --target-language.",
    )


def side_tensors(path: Path, weights: Mapping[str, Tensor], side: str, count: int) -> Iterator[tuple[str, Tensor]]:
    """The layers of the encoder or the decoder, by our names."""
    for number in range(count):
        theirs, ours = f"model.{side}.layers.{number}", f"{side}.layers.{number}"
        for kind in ("weight", "bias"):
            for there, here in PARTS.items():
                if side == "decoder" or not there.startswith("encoder_attn"):
                    yield f"{ours}.{here}.{kind}", _tensor(path, weights, f"{theirs}.{there}.{kind}")
            for here, parts in JOINED.items():
                if side == "decoder" or here.startswith("attention"):
                    joined = [_tensor(path, weights, f"{theirs}.{there}.{kind}") for there in parts]
                    yield f"{ours}.{here}.{kind}", torch.cat(joined)


def _tensor(path: Path, weights: Mapping[str, Tensor], name: str) -> Tensor:
    try:
        return weights[name]
    except KeyError:
        raise SeqtasksError(f"{path}: the weights have no tensor {name}.", AGAIN) from None


def _name_of(ids: Mapping[str, int], number: Any) -> str:
    for name, own in ids.items():
        if own == number:
            return name
    raise SeqtasksError(f"The vocabulary has no token {number}, which the configuration names.", AGAIN)
