"""From the frames of a clip to captions, as they come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from seqtasks.data.playing import Playing
from seqtasks.decoding import Decoding, Stepper
from seqtasks.encoders import FramesEncoder
from seqtasks.encoders.frames import Carried
from seqtasks.errors import SeqtasksError
from seqtasks.hardware import available_cores
from seqtasks.metrics.captions import caption_scores
from seqtasks.models import Generator, GeneratorStepper
from seqtasks.tasks.base import Evaluation, Sample
from seqtasks.tasks.captioning.captioner import Caption, Captioner

TOGETHER = 16
"""Frames that go through the network at a time."""
AHEAD = 64
"""The same for a model that looks ahead: as far as it can see."""


class ClipCaptioner:
    """Describes frames one after the other. Models that remember know what came before, others see single pictures."""

    def __init__(self, captioner: Captioner) -> None:
        self.captioner = captioner

    @torch.no_grad()
    def describe(
        self, frames: Iterable[Image.Image], decoding: Decoding, *, together: int | None = None, name: str = ""
    ) -> Iterator[Caption]:
        """A caption for each frame, named `name#number` from 0.

        `together` frames are taken before the first is described: 1 for a live stream. A model that does not look
        ahead says the same for any number of them. However long the clip is, no more frames than these are kept.
        """
        looks_ahead = any(isinstance(model.encoder, FramesEncoder) and model.encoder.looks_ahead
                          for model in self.captioner.models)  # fmt: skip
        taken = together or (AHEAD if looks_ahead else TOGETHER)
        carried: list[Carried | None] = [None] * len(self.captioner.models)
        coming, number = iter(frames), 0
        with ThreadPoolExecutor(available_cores()) as pool:
            while pictures := list(islice(coming, taken)):
                pixels = torch.stack(list(pool.map(self.captioner.transform, pictures))).to(self.captioner.device)
                steppers: list[Stepper] = []
                for place, model in enumerate(self.captioner.models):
                    stepper, carried[place] = bound(model, pixels, carried[place])
                    steppers.append(stepper)
                numbers = range(number, number + len(pictures))
                names = [f"{name}#{each}" for each in numbers]
                yield from self.captioner.write(steppers, names, decoding, numbers)
                number += len(pictures)


def bound(
    model: Generator, pixels: UInt8[Tensor, "frames 3 height width"], carried: Carried | None
) -> tuple[GeneratorStepper, Carried | None]:
    """The model bound to frames that follow those which `carried` comes from; what to carry on."""
    if not isinstance(model.encoder, FramesEncoder):
        return model.stepper(pixels), None
    real = torch.ones(1, len(pixels), dtype=torch.bool, device=pixels.device)
    memory, carried = model.encoder.encode(pixels.unsqueeze(0), real, carried)
    return GeneratorStepper(model.decoder, memory), carried


def evaluate_clips(
    captioner: Captioner, clips: Sequence[Playing], decoding: Decoding, *, with_meteor: bool = True
) -> Evaluation:
    """Describes every frame and compares with what people said of it; frames of which nobody spoke do not count.

    Raises SeqtasksError where that is all of them.
    """
    describer = ClipCaptioner(captioner)
    outputs: list[str] = []
    references: list[Sequence[str]] = []
    samples: list[Sample] = []
    started = time.perf_counter()
    for number, clip in enumerate(clips):
        said = zip(describer.describe(clip.pictures(0), decoding, name=f"clip {number}"), clip.captions, strict=False)
        told = [(caption, captions) for caption, captions in said if captions]
        outputs += [caption.text for caption, _ in told]
        references += [captions for _, captions in told]
        if told and len(samples) < 3:
            caption, captions = told[-1]
            samples.append(Sample(caption.picture, captions[0], caption.text))
    seconds = time.perf_counter() - started
    if not outputs:
        raise SeqtasksError("No frame of the clips has a caption.", "Look at the times of the captions.")
    scores = caption_scores(outputs, references, with_meteor=with_meteor)
    return Evaluation(tuple(scores), tuple(samples), decoding.signature(), len(outputs), seconds)
