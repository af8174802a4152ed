"""A run of each task that trains in a second: data of our own making, a configuration, thirty updates.

`fixtures/runs` holds what these runs were at 27b483f: losses, a checkpoint in the middle, the weights at the end.
"""

from __future__ import annotations

import json
import random
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw
from torch import nn

from seqtasks.encoders import backbones

STEPS, STOPPED = 30, 18
"""Updates in all, and up to the checkpoint."""

TRAINING = f"""
[training]
max_steps = {STEPS}
batch_tokens = 120
learning_rate = 0.01
warmup_steps = 5
lr_scheduler = "cosine"
ema_decay = 0.9
eval_steps = 9
save_steps = {STOPPED}
device = "cpu"
dtype = "float32"
num_processes = 1
num_threads = 1
"""
"""Validated often enough that every update is logged."""

CONFIGURATIONS = {
    "translation": """
task = "translation"
seed = 3
[text]
kind = "characters"
[data]
train = [{ path = "data/pairs.tsv" }]
validation_split = 6
[model]
hidden_size = 8
word_dropout = 0.1
[model.encoder]
kind = "transformer"
num_layers = 1
num_heads = 2
ffn_dim = 12
[model.decoder]
kind = "transformer"
num_layers = 1
num_heads = 2
ffn_dim = 12
[decoding]
max_length = "20"
""",
    "captioning": """
task = "captioning"
seed = 4
[text]
kind = "words"
language = "en"
min_freq = 1
[images]
size = 32
horizontal_flip = true
[data]
train = [{ images = "data/pictures" }]
validation_split = 0.25
[model]
hidden_size = 8
[model.encoder]
kind = "cnn"
weights = "none"
trainable_from_block = -1
hidden_size = 8
[model.decoder]
kind = "lstm"
hidden_size = 8
num_layers = 1
[decoding]
max_length = "8"
""",
    "video": """
task = "video-captioning"
seed = 5
[text]
kind = "words"
language = "en"
min_freq = 1
[images]
size = 32
[data]
train_images = [{ images = "data/pictures" }]
validation_images = [{ images = "data/pictures" }]
max_validation_videos = 2
num_streams = 3
bptt_len = 3
synthetic_video = { shots_per_video = 2, frames_per_shot = 4 }
[model]
hidden_size = 8
[model.encoder]
kind = "cnn-lstm"
temporal = "causal"
lstm_hidden_size = 4
weights = "none"
hidden_size = 8
[model.decoder]
kind = "show-attend-and-tell"
hidden_size = 8
attention_dim = 4
[decoding]
max_length = "8"
""",
    "tagging": """
task = "tagging"
seed = 6
[text]
min_freq = 2
language = "en"
[data]
train = [{ path = "data/train.conllu" }]
validation_split = 0.2
[model]
hidden_size = 8
word_dropout = 0.1
head = "crf"
[model.char_encoder]
kind = "cnn"
hidden_size = 6
embedding_size = 4
[model.encoder]
kind = "lstm"
hidden_size = 8
num_layers = 1
""",
    "classification": """
task = "classification"
seed = 7
[text]
kind = "words"
language = "en"
min_freq = 1
[data]
train = [{ path = "data/documents.tsv" }]
validation_split = 0.2
max_length = 6
[model]
hidden_size = 8
pooling = "attention"
[model.encoder]
kind = "gru"
hidden_size = 8
num_layers = 1
""",
    "generation": """
task = "language-modeling"
seed = 8
[text]
kind = "characters"
[data]
train = [{ path = "data/book.txt" }]
num_streams = 4
bptt_len = 12
[model]
hidden_size = 8
[model.encoder]
kind = "lstm"
hidden_size = 8
num_layers = 2
bidirectional = false
weight_dropout = 0.2
[decoding]
max_length = "20"
""",
}

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220), "white": (240, 240, 240)}
WORDS = {"a": "ein", "the": "das", "dog": "hund", "tree": "baum", "house": "haus", "sees": "sieht", "likes": "mag"}
LABELS = {"a": "DET", "the": "DET", "sees": "VERB", "likes": "VERB"}


def write_data(folder: Path) -> None:
    """The data of all runs, always the same."""
    folder.mkdir()
    chance = random.Random(1)
    sentences = [clause(chance) for _ in range(60)]
    pairs = [(" ".join(each), " ".join(WORDS[word] for word in each)) for each in sentences]
    write(folder / "pairs.tsv", [f"{source}\t{target}" for source, target in pairs])
    tagged = [
        "".join(
            "\t".join([str(number), word, "_", LABELS.get(word, "NOUN"), *"_" * 6]) + "\n"
            for number, word in enumerate(each, 1)
        )
        for each in sentences
    ]
    write(folder / "train.conllu", tagged)
    judged = [
        (chance.choice(["good", "bad"]), " ".join(clause(chance)), chance.choice(["film", "play"])) for _ in range(50)
    ]
    rows = [f"{'pos' if word == 'good' else 'neg'}\ta {word} {kind} {text}" for word, text, kind in judged]
    write(folder / "documents.tsv", ["label\ttext", *rows])
    write(folder / "book.txt", [" ".join(clause(chance)) + "." for _ in range(80)])
    write_pictures(folder / "pictures")


def clause(chance: random.Random) -> list[str]:
    nouns, verbs = ("dog", "tree", "house"), ("sees", "likes")
    return [
        chance.choice(["a", "the"]), chance.choice(nouns), chance.choice(verbs),
        chance.choice(["a", "the"]), chance.choice(nouns),
    ]  # fmt: skip


def write_pictures(folder: Path) -> None:
    """Squares, with two captions each."""
    folder.mkdir()
    lines = ["image,caption"]
    for number in range(16):
        name, colour = list(COLOURS.items())[number % len(COLOURS)]
        picture = Image.new("RGB", (40, 36 + number), (60, 60, 60))
        ImageDraw.Draw(picture).rectangle([number, 8, number + 14, 24], colour)
        picture.save(folder / f"{number:02}.png")
        lines += [f"{number:02}.png,a {name} square", f"{number:02}.png,something {name} is here"]
    write(folder / "captions.csv", lines)


def write(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def tiny_trunk(name: str) -> backbones.BackboneSpec:
    """Three convolutions in place of a backbone, so that a checkpoint is small."""
    blocks = [
        nn.Sequential(nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())
        for before, after in ((3, 4), (4, 6), (6, 6))
    ]
    return backbones.BackboneSpec(
        nn.Sequential(OrderedDict(features=nn.Sequential(*blocks))), 6, (127.0,) * 3, (64.0,) * 3
    )


def train(task: str, run: Callable[..., int]) -> dict[str, list[float]]:
    """Trains in the current directory, into the folder `run`; `run` is the program. The curves of the training."""
    Path("run.toml").write_text(CONFIGURATIONS[task] + TRAINING, encoding="utf-8")
    assert run("train", "run.toml", "--output", "run") == 0
    return curves(Path("run"))


def curves(out: Path) -> dict[str, list[float]]:
    """Loss and norm of the gradient at each update that was logged, and the first score of each validation."""
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    updates = [line for line in lines if line["kind"] == "progress"]
    return {
        "step": [line["step"] for line in updates],
        "loss": [line["loss"] for line in updates],
        "gradient_norm": [line["gradient_norm"] for line in updates],
        "learning_rate": [line["learning_rate"] for line in updates],
        "score": [next(iter(line["scores"].values())) for line in lines if line["kind"] == "validation"],
    }
