"""Training batches of videos: windows of some frames, one after the other, several videos side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass
from itertools import chain, count, islice
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Int, UInt8
from PIL import Image
from torch import Tensor

from seqtasks.data.collate import pad_groups
from seqtasks.data.videos.frame_sequence import FrameSequence
from seqtasks.device import available_cores
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.data_loader import DataLoader


class VideoBatch(NamedTuple):
    """Frames of several videos with their captions; each row goes on in the window that follows."""

    source: UInt8[Tensor, "videos frames 3 height width"]
    mask: Bool[Tensor, "videos frames"]
    """True at real frames: a video that ends leaves the rest of its row empty."""
    target: Int[Tensor, "videos frames captions tgt"]
    streams: Int[Tensor, "videos"]
    """Which row of the whole batch each row is."""
    is_start: Bool[Tensor, "videos"]
    """Where a video begins."""


class Window(NamedTuple):
    """A part of a video."""

    video: FrameSequence
    captions: Sequence[Sequence[str]]
    """Of all frames of the video."""
    start: int
    """The first frame."""


@dataclass(eq=False)
class VideoTBPTTLoader(DataLoader[VideoBatch]):
    """Every video once an epoch, in windows of `window` frames; as soon as one of the `lanes` is free the next begins.

    `videos_of` gives the videos of an epoch, which may be others each time, `encode` the token ids of a caption, and
    `pixels` what the network sees of a frame; captions of more than `longest` tokens are left out. All of it depends
    on the seed and the number of the window alone, so that `state_dict` needs no more.
    """

    prefetch = True

    videos_of: Callable[[int], Sequence[FrameSequence]]
    encode: Callable[[str], Sequence[int]]
    pixels: Callable[[Image.Image], UInt8[Tensor, "3 height width"]]
    _: KW_ONLY
    lanes: int
    window: int
    longest: int
    seed: int

    def __post_init__(self) -> None:
        self.load_state_dict({"epoch": 1, "index": 0})

    def endless(self) -> Iterator[FrameSequence]:
        """Videos, epoch after epoch."""
        for epoch in count(1):
            videos = self.videos_of(epoch)
            if not any(any(captions) for video in videos for captions in video.captions):
                raise SeqtasksError("No video with captions is left to train on.", "Check the videos.")
            self.epoch = epoch
            for number in np.random.default_rng([self.seed, epoch]).permutation(len(videos)):
                yield videos[number]

    def windows(self, videos: Iterator[FrameSequence]) -> Iterator[Window]:
        """The windows of one lane, video after video."""
        for video in videos:
            captions = video.captions
            for start in range(0, len(captions), self.window):
                yield Window(video, captions, start)

    def make_batches(self) -> Iterator[tuple[dict[str, int], VideoBatch]]:
        """Window after window; frames become pixels in threads, one a core."""
        with ThreadPoolExecutor(available_cores()) as pool:
            for index in count(self.state["index"] + 1):
                window = self.make(pool)
                yield {"epoch": self.epoch, "index": index}, window

    def make(self, pool: ThreadPoolExecutor) -> VideoBatch:
        """The next window."""
        rows = [next(row) for row in self.rows]
        mine = range(len(rows))[self.share] or range(1)
        frames_of = dict(zip(mine, pool.map(self.frames_of, mine, [rows[lane] for lane in mine]), strict=True))
        empty = torch.zeros_like(frames_of[mine[0]][:0])
        seen = [frames_of.get(lane, empty) for lane in range(len(rows))]
        pixels = torch.zeros(
            len(rows), self.window, *next(row for row in seen if len(row)).shape[1:], dtype=torch.uint8
        )
        for row, frames in zip(pixels, seen, strict=True):
            row[: len(frames)] = frames
        mask = torch.arange(self.window) < torch.tensor([[len(frames)] for frames in seen])
        groups = [self.captions_of(row, row.start + frame) for row in rows for frame in range(self.window)]
        target = pad_groups(groups, begin=True, end=True)
        fresh = torch.tensor([row.start == 0 for row in rows])
        shaped = target.view(len(rows), self.window, *target.shape[1:])
        return VideoBatch(pixels, mask, shaped, torch.arange(len(rows)), fresh)

    def frames_of(self, lane: int, window: Window) -> UInt8[Tensor, "frames 3 height width"]:
        """The frames of the window of a lane."""
        if window.start == 0 or lane not in self.playing:
            self.playing[lane] = window.video.frames(window.start)
        return torch.stack([self.pixels(image) for image in islice(self.playing[lane], self.window)])

    def captions_of(self, window: Window, frame: int) -> list[list[int]]:
        """The tokens of a frame's captions, without those that are empty or too long."""
        if frame >= len(window.captions):
            return []
        encoded = (list(self.encode(caption)) for caption in window.captions[frame])
        return [ids for ids in encoded if 0 < len(ids) <= self.longest]

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Begins anew, and plays as many windows without looking at them."""
        super().load_state_dict(state)
        self.epoch = 0
        coming = self.endless()
        self.rows = [self.windows(chain([next(coming)], coming)) for _ in range(self.lanes)]
        self.playing: dict[int, Iterator[Image.Image]] = {}
        """The frames of each lane from the next window on, once they are wanted."""
        for _ in range(state["index"]):
            for row in self.rows:
                next(row)
