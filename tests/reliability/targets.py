"""What `kills.py` kills: trainings of each task, and all else that writes directories and files."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from helpers import tiny_runs
from PIL import Image

import seqtasks
from seqtasks.cli import app
from seqtasks.data import feature_cache
from seqtasks.errors import SeqtasksError
from seqtasks.export import WRITERS
from seqtasks.loading import open_models
from seqtasks.storage.atomic import PART
from seqtasks.storage.bundle import CARD, read_bundle
from seqtasks.storage.model_paths import find_model

FOLDER = "made"
"""What a target makes, in the folder that it is given; beside it lies its cache."""
SAVE_OFTEN = {"max_steps": 18, "eval_steps": 6, "save_steps": 3, "save_total_limit": 2}
PICTURES_AT_A_TIME = 4
"""So that features of sixteen pictures come in several parts."""
ONE_THREAD = ("--threads", "1")
FROZEN = {"trainable_from_block = -1\n": "", "horizontal_flip = true\n": ""}
"""What a captioner leaves out whose CNN is not trained, so that its features are kept."""
MARIAN = {
    'kind = "characters"\n': 'kind = "subwords"\nvocab_size = 340\n',
    "num_heads = 2\n": "num_heads = 2\nnorm_first = false\ninterleaved_positions = false\n",
    "[decoding]\n": '[languages]\nsource = "en"\ntarget = "de"\n[decoding]\n',
}
"""What another translator has in other words, which transformers and Argos Translate can hold."""
OF_MARIAN = ("argos", "huggingface")
"""The programs that need it."""


class Target(NamedTuple):
    """Work that can be killed and done again in the same folder."""

    name: str
    run: Callable[[Path], None]
    same: Callable[[str], bool]
    """Whether a file has to be the same to the bit, by its name."""
    reads: tuple[Path, ...] = ()
    """Folders that it reads, outside of its own."""


def training(task: str, processes: int, folder: Path, **chosen: Any) -> Target:
    """A training of eighteen steps that saves often; with all that it caches in the same folder."""
    config = folder / f"{task}.toml"
    config.write_text(tiny_runs.CONFIGURATIONS[task] + tiny_runs.TRAINING, encoding="utf-8")
    settings = {**SAVE_OFTEN, "num_processes": processes, **chosen}

    def run(root: Path) -> None:
        train(config, root, settings)

    return Target(f"{task}, {processes} process{'es' * (processes > 1)}", run, is_value)


def configuration(task: str, otherwise: Mapping[str, str]) -> str:
    """The tiny run of a task, with other lines."""
    text = tiny_runs.CONFIGURATIONS[task] + tiny_runs.TRAINING
    for old, new in otherwise.items():
        assert old in text
        text = text.replace(old, new)
    return text


def is_value(name: str) -> bool:
    return name.endswith((".safetensors", ".npy"))


def train(config: Path, root: Path, settings: dict[str, Any]) -> None:
    os.environ["XDG_CACHE_HOME"] = str(root / "cache")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seqtasks.train(config, root / FOLDER, resume=True, training=settings)


def features(folder: Path) -> Target:
    """The features of a frozen CNN, and two updates with them."""
    config = folder / "features.toml"
    config.write_text(configuration("captioning", FROZEN), encoding="utf-8")
    feature_cache.PART = PICTURES_AT_A_TIME
    return Target("feature cache", lambda root: train(config, root, {"max_steps": 2}), is_value)


def export(kind: str, model: Path) -> Target:
    """A translation model in the format of another program."""
    task, pipeline = open_models([model], "translation", device="cpu", dtype="float32", threads=1)
    card = (find_model(model) / CARD).read_text(encoding="utf-8")

    def run(root: Path) -> None:
        root.mkdir(exist_ok=True)
        if not (root / FOLDER).exists():
            WRITERS[kind](task, pipeline.models[0], pipeline.default_decoding, card, root / FOLDER)

    return Target(f"export to {kind}", run, lambda name: True)


def command(name: str, *arguments: object, reads: tuple[Path, ...] = ()) -> Target:
    """A command that writes into a file of its own, or nothing; `{}` in an argument is the folder."""

    def run(root: Path) -> None:
        if not root.exists():
            root.mkdir()
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
        code = app.run([str(each).format(root) for each in arguments])
        sys.stdout.flush()
        if code:
            os._exit(code)

    return Target(name, run, lambda file: file == FOLDER or is_value(file), reads)


def translation(model: Path, text: Path) -> Target:
    """A file of translations."""
    return command("translate --output", "translate", "--model", model, text, "--output", f"{{}}/{FOLDER}", *ONE_THREAD)


TRAINED = (
    ("translation", 1), ("translation", 2), ("captioning", 1), ("video", 2), ("tagging", 1), ("classification", 1),
    ("generation", 1),
)  # fmt: skip
"""Tasks, and the processes that train them."""


def command_targets(folder: Path) -> Iterator[Target]:
    """The program: trainings, and each command that reads or writes files."""
    for task, processes in TRAINED:
        if not (folder / f"{task}-first").exists():
            train_here(task, folder / f"{task}-first")
        config = folder / f"{task}.toml"
        config.write_text(tiny_runs.CONFIGURATIONS[task] + tiny_runs.TRAINING, encoding="utf-8")
        often = [f"training.{key}={value}" for key, value in {**SAVE_OFTEN, "num_processes": processes}.items()]
        chosen = [word for setting in often for word in ("--set", setting)]
        name = f"train {task}, {processes} process{'es' * (processes > 1)}"
        yield command(name, "train", config, "--output", f"{{}}/{FOLDER}", "--resume", *chosen)
    for name, task, *arguments in [*writing_commands(folder), *reading_commands()]:
        model = folder / f"{task}-first" / FOLDER
        words = [{"MODEL": model, "OUTPUT": f"{{}}/{FOLDER}"}.get(str(word), word) for word in arguments]
        made = command(name, *words, reads=(model, Path("data").resolve()))
        if "OUTPUT" in arguments:
            made.run(folder / f"{name}-first")
        yield made


def writing_commands(folder: Path) -> Iterator[tuple[object, ...]]:
    """Names, tasks and arguments of commands that write what their model makes."""
    text, data = folder / "sentences.txt", Path("data").resolve()
    text.write_text("a dog sees the tree\n" * 4 + "größer 漢字\n", encoding="utf-8")
    images = sorted((data / "pictures").glob("*.png"))[:3]
    first, *others = (Image.open(image).resize((40, 40)) for image in images)
    first.save(folder / "video.gif", save_all=True, append_images=others, duration=400)
    written = ("--output", "OUTPUT", *ONE_THREAD)
    yield "translate", "translation", "translate", "--model", "MODEL", text, *written
    yield "translate --workers 2", "translation", "translate", "--model", "MODEL", text, *written[:2], "--workers", 2
    yield "caption", "captioning", "caption", "--model", "MODEL", *images, *written
    yield "caption a video", "video", "caption", "--model", "MODEL", folder / "video.gif", *written
    yield "tag", "tagging", "tag", "--model", "MODEL", text, *written
    yield "classify", "classification", "classify", "--model", "MODEL", text, *written


def reading_commands() -> Iterator[tuple[object, ...]]:
    """Those of commands that read models and data, and print."""
    data = Path("data").resolve()
    yield "score", "translation", "score", "MODEL", data / "pairs.tsv", *ONE_THREAD
    yield "generate", "generation", "generate", "--model", "MODEL", "--prompt", "a dog", *ONE_THREAD
    evaluated = {
        "translation": "pairs.tsv", "captioning": "pictures", "tagging": "train.conllu",
        "classification": "documents.tsv", "generation": "book.txt",
    }  # fmt: skip
    for task, name in evaluated.items():
        yield f"evaluate {task}", task, "evaluate", "MODEL", data / name, *ONE_THREAD


def all_targets(tasks: list[str], processes: list[int], others: bool, folder: Path) -> Iterator[Target]:
    """Each when its turn has come: what it imports is then in memory before anything is forked."""
    for task in tasks:
        train_here(task, folder / f"{task}-first")
        for count in processes:
            yield training(task, count, folder)
    if others:
        train_here("translation", model := folder / "model")
        train_here("translation", of_marian := folder / "of-marian", MARIAN)
        text = folder / "sentences.txt"
        text.write_text("a dog sees the tree\n" * 5, encoding="utf-8")
        with_features = features(folder)
        with_features.run(folder / "features-first")
        yield with_features
        exported = [export(kind, (of_marian if kind in OF_MARIAN else model) / FOLDER) for kind in WRITERS]
        for target in [*exported, translation(model / FOLDER, text)]:
            with keeping_graphs():
                target.run(folder / "first")
                shutil.rmtree(folder / "first")
                yield target


@contextlib.contextmanager
def keeping_graphs() -> Iterator[None]:
    """Within this PyTorch follows a graph once: it takes seconds, and touches no file of ours."""
    export, made = torch.onnx.export, dict[type, Any]()

    def kept(graph: torch.nn.Module, *arguments: Any, **options: Any) -> Any:
        if type(graph) not in made:
            made[type(graph)] = export(graph, *arguments, **options)
        return made[type(graph)]

    torch.onnx.export = kept
    try:
        yield
    finally:
        torch.onnx.export = export


def unreadable(root: Path) -> Iterator[str]:
    """What has the name of something whole, and is not."""
    for folder in sorted((root / FOLDER).glob("*/bundle.json")):
        bundle_folder = folder.parent
        if bundle_folder.name.startswith(PART):
            continue
        try:
            bundle = read_bundle(bundle_folder)
            bundle.tensors()
            if bundle_folder.name.startswith("step-"):
                bundle.trainer()
        except SeqtasksError as error:
            yield f"{bundle_folder.name}: {error}"


def train_here(task: str, root: Path, otherwise: Mapping[str, str] = MappingProxyType({})) -> None:
    config = root.with_suffix(".toml")
    config.write_text(configuration(task, otherwise), encoding="utf-8")
    train(config, root, {"max_steps": 2, "eval_steps": 1})
