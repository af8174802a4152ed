"""Models of CTranslate2 as other programs make them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from zipfile import ZipFile

from helpers.exported import translation
from seqtasks.decoding import DecodingConfig
from seqtasks.export import write_argos, write_ctranslate2
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import END
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.tokenizers import Languages


def own_model(tie: str = "all") -> tuple[TranslationTask, EncoderDecoder]:
    """A model of ours, English to German, some of whose outputs end."""
    task, model = translation("subwords", tie)
    model.decoder.output.bias[END] += 2.0
    config = task.config.model_copy(update={"languages": Languages(source="en", target="de")})
    return TranslationTask(config, task.source, task.target), model


def own_directory(path: Path, tie: str = "all") -> Path:
    """What `--format ctranslate2` writes of it."""
    write_ctranslate2(*own_model(tie), DecodingConfig(), "The card.", path)
    return path


def own_package(path: Path) -> Path:
    """What `--format argos` writes of it."""
    write_argos(*own_model(), DecodingConfig(), "The card.", path)
    return path


def unzipped(package: Path, folder: Path) -> Path:
    """The directory in a package."""
    with ZipFile(package) as archive:
        archive.extractall(folder)
    [path] = folder.iterdir()
    return path


def of_transformers(original: Path, path: Path, quantization: str | None = None) -> Path:
    """A directory of transformers' Marian as the converter of CTranslate2 makes it, with its sentencepiece models."""
    from ctranslate2.converters import TransformersConverter

    copied = ["source.spm", "target.spm"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sacremoses, which it does not use
        TransformersConverter(str(original), copy_files=copied).convert(str(path), quantization=quantization)
    return path


def as_trained(original: Path) -> Path:
    """A directory of transformers' Marian of which the converter of CTranslate2 makes the same model.

    It begins with zeros, and the decoder has as many heads as the encoder: the converter takes that for granted.
    """
    from safetensors.torch import load_file, save_file

    file = original / "model.safetensors"
    tensors = load_file(file)
    tensors["model.shared.weight"][json.loads((original / "config.json").read_text())["pad_token_id"]] = 0.0
    save_file(tensors, file, metadata={"format": "pt"})
    change(original / "config.json", decoder_attention_heads=4)
    return original


def change(file: Path, **values: object) -> None:
    """Changes keys of a JSON file."""
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | values), encoding="utf-8")
