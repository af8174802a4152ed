"""Videos out of images with captions: each is shown for some frames, while the camera moves and often sees badly.

The caption of a frame is that of its still, also where the frame hides it: whoever remembers knows it. Nothing is drawn
here; `seqtasks.video.corruptions` makes the frames when they are wanted.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from pydantic import Field

from seqtasks.data.captions.captioned_images import CaptionedImage
from seqtasks.registry import ConfigModel
from seqtasks.video.corruptions import Box, FrameCorruption

__all__ = ["SyntheticVideoConfig", "between", "blurs", "darkens", "hides", "synthesize_videos"]

FLICKR_NAME = re.compile(r"(\d+)_[0-9a-f]{10}")
"""`1000268201_693b08cb0e`: the number of a photograph, which grows with every upload to Flickr, and a secret."""

BURST_GAP = 1000
"""Photographs whose numbers differ by less were uploaded within seconds, most often by one person.

Of some 110 such neighbors in Flickr8k, looked at, three quarters show the same people, game or place; it is half
where numbers differ by 1,000 to 2,000, and a quarter from 2,000 to 5,000. 205 neighbors of 7,500 images are that
close.
"""

SPELL = 3.0
"""Frames that a spell of bad sight lasts on average, if the shot does not end before."""

NARROWEST = 0.65
"""The smallest part of a still's width and height that a frame shows."""
BLUR = 0.07
"""The largest radius, as a share of the shorter side."""
DARKNESS = 0.04
"""What is left of the light in the dark."""
DARK_NOISE = 0.03
"""What a camera adds there."""
NOISE = 0.5
"""The largest deviation, as a share of the way from black to white."""
OCCLUDER = (0.8, 1.0)
"""Width and height of what blocks the view of the camera, as shares of the frame's."""
DRIFT = 0.5
"""How far it moves in a spell, as a share of the frame."""


class SyntheticVideoConfig(ConfigModel):
    """How images become videos."""

    shots_per_video: int = Field(default=4, gt=0)
    """Shots per video, each made from a different image."""
    frames_per_shot: int = Field(default=8, gt=0)
    """Frames per shot."""
    corruption_prob: float = Field(default=0.5, ge=0, le=1)
    """Probability that a frame is degraded; half of it for the first frame of a shot, so that there is something to
    remember."""
    corruption_strength: float = Field(default=1.0, ge=0, le=1)
    """How much frames differ from their image; with 0, they are the image itself."""
    bursts: bool = True
    """Whether photographs that were uploaded to Flickr together follow each other in a video (see `BURST_GAP`)."""

    @property
    def fingerprint(self) -> str:
        """What the videos depend on. It has the names of version 0.1, so that its trainings can be resumed."""
        return (
            f"StillsSettings(stills={self.shots_per_video}, frames={self.frames_per_shot}, "
            f"degraded={self.corruption_prob}, strength={self.corruption_strength}, bursts={self.bursts})"
        )


class Shot(NamedTuple):
    """A still, and how each frame shows it."""

    image: int
    """Index of the image."""
    changes: tuple[FrameCorruption, ...]


def synthesize_videos(
    images: Sequence[CaptionedImage], settings: SyntheticVideoConfig, seed: int
) -> list[tuple[Shot, ...]]:
    """Every image once, in random order, cut hard from shot to shot; the last video may have fewer shots."""
    random = np.random.default_rng(seed)
    units = bursts(images, settings.shots_per_video) if settings.bursts else [[number] for number in range(len(images))]
    shuffled = [units[number] for number in random.permutation(len(units))]
    return [
        tuple(Shot(image, changes_of_shot(settings, random)) for image in video)
        for video in packed(shuffled, settings.shots_per_video)
    ]


def bursts(images: Sequence[CaptionedImage], longest: int) -> list[list[int]]:
    """The indices of the images, those of a burst together in the order of their upload, the others alone."""
    units: list[list[int]] = []
    numbered: list[tuple[int, int]] = []
    for index, image in enumerate(images):
        if name := FLICKR_NAME.fullmatch(image.image.stem):
            numbered.append((int(name[1]), index))
        else:
            units.append([index])
    before = -math.inf
    for number, index in sorted(numbered):
        if number - before < BURST_GAP and len(units[-1]) < longest:
            units[-1].append(index)
        else:
            units.append([index])
        before = number
    return units


def packed(units: Iterable[list[int]], size: int) -> Iterator[list[int]]:
    """Videos of `size` images, the last one perhaps of fewer, out of units that are cut only if nothing else fits."""
    waiting = deque(units)
    while waiting:
        video: list[int] = []
        passed: list[list[int]] = []
        while waiting and len(video) < size:
            unit = waiting.popleft()
            if len(video) + len(unit) <= size:
                video += unit
            else:
                passed.append(unit)
        if passed and len(video) < size:
            room = size - len(video)
            video += passed[0][:room]
            passed[0] = passed[0][room:]
        waiting.extendleft(reversed(passed))
        yield video


def changes_of_shot(settings: SyntheticVideoConfig, random: Generator) -> tuple[FrameCorruption, ...]:
    """The frames of a shot: the camera moves evenly from one part of the still to another, and sees badly in spells."""
    first, last = (random_crop(settings.corruption_strength, random) for _ in range(2))
    frames = [
        FrameCorruption(crop=between(first, last, moment))
        for moment in np.linspace(0, 1, settings.frames_per_shot).tolist()
    ]
    begin = 0
    for badly, run in groupby(degraded_frames(settings, random)):
        end = begin + len(list(run))
        if badly and settings.corruption_strength > 0:
            spell = SPELLS[random.integers(len(SPELLS))]
            frames[begin:end] = spell(frames[begin:end], settings.corruption_strength, random)
        begin = end
    return tuple(frames)


def degraded_frames(settings: SyntheticVideoConfig, random: Generator) -> Iterator[bool]:
    """Whether each frame of a shot is degraded: a Markov chain, so that it comes and goes in spells.

    A spell goes on with the probability `stay`. What begins one follows from how often the frame before is degraded.
    """
    often = settings.corruption_prob
    stay = max(1 - 1 / SPELL, 2 - 1 / often) if often > 0 else 0.0
    before = often / 2
    badly = bool(random.random() < before)
    for _ in range(settings.frames_per_shot):
        yield badly
        begin = (often - before * stay) / (1 - before) if before < 1 else 1.0
        badly = bool(random.random() < (stay if badly else begin))
        before = often


def random_crop(strength: float, random: Generator) -> Box:
    """A part of an image with its proportions."""
    side = random.uniform(1 - (1 - NARROWEST) * strength, 1)
    left, top = random.uniform(0, 1 - side, 2).tolist()
    return left, top, left + side, top + side


def between(first: Box, last: Box, moment: float) -> Box:
    """The box on the way from one (0) to the other (1)."""
    left, top, right, bottom = (a + (b - a) * moment for a, b in zip(first, last, strict=True))
    return left, top, right, bottom


def blurs(frames: Sequence[FrameCorruption], strength: float, random: Generator) -> list[FrameCorruption]:
    """The camera is out of focus."""
    return [replace(frame, blur=BLUR * amount) for frame, amount in swelling(frames, strength, random)]


def darkens(frames: Sequence[FrameCorruption], strength: float, random: Generator) -> list[FrameCorruption]:
    """The light goes down, and what the camera adds by itself shows."""
    return [
        replace(frame, brightness=DARKNESS**amount, noise=DARK_NOISE * amount, noise_seed=int(random.integers(2**32)))
        for frame, amount in swelling(frames, strength, random)
    ]


def rustles(frames: Sequence[FrameCorruption], strength: float, random: Generator) -> list[FrameCorruption]:
    """The signal is bad."""
    return [
        replace(frame, noise=NOISE * amount, noise_seed=int(random.integers(2**32)))
        for frame, amount in swelling(frames, strength, random)
    ]


def hides(frames: Sequence[FrameCorruption], strength: float, random: Generator) -> list[FrameCorruption]:
    """Something large of one color passes by."""
    width, height = (strength * random.uniform(*OCCLUDER, 2)).tolist()
    across, down = random.uniform(-DRIFT, DRIFT, 2).tolist()
    red, green, blue = random.integers(256, size=3).tolist()
    hidden = []
    for number, frame in enumerate(frames):
        late = (number + 0.5) / len(frames) - 0.5
        left, top = 0.5 + across * late - width / 2, 0.5 + down * late - height / 2
        box = (max(0.0, left), max(0.0, top), min(1.0, left + width), min(1.0, top + height))
        hidden.append(replace(frame, occlusion=box, color=(red, green, blue)))
    return hidden


SPELLS = (blurs, darkens, rustles, hides)
"""What can happen to some frames in a row, all equally often."""


def swelling(
    frames: Sequence[FrameCorruption], strength: float, random: Generator
) -> Iterator[tuple[FrameCorruption, float]]:
    """The frames of a spell, and how bad each is: up to the strength in the middle, about half of it at the ends."""
    depth = strength * random.uniform(0.75, 1)
    for number, frame in enumerate(frames):
        yield frame, depth * (0.5 + 0.5 * math.sin(math.pi * (number + 0.5) / len(frames)))
