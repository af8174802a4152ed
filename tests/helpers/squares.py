"""Colored squares with captions, and a captioner that is trained on them for two steps."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from helpers.program import Program

CONFIGURATION = """
task = "captioning"
[text]
kind = "words"
language = "en"
min_freq = 1
[images]
size = 32
[data]
train = [{{ images = "{folder}" }}]
validation_split = 0.25
feature_cache_dir = "{cache}"
[model]
hidden_size = 16
[model.encoder]
kind = "cnn"
weights = "none"
hidden_size = 16
[model.decoder]
kind = "show-and-tell"
hidden_size = 16
[training]
max_steps = 2
batch_tokens = 40
warmup_steps = 0
num_threads = 1
eval_steps = 2
save_steps = 2
device = "cpu"
"""


def write_squares(folder: Path, names_and_colors: Iterable[tuple[str, str]]) -> Path:
    """Squares under these names, with two captions each in captions.csv; returns the folder.

    They have a gray margin: in a white image there is nothing to see.
    """
    lines = ["image,caption"]
    for number, (name, color) in enumerate(names_and_colors):
        image = Image.new("RGB", (40, 40 + number), "gray")
        image.paste(color, (4, 4, 36, 36 + number))
        image.save(folder / name)
        lines += [f"{name},a {color} square", f"{name},something {color}"]
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def configuration(folder: Path, cache: Path) -> str:
    """The run that trains on the squares in a folder, as TOML."""
    return CONFIGURATION.format(folder=folder, cache=cache)


def train_captioner(seqtasks: Program, images: Path, made: Path) -> Path:
    """Trains on the squares in the folder `images`; returns the directory of the training, inside of `made`."""
    run = made / "run.toml"
    run.write_text(configuration(images, made / "cache"), encoding="utf-8")
    result = seqtasks("train", run, "--output", made / "model")
    assert result.code == 0, result.err
    assert "seqtasks caption --model" in result.out
    return made / "model"
