"""Video captions: a captioner of images learns to remember what it saw, on videos made from Flickr8k's images.

    python recipes/video_captions.py data/flickr8k --temporal causal --output runs/video

Each image is shown for some frames, with pan and zoom, in spells of blur, darkness, noise or with something in front
of it, and cut hard to the next. For training the videos are made on the fly; those of the dev images are written as
real videos, with their captions in `clips.jsonl`. Measured are the model that it starts from, which describes every
frame as an image of its own, and the trained one: on the videos, and on the images as they are.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Annotated, Literal

import typer

from runner import Chosen, Resume, Tiny, data_folder, evaluate, official, print_table, run, signatures, train, values
from seqtasks import find_model, read_bundle
from seqtasks.data.captions.captioned_images import (
    CaptionedImage,
    CaptionReadReport,
    CaptionSource,
    read_captioned_images,
)
from seqtasks.data.videos.frame_sequence import SyntheticVideo
from seqtasks.data.videos.synthetic import SyntheticVideoConfig, synthesize_videos
from seqtasks.data.videos.writer import write_video

CAPTIONS = "Flickr8k.token.txt"
CONFIGURATION = """\
task = "video-captioning"
seed = {seed}
init_from = "{start}"

[text]
kind = "words"
language = "en"
min_freq = 4
oov = "unknown"

[images]
size = {size}

[data]
train_images = [{{ images = "{folder}", captions = "{captions}", split = "train" }}]
validation_images = [{{ images = "{folder}", captions = "{captions}", split = "dev" }}]
max_validation_videos = 30
num_streams = {clips}
bptt_len = {window}

[model]
hidden_size = {model[hidden_size]}
tie_embeddings = "output"
embedding_dropout = 0.3
word_dropout = 0.1

[model.encoder]
kind = "cnn-lstm"
temporal = "{temporal}"
backbone = "{model[encoder][backbone]}"
hidden_size = {model[encoder][hidden_size]}
dropout = 0.3

[model.decoder]
kind = "lstm"
hidden_size = {model[decoder][hidden_size]}
num_layers = {model[decoder][num_layers]}
dropout = 0.4

[data.synthetic_video]
corruption_prob = 0.4

[training]
max_steps = 1_400
learning_rate = 6e-4
pretrained_lr_scale = 0.3
warmup_steps = 50
lr_scheduler = "cosine"
ema_decay = 0.99
eval_steps = 350
save_steps = 175
"""

Temporal = Literal["none", "causal", "both"]
WINDOWS: dict[Temporal, tuple[int, int]] = {"none": (4, 8), "causal": (4, 8), "both": (2, 16)}
"""Clips side by side and frames of each. A model that looks ahead has to see what comes behind a cut: shots have eight
frames, and after windows of eight it takes what lies behind a cut for the same shot."""
TINY = (
    "training.max_steps=4",
    "training.warmup_steps=1",
    "training.eval_steps=4",
    "training.save_steps=4",
    "data.max_validation_videos=2",
    "data.num_streams=2",
)
TINY_IMAGES = 8
CLIPS_SEED = 1
METRICS = {"cider-d": "CIDEr-D", "bleu-4": "BLEU-4", "rouge-l": "ROUGE-L"}
"""And their columns."""


def image_size(model: Path) -> int:
    """The side of the images that a captioner sees, in pixels."""
    images = tomllib.loads((model / "config.toml").read_text(encoding="utf-8")).get("images", {})
    return int(images.get("size", 224))


def main(
    data: Annotated[Path | None, typer.Argument(help="Flickr8k's folder; else SEQTASKS_DATA/flickr8k.")] = None,
    start: Annotated[str, typer.Option(help="The captioner of images: a name or a directory.")] = "captions",
    temporal: Annotated[Temporal, typer.Option(help="What a frame knows of the others.")] = "causal",
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory of model and videos.")] = Path("runs/video"),
    seed: int = 1,
    beam: int = 3,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train a video captioner on videos made from Flickr8k and print its rows of the results table."""
    folder = data_folder(data, "flickr8k", CAPTIONS).resolve()
    captions = official(folder, CAPTIONS)
    source = CaptionSource(images=folder, captions=captions, split="dev")
    images = read_captioned_images(source, CaptionReadReport())[: TINY_IMAGES if tiny else None]
    videos = write_synthetic_videos(output / "clips", images, SyntheticVideoConfig(), CLIPS_SEED)
    bundle = read_bundle(find_model(start))
    side_by_side, window = WINDOWS[temporal]
    configuration = CONFIGURATION.format(
        seed=seed, start=bundle.path.resolve(), size=image_size(bundle.path), folder=folder, captions=captions,
        temporal=temporal, clips=side_by_side, window=window, model=bundle.model,
    )  # fmt: skip
    train(configuration, output / temporal, [*(TINY if tiny else ()), *(settings or [])], resume=resume)
    rows = []
    for name, model in (("images alone", bundle.path), (temporal, output / temporal)):
        measured = {"clips": evaluate(model, videos, beam_size=beam)}
        if not tiny:
            measured["dev"] = evaluate(model, folder, captions, split="dev", beam_size=beam)
        for on, result in measured.items():
            rows.append([name, on, *values(result, METRICS), signatures(result, "cider-d")])
    print_table(["model", "on", *METRICS.values(), "signatures"], rows)


def write_synthetic_videos(
    folder: Path, images: Sequence[CaptionedImage], settings: SyntheticVideoConfig, seed: int, *, rate: float = 1.0
) -> Path:
    """Makes videos out of images and writes them as MP4 with their captions next to them; returns the JSON lines.

    All of it is a function of the images, the settings and the seed. Raises what `write_video` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, shots in enumerate(synthesize_videos(images, settings, seed)):
        name = f"clip-{number:04}.mp4"
        write_video(folder / name, SyntheticVideo(images, shots).frames(0), rate)
        edges = [frames / rate for frames in accumulate((len(shot.changes) for shot in shots), initial=0)]
        spans = [
            {"start": start, "end": end, "caption": list(images[shot.image].captions)}
            for shot, (start, end) in zip(shots, pairwise(edges), strict=True)
        ]
        lines.append(json.dumps({"video": name, "captions": spans}, ensure_ascii=False) + "\n")
    captions = folder / "clips.jsonl"
    captions.write_text("".join(lines), encoding="utf-8")
    return captions


if __name__ == "__main__":
    run(main)
