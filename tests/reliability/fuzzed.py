"""What `fuzz.py` gives inputs to: readers, images, videos, bundles, configurations, and the pipelines of all tasks."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import shutil
import tomllib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from helpers import tiny_runs
from PIL import Image, ImageDraw
from reliability.inputs import WORDS, changed, text
from reliability.targets import FOLDER, train_here

import seqtasks
from seqtasks.config.run import read_config
from seqtasks.data.captions.captioned_images import CaptionReadReport, CaptionSource, read_captioned_images
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.documents.text_corpus import TextSource, read_texts
from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import read_pairs
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.data.tagging.readers import TaggedSource, read_tagged
from seqtasks.data.videos.readers import VideoSource, read_captioned_videos
from seqtasks.image.loading import open_image
from seqtasks.loading import open_models
from seqtasks.video.reader import StrideSampler, open_video
from seqtasks.video.source import THUMBNAIL

Give = Callable[[random.Random, Path], None]
"""Makes an input and gives it to the program; the folder is for files."""


class Fuzzed(NamedTuple):
    name: str
    give: Give
    share: float = 1.0
    """Inputs for each that a reader gets: some take longer."""


TABLE = [
    b"source,target\nA dog runs.,Ein Hund rennt.\n\"A \"\"big\"\" dog, here\",Ein Hund\n",
    b"id\ten\tde\n1\tA dog.\tEin Hund.\n2\tTwo.\tZwei.\n",
    b"label;text\npos;a good film\nneg;\"a bad\none\"\n",
    b",text,label\n0,a good film,1\n1,a bad one,0\n",
    b"image,caption\n00.png,a red square\n01.png,a green square\n",
    b"00.png#0\ta red square\n00.png#1\tsomething red\n01.png#0\ta green one\n",
    b"__label__pos a good film\n__label__neg a bad one\n",
]  # fmt: skip
JSON = [
    b'{"source": "A dog.", "target": "Ein Hund."}\n{"translation": {"en": "A", "de": "Ein"}}\n',
    b'{"text": "a good film", "label": "pos"}\n{"text": "bad", "labels": ["neg", 1.0]}\n',
    b'{"words": ["a", "dog"], "labels": ["DET", "NOUN"]}\n{"tokens": ["it"], "tags": ["PRON"]}\n',
    b'{"image": "00.png", "caption": "a red square"}\n{"file_name": "01.png", "captions": ["a", "b"]}\n',
    b'{"images": [{"id": 1, "file_name": "00.png"}], "annotations": [{"image_id": 1, "caption": "a red square"}]}',
    b'{"images": [{"filename": "00.png", "split": "train", "sentences": [{"raw": "a red square"}]}]}',
    b'{"video": "00.png", "captions": [{"start": 0, "end": 1.5, "caption": "a red square"}]}\n',
]
COLUMNS = [
    b"# sent_id = 1\n# text = a dog\n1\ta\ta\tDET\t_\t_\t2\tdet\t_\t_\n2\tdog\tdog\tNOUN\t_\t_\t0\troot\t_\t_\n\n",
    b"# global.columns = ID FORM UPOS\n1\ta\tDET\n2\tdog\tNOUN\n\n",
    b"-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\n",
]
TMX = [
    b'<?xml version="1.0"?><tmx version="1.4"><header srclang="en"/><body><tu><tuv xml:lang="en"><seg>A.</seg></tuv>'
    b'<tuv xml:lang="de"><seg>Ein <ph>x</ph> Hund.</seg></tuv></tu></body></tmx>'
]
PLAIN = [b"A dog runs.\nA tree.\n", b"first text\n---\nsecond text\n", "größer 漢字\n".encode()]
TEXTS = [b"a dog sees the tree", b"the house likes a dog.", "größer 漢字 e\u0301".encode(), b"", b" ", b"a b\tc\nd"]


def reader(name: str, right: list[bytes], suffixes: list[str], read: Callable[[Path], object]) -> Fuzzed:
    """A reader of files with one of these suffixes."""

    def give(chance: random.Random, folder: Path) -> None:
        suffix = chance.choice(suffixes)
        data = changed(chance, right)
        if suffix.endswith(".gz"):
            data = gzip.compress(data, 1)
            data = changed(chance, [data]) if chance.random() < 0.3 else data
        path = folder / f"data{suffix}"
        path.write_bytes(data)
        read(path)

    return Fuzzed(name, give)


def readers(pictures: Path) -> Iterator[Fuzzed]:
    tables = [".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz"]
    pair = {"languages": ("en", "de")}
    yield reader(
        "pairs", 3 * (TABLE[:2] + JSON[:1]) + TABLE + JSON, [*tables, ".jsonl", ".jsonl.gz"],
        lambda path: list(read_pairs(ParallelSource(path=path), ReadReport(), **pair)),
    )  # fmt: skip
    yield reader(
        "TMX", TMX, [".tmx", ".tmx.gz"], lambda path: list(read_pairs(ParallelSource(path=path), ReadReport(), **pair))
    )
    yield reader(
        "documents", 3 * (TABLE[2:4] + TABLE[6:] + JSON[1:2]) + TABLE + JSON + PLAIN, [*tables, ".jsonl", ".jsonl.gz"],
        lambda path: list(read_documents(DocumentSource(path=path), ReadReport())),
    )  # fmt: skip
    yield reader(
        "tagged sentences", COLUMNS + JSON, [".conllu", ".conll", ".conllup", ".cupt", ".jsonl", ".txt", ".conllu.gz"],
        lambda path: list(read_tagged(TaggedSource(path=path), ReadReport())),
    )  # fmt: skip
    yield reader(
        "captions", 3 * (TABLE[4:6] + JSON[3:6]) + TABLE + JSON, [*tables, ".json", ".jsonl", ".json.gz", ".token"],
        lambda path: read_captioned_images(CaptionSource(images=pictures, captions=path), CaptionReadReport()),
    )  # fmt: skip
    yield reader(
        "captions of videos", JSON[6:], [".jsonl", ".jsonl.gz"],
        lambda path: read_captioned_videos(VideoSource(path=path, videos=pictures), ReadReport()),
    )  # fmt: skip
    yield reader(
        "texts", PLAIN + TABLE + JSON, [".txt", ".txt.gz", ".jsonl"],
        lambda path: list(read_texts(TextSource(path=path), ReadReport())),
    )  # fmt: skip


MODES = {
    "PNG": ("RGB", "L", "P", "RGBA", "LA", "1", "I;16"),
    "JPEG": ("RGB", "L", "CMYK"),
    "GIF": ("RGB", "L", "P"),
    "BMP": ("RGB", "L", "P"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("RGB", "L", "P", "CMYK", "I;16"),
}
"""Formats of images, and what their pixels can be."""


def images() -> Iterator[Fuzzed]:
    right = [saved(kind, mode) for kind, modes in MODES.items() for mode in modes]
    animated = [saved(kind, "RGB", frames=3) for kind in ("GIF", "PNG", "WEBP")]

    def give(chance: random.Random, folder: Path) -> None:
        open_image(changed(chance, right), "it", at_least=chance.choice([None, 8]))

    yield Fuzzed("images", give)
    yield videos("animated images", animated, 0.3)
    yield videos("videos", [movie(kind) for kind in ("mp4", "matroska", "avi")], 0.3)


def videos(name: str, right: list[bytes], share: float) -> Fuzzed:
    def give(chance: random.Random, folder: Path) -> None:
        path = folder / "video"
        path.write_bytes(changed(chance, right))
        video = open_video(path)
        assert all(frame.image.size for frame in video.frames(StrideSampler()))
        assert video.end is None or video.end >= 0

    return Fuzzed(name, give, share)


def saved(kind: str, mode: str, frames: int = 1) -> bytes:
    shown = []
    for number in range(frames):
        image = Image.new("RGB", (24, 20), (60, 60, 60))
        ImageDraw.Draw(image).rectangle([number, 4, number + 9, 12], (200, 30, 30))
        shown.append(image.convert("I").convert(mode) if mode == "I;16" else image.convert(mode))
    file = io.BytesIO()
    more = {"save_all": True, "append_images": shown[1:], "duration": 100} if frames > 1 else {}
    shown[0].save(file, kind, **more)
    return file.getvalue()


def movie(kind: str) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = *THUMBNAIL, "yuv420p"
        for number in range(4):
            frame = av.VideoFrame.from_image(Image.new("RGB", THUMBNAIL, (60 * number, 60, 60)))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def bundles(models: dict[str, Path]) -> Iterator[Fuzzed]:
    """A changed file of a bundle, with the hash that it has now: else nothing but the hash would be looked at."""

    def give(chance: random.Random, folder: Path) -> None:
        source, copy = models[chance.choice([*models])], folder / "model"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(source, copy)
        file = chance.choice([each for each in sorted(copy.rglob("*")) if each.is_file() and each.name != "README.md"])
        data = file.read_bytes()
        cut = 2_000 if file.suffix == ".safetensors" else len(data)  # its header
        file.write_bytes(changed(chance, [data[:cut]]) + data[cut:])
        manifest = copy / "bundle.json"
        if file != manifest:
            fields = json.loads(manifest.read_text(encoding="utf-8"))
            fields["sha256"][file.relative_to(copy).as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
            manifest.write_text(json.dumps(fields), encoding="utf-8")
        open_models([copy], device="cpu", dtype="float32", threads=1)

    yield Fuzzed("bundles", give, 0.3)


def configurations() -> Iterator[Fuzzed]:
    right = [(each + tiny_runs.TRAINING).encode() for each in tiny_runs.CONFIGURATIONS.values()]
    keys = [key for each in right for key in dotted(tomllib.loads(each.decode()))]

    def give(chance: random.Random, folder: Path) -> None:
        path = folder / "run.toml"
        if chance.random() < 0.5:
            path.write_bytes(changed(chance, right))
            read_config(path)
        else:
            path.write_bytes(chance.choice(right))
            value = chance.choice([*WORDS, b"1", b"[1, 2]", b"{a = 1}", b"none", b"lstm"]).decode(errors="replace")
            key = changed(chance, [chance.choice(keys).encode()]) if chance.random() < 0.3 else chance.choice(keys)
            name = key if isinstance(key, str) else key.decode(errors="replace")
            read_config(path, overrides=[f"{name}={value}"])

    yield Fuzzed("configurations", give)


def dotted(table: dict[str, Any], before: str = "") -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def pipelines(models: dict[str, Path]) -> Iterator[Fuzzed]:
    """Text that the commands get."""
    loaded: dict[str, Any] = {
        task: seqtasks.load(path, device="cpu", dtype="float32", threads=1) for task, path in models.items()
    }
    calls: dict[str, Callable[[str], object]] = {
        "translation": lambda said: loaded["translation"].translate([said, "a dog"], beam_size=2, max_length="6"),
        "tagging": lambda said: loaded["tagging"].tag([said, "a dog"]),
        "classification": lambda said: loaded["classification"].classify([said, "a dog"]),
        "generation": lambda said: loaded["generation"].generate(said, max_new_tokens=5),
    }
    for task, call in calls.items():

        def give(chance: random.Random, folder: Path, call: Callable[[str], object] = call) -> None:
            call(text(chance, TEXTS))

        yield Fuzzed(f"texts for {task}", give, 0.3)


def all_fuzzed(folder: Path) -> list[Fuzzed]:
    models = {}
    for task in tiny_runs.CONFIGURATIONS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train_here(task, folder / task)
        models[task] = folder / task / FOLDER / "best"
    pictures = Path("data/pictures").resolve()
    return [*readers(pictures), *images(), *bundles(models), *configurations(), *pipelines(models)]
