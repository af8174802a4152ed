"""Marian's own models: Transformers in a `.npz`, as Marian trains them (Junczys-Dowmunt et al. 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.decoding import DecodingConfig
from seqtasks.errors import SeqtasksError
from seqtasks.importers.files import AGAIN, LARGEST_TEXT
from seqtasks.importers.imported_model import ImportedModel, translation_model
from seqtasks.importers.marian_vocabulary import Texts, read_texts
from seqtasks.importers.vocabulary import ImportedVocabulary
from seqtasks.text.sentencepiece_model import has_bytes

SETTINGS = "special:model.yml"
LARGEST_MODEL = 16 * 2**30
"""Bytes that a file may unpack to."""
ACTIVATIONS = {"swish": "silu", "relu": "relu"}
NORMS = {("", "dan", ""): False, ("n", "da", "n"): True}
"""Whether norms come first, by transformer-preprocess, -postprocess and -postprocess-top (d: dropout, a: add, n: norm).
"""
SUPPORTED: dict[str, tuple[Any, ...]] = {
    "type": ("transformer",),
    "transformer-decoder-autoreg": ("self-attention", "rnn"),
    "transformer-ffn-depth": (2,),
    "transformer-decoder-ffn-depth": (0, 2),
    "transformer-train-position-embeddings": (False,),
    "transformer-disable-position-embeddings": (False,),
    "transformer-alibi-shift": (False,),
    "transformer-no-projection": (False,),
    "transformer-no-bias": (False,),
    "transformer-no-affine": (False,),
    "transformer-rnn-projection": (False,),
    "transformer-tied-layers": ([],),
    "transformer-postprocess-emb": ("", "d"),
    "factors-dim-emb": (0,),
    "right-left": (False,),
    "ulr": (False,),
}
"""Settings of Marian that change the network, and their values that models here have."""


def read_marian(model: Path, name: str, vocabularies: list[Path], languages: tuple[str, str]) -> ImportedModel:
    """Reads a model.

    Args:
        model: The `.npz`, with its settings in it.
        name: What the model is called.
        vocabularies: That of the source and that of the target, or one for both, as Marian's `--vocabs` has them:
            sentencepiece models, or YAML files with `source.spm` and `target.spm` beside them.
        languages: Codes of the source and the target language.

    Raises:
        SeqtasksError: A file is missing or damaged, or the network is none that models here have.
    """
    arrays = read_arrays(model)
    settings = read_settings(model, arrays)
    texts = read_texts(vocabularies)
    shared = texts[0].ids == texts[1].ids
    spelled = all(has_bytes(each.proto) for each in texts)
    source = vocabulary(texts[0], spelled)
    target = source if shared else vocabulary(texts[1], spelled)
    weights = Weights(model, arrays)
    return translation_model(
        name,
        hidden_size=int(settings["dim-emb"]),
        encoder=side_settings(settings, "enc"),
        decoder=side_settings(settings, "dec"),
        vocabularies=(source, target),
        protos=(texts[0].proto, texts[1].proto),
        embeddings=embedding_matrices(weights),
        scaled=True,
        bias=weights.vector("decoder_ff_logit_out_b"),
        layers=dict(layer_tensors(weights, settings)),
        decoding=DecodingConfig(),
        languages=languages,
        prefix="",
        card=model.parent / "README.md",
    )


def read_arrays(model: Path) -> dict[str, NDArray[Any]]:
    """The arrays of the file.

    Raises:
        SeqtasksError: It is no such file, or damaged.
    """
    try:
        with np.load(model, allow_pickle=False) as archive:
            if sum(member.file_size for member in archive.zip.infolist()) > LARGEST_MODEL:
                raise SeqtasksError(f"{model} unpacks to more than {LARGEST_MODEL // 2**30} GiB.", AGAIN)
            return {key: archive[key] for key in archive.files}
    except SeqtasksError:
        raise
    except (OSError, ValueError, EOFError, KeyError, AttributeError) as error:
        raise SeqtasksError(f"{model} is not an .npz of arrays, or damaged ({error}).", AGAIN) from None
    except Exception as error:  # of zipfile and zlib
        raise SeqtasksError(f"{model} is damaged ({error}).", AGAIN) from None


def read_settings(model: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Marian's settings, in the file as bytes with zeros behind them.

    Raises:
        SeqtasksError: There are none, or they are those of a network that models here do not have.
    """
    import yaml

    if SETTINGS not in arrays or arrays[SETTINGS].nbytes > LARGEST_TEXT:
        raise SeqtasksError(f"{model} has no {SETTINGS}.", "Only models with their settings can be imported.")
    try:
        settings = yaml.safe_load(arrays[SETTINGS].tobytes().rstrip(b"\0").decode())
    except (yaml.YAMLError, UnicodeDecodeError):
        settings = None
    if not isinstance(settings, dict):
        raise SeqtasksError(f"{model}: its {SETTINGS} is damaged.", AGAIN)
    for key, values in SUPPORTED.items():
        if settings.get(key, values[0]) not in values:
            raise SeqtasksError(
                f"{model}: {key} is {settings[key]!r}, which models here cannot have.",
                f"It can be imported with {' or '.join(map(repr, values))}.",
            )
    if settings.get("transformer-decoder-autoreg") == "rnn" and settings.get("dec-cell") != "ssru":
        raise SeqtasksError(f"{model}: dec-cell is {settings.get('dec-cell')!r}; only ssru can be imported.")
    where = tuple(settings.get(f"transformer-{part}", "") for part in ("preprocess", "postprocess", "postprocess-top"))
    if where not in NORMS:
        raise SeqtasksError(
            f"{model}: its norms stand where those of models here cannot (preprocess, postprocess, top: {where}).",
            f"They can be {' or '.join(map(str, NORMS))}.",
        )
    for key in ("dim-emb", "enc-depth", "dec-depth", "transformer-heads", "transformer-dim-ffn"):
        if type(settings.get(key)) is not int or settings[key] < 1:
            raise SeqtasksError(f"{model}: {key} is {settings.get(key)!r}, not a number from 1 on.", AGAIN)
    return {**settings, "norm-first": NORMS[where]}


def vocabulary(texts: Texts, with_bytes: bool) -> ImportedVocabulary:
    """Marian begins a translation with zeros."""
    return ImportedVocabulary(texts.ids, unknown="<unk>", end="</s>", padding=None, with_bytes=with_bytes)


def side_settings(settings: Mapping[str, Any], side: str) -> dict[str, Any]:
    """The settings of our encoder ("enc") or decoder ("dec")."""
    function = settings.get("transformer-ffn-activation", "swish")
    recurrent = side == "dec" and settings.get("transformer-decoder-autoreg") == "rnn"
    inner = settings["transformer-dim-ffn"]
    return {
        "kind": "transformer-ssru" if recurrent else "transformer",
        "num_layers": settings[f"{side}-depth"],
        "num_heads": settings["transformer-heads"],
        "ffn_dim": (settings.get("transformer-decoder-dim-ffn") or inner) if side == "dec" else inner,
        "dropout": 0.1,
        "activation": ACTIVATIONS.get(function, function),
        "norm_first": settings["norm-first"],
        "interleaved_positions": False,
        "full_wavelengths": True,
        "layer_norm_eps": 1e-6,
    }


class Weights:
    """The arrays of a model as tensors, in PyTorch's layout.

    Args:
        model: The file, for messages.
        arrays: By Marian's names.
    """

    def __init__(self, model: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.model = model
        self.arrays = arrays

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def tensor(self, name: str) -> Tensor:
        """As it is stored, in float32."""
        try:
            return torch.from_numpy(np.ascontiguousarray(self.arrays[name], dtype=np.float32))
        except KeyError:
            raise SeqtasksError(f"{self.model} has no array {name}.", AGAIN) from None

    def matrix(self, name: str) -> Tensor:
        """The weight of a linear layer: (out, in), while Marian has (in, out)."""
        return self.tensor(name).T.contiguous()

    def vector(self, name: str) -> Tensor:
        """A bias or scale."""
        return self.tensor(name).reshape(-1)


def embedding_matrices(weights: Weights) -> tuple[Tensor, Tensor, Tensor]:
    """Those of the source and the target, and the weights of the output layer, which may all be one."""
    source = weights.tensor("Wemb" if "Wemb" in weights else "encoder_Wemb")
    target = weights.tensor("Wemb" if "Wemb" in weights else "decoder_Wemb")
    if "decoder_ff_logit_out_Wt" in weights:
        return source, target, weights.tensor("decoder_ff_logit_out_Wt")
    if "decoder_ff_logit_out_W" in weights:
        return source, target, weights.matrix("decoder_ff_logit_out_W")
    return source, target, target


def layer_tensors(weights: Weights, settings: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """All layers and the last norms, by our names."""
    before = "_pre" if settings["norm-first"] else ""
    recurrent = settings.get("transformer-decoder-autoreg") == "rnn"

    def norm(here: str, there: str) -> Iterator[tuple[str, Tensor]]:
        yield f"{here}.weight", weights.vector(f"{there}_ln_scale{before}")
        yield f"{here}.bias", weights.vector(f"{there}_ln_bias{before}")

    def linear(here: str, there: str, *parts: str) -> Iterator[tuple[str, Tensor]]:
        yield f"{here}.weight", torch.cat([weights.matrix(f"{there}_W{part}") for part in parts])
        yield f"{here}.bias", torch.cat([weights.vector(f"{there}_b{part}") for part in parts])

    for side, short in (("encoder", "enc"), ("decoder", "dec")):
        for number in range(settings[f"{short}-depth"]):
            here, there = f"{side}.layers.{number}", f"{side}_l{number + 1}"
            if recurrent and side == "decoder":
                yield f"{here}.ssru.candidate.weight", weights.matrix(f"{there}_rnn_W")
                yield from linear(f"{here}.ssru.forget", f"{there}_rnn", "f")
                yield from norm(f"{here}.ssru_norm", f"{there}_rnn_ffn")
                here = f"{here}.rest"
            else:
                yield from linear(f"{here}.attention.project", f"{there}_self", "q", "k", "v")
                yield from linear(f"{here}.attention.output", f"{there}_self", "o")
                yield from norm(f"{here}.attention_norm", f"{there}_self_Wo")
            if side == "decoder":
                yield from linear(f"{here}.memory_attention.query", f"{there}_context", "q")
                yield from linear(f"{here}.memory_attention.memory", f"{there}_context", "k", "v")
                yield from linear(f"{here}.memory_attention.output", f"{there}_context", "o")
                yield from norm(f"{here}.memory_norm", f"{there}_context_Wo")
            yield from linear(f"{here}.feed_forward.expand", f"{there}_ffn", "1")
            yield from linear(f"{here}.feed_forward.contract", f"{there}_ffn", "2")
            yield from norm(f"{here}.feed_forward_norm", f"{there}_ffn_ffn")
        if settings["norm-first"]:
            yield f"{side}.norm.weight", weights.vector(f"{side}_top_ln_scale")
            yield f"{side}.norm.bias", weights.vector(f"{side}_top_ln_bias")
