"""The same questions to every model that comes with the repository, on the command line of any version of seqtasks.

Inputs are of our own making, decided by seeds. Versions differ in the names of options and of the keys in their JSON:
the tables say which name became which, and an option is called by the name that the version's help lists.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

RENAMED_OPTIONS = {
    "--beam": "--beam-size",
    "--length": "--max-new-tokens",
    "--count": "--num-return-sequences",
    "--every-frame": "--frame-step",
    "--format": "--output-format",
}
RENAMED_KEYS = {
    "normalised": "normalized_score", "normalized": "normalized_score", "picture": "image", "clip": "video",
}  # fmt: skip
"""Of objects in the output."""
NEW_KEYS = {"blank": False, "unknown": [], "parts": 1, "repetitive": False}
"""Keys that came with 0.2, and their values where there is nothing to tell."""

PEOPLE = ("man", "woman", "boy", "girl", "child", "dog", "cat", "player", "teacher", "band", "crowd", "worker")
LOOKS = ("young", "old", "tall", "small", "happy", "tired", "blond", "barefoot", "black-haired", "bearded")
THINGS = ("ball", "guitar", "bicycle", "book", "umbrella", "hat", "camera", "kite", "boat", "rope", "ladder")
COLOURS = ("red", "green", "blue", "yellow", "white", "black", "orange", "purple")
DOINGS = ("holds", "throws", "catches", "carries", "watches", "paints", "repairs", "rides", "sells", "finds")
PLACES = ("in the park", "on the beach", "at a bus stop", "near the river", "on a crowded street", "under a tree")
TIMES = ("", "", "yesterday", "at night", "on a sunny day", "while it rains", "before 9 a.m.", "in Berlin")
OPINIONS = ("wonderful", "dull", "moving", "clumsy", "brilliant", "predictable", "funny", "terrible", "unforgettable")
PARTS = ("film", "story", "cast", "music", "ending", "script", "hero", "camera work", "dialogue", "second half")
PROMPTS = ["ROMEO:\n", "", "Once upon a time", "KING RICHARD III:\nMy lord,", "What say you? "]


def sentence(chance: random.Random) -> str:
    who = f"{chance.choice(LOOKS)} {chance.choice(PEOPLE)}"
    what = f"{chance.choice(COLOURS)} {chance.choice(THINGS)}"
    words = f"A {who} {chance.choice(DOINGS)} a {what} {chance.choice(PLACES)} {chance.choice(TIMES)}".strip()
    if chance.random() < 0.3:
        words += f", and {chance.randint(2, 40)} {chance.choice(PEOPLE)}s don't mind"
    return words + chance.choice([".", ".", "!", ""])


def document(chance: random.Random) -> str:
    """What somebody thinks of a film, in one to six sentences."""
    said = []
    for _ in range(chance.randint(1, 6)):
        negated = chance.choice(["was", "was", "was not", "could have been"])
        said.append(f"The {chance.choice(PARTS)} {negated} {chance.choice(OPINIONS)}.")
    return " ".join(said)


def picture(chance: random.Random, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Shapes before a sky and a ground."""
    width, height = size
    image = Image.new("RGB", size, tuple(chance.randint(60, 255) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    draw.rectangle(
        [0, height * chance.uniform(0.4, 0.8), width, height], tuple(chance.randint(0, 200) for _ in range(3))
    )
    for _ in range(chance.randint(1, 5)):
        x, y, side = chance.uniform(0, width), chance.uniform(0, height), chance.uniform(10, 60)
        shape = chance.choice([draw.ellipse, draw.rectangle])
        shape([x, y, x + side, y + side * chance.uniform(0.5, 2)], tuple(chance.randint(0, 255) for _ in range(3)))
    return image


def write_lines(file: Path, make: Callable[[random.Random], str], count: int, *, own: Path | None = None) -> Path:
    """`count` texts, a line each: the first ones of the file `own`, where there is one."""
    chance = random.Random(1)
    lines = [make(chance) for _ in range(count)]
    if own is not None:
        with own.open(encoding="utf-8") as stream:
            lines = [line.rstrip("\n") for line, _ in zip(stream, range(count), strict=False)]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def write_pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    chance = random.Random(2)
    for number in range(count):
        picture(chance).save(folder / f"{number:04}.png", compress_level=1)
    return folder


def write_clips(folder: Path, frames: int, *, length: int = 20) -> list[Path]:
    """Folders of numbered frames, so many `frames` in all: one picture that moves to the left, then another one."""
    chance = random.Random(3)
    clips = []
    for first in range(0, frames, length):
        clip = folder / f"clip-{first:04}"
        clip.mkdir(parents=True)
        clips.append(clip)
        shown = [picture(chance, (240, 120)) for _ in range(2)]
        count = min(length, frames - first)
        for number in range(count):
            scene = shown[2 * number // count]
            scene.crop((4 * number, 0, 4 * number + 160, 120)).save(clip / f"{number:03}.png", compress_level=1)
    return clips


@dataclass(frozen=True)
class Question:
    """A call of the program; `{model}` stands for the model in the arguments."""

    arguments: tuple[str, ...]
    stdin: str = ""


def questions(folder: Path, count: int, data: Path | None = None) -> dict[str, list[Question]]:
    """About `count` inputs for each model, by its directory in the repository; files are written into the folder.

    Texts are those of the folder `data`, as far as it holds them.
    """

    def own(name: str) -> Path | None:
        return data / name if data is not None and (data / name).is_file() else None

    folder.mkdir(exist_ok=True)
    texts = str(write_lines(folder / "sentences.txt", sentence, count, own=own("multi30k/test_2016_flickr.en")))
    documents = write_lines(folder / "documents.txt", document, count)
    pictures = write_pictures(folder / "pictures", count)
    clips = write_clips(folder / "clips", count)
    translations = [Question(("translate", "--model", "{model}", "--json", "--nbest", "3", texts))]
    each = max(1, count // len(PROMPTS))
    written = [
        Question(("generate", "--model", "{model}", "--json", "--length", "60", "--prompt", prompt, *more))
        for prompt in PROMPTS
        for more in (("--count", str(each)), ("--count", "2", "--beam", "3"))
    ]
    return {
        "assets/models/en-de": translations,
        "benchmarks/models/multi30k-en-de": translations,
        "benchmarks/models/multi30k-en-de-student": translations,
        "assets/models/pos-en": [Question(("tag", "--model", "{model}", "--format", "jsonl", texts))],
        "assets/models/sentiment": [
            Question(("classify", "--model", "{model}", "--json"), documents.read_text(encoding="utf-8"))
        ],
        "assets/models/shakespeare": written,
        "assets/models/captions": [
            Question(("caption", "--model", "{model}", "--json", "--nbest", "3", str(pictures)))
        ],
        "assets/models/clips": [
            Question(("caption", "--model", "{model}", "--json", "--every-frame", "1", str(clip))) for clip in clips
        ],
    }


def worded(question: Question, model: str, help_text: str) -> list[str]:
    """The arguments in the words of the version whose help of the command this is: float32, one thread."""
    names = {old: new if f"{new} " in help_text else old for old, new in RENAMED_OPTIONS.items()}
    words = [names.get(word, word.replace("{model}", model)) for word in question.arguments]
    return [*words, "--dtype", "float32", "--threads", "1"]


def answers(output: str, folder: Path) -> Iterator[Any]:
    """The objects in the output, a line each, under today's keys; files are named from the folder of the inputs."""
    for line in output.splitlines():
        yield renamed(json.loads(line.replace(str(folder), "")))


def renamed(value: Any) -> Any:
    if isinstance(value, dict):
        said = {key: item for key, item in value.items() if key not in NEW_KEYS or item != NEW_KEYS[key]}
        return {RENAMED_KEYS.get(key, key): renamed(item) for key, item in said.items()}
    return [renamed(item) for item in value] if isinstance(value, list) else value


def differences(ours: Any, theirs: Any, *, tolerance: float, place: str = "") -> Iterator[str]:
    """Where two answers differ: numbers by more than the tolerance, all else at all."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        for key in ours:
            yield from differences(ours[key], theirs[key], tolerance=tolerance, place=f"{place}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, tolerance=tolerance, place=f"{place}[{number}]")
    elif isinstance(ours, float) and isinstance(theirs, float):
        if not abs(ours - theirs) <= tolerance:
            yield f"{place}: {ours!r} and {theirs!r}"
    elif ours != theirs:
        yield f"{place}: {ours!r} and {theirs!r}"


def all_differences(ours: Sequence[Any], theirs: Sequence[Any], *, tolerance: float) -> list[str]:
    return list(differences(list(ours), list(theirs), tolerance=tolerance))
