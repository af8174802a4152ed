"""The frames of a video as a captioner reads them: each alone, or knowing those before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from seqtasks.decoding import DecodingConfig, Stepper
from seqtasks.device import available_cores
from seqtasks.encoders import CnnLstmEncoder
from seqtasks.encoders.cnn_lstm import RecurrentState
from seqtasks.inference.captioning.image_inputs import mark_blank
from seqtasks.inference.constraints.lexical_constraints import LexicalRules
from seqtasks.inference.outputs import Caption
from seqtasks.models import EncoderDecoder, EncoderDecoderStepper

if TYPE_CHECKING:
    from seqtasks.inference.captioning.pipeline import CaptioningPipeline


BATCH_FRAMES = 16
"""Frames that go through the network at a time."""
BATCH_LOOKAHEAD = 64
"""The same for a model that looks ahead: as far as it can see."""


@torch.no_grad()
def caption_playing(
    pipeline: CaptioningPipeline,
    frames: Iterable[Image.Image],
    decoding: DecodingConfig,
    *,
    together: int | None,
    name: str,
    rules: LexicalRules,
) -> Iterator[Caption]:
    """See `CaptioningPipeline.caption_playing`."""
    looks_ahead = any(
        isinstance(model.encoder, CnnLstmEncoder) and model.encoder.looks_ahead for model in pipeline.models
    )
    taken = together or (BATCH_LOOKAHEAD if looks_ahead else BATCH_FRAMES)
    carried: list[RecurrentState | None] = [None] * len(pipeline.models)
    coming, number = iter(frames), 0
    with ThreadPoolExecutor(available_cores()) as pool:
        while images := list(islice(coming, taken)):
            pixels = pipeline.to_device(torch.stack(list(pool.map(pipeline.transform, images))))
            steppers: list[Stepper] = []
            for place, model in enumerate(pipeline.models):
                stepper, carried[place] = frames_stepper(model, pixels, carried[place])
                steppers.append(stepper)
            numbers = range(number, number + len(images))
            names = [f"{name}#{each}" for each in numbers]
            captions = pipeline.decode(steppers, names, decoding, numbers, rules=rules)
            yield from mark_blank(captions, pixels)
            number += len(images)


def frames_stepper(
    model: EncoderDecoder, pixels: UInt8[Tensor, "frames 3 height width"], carried: RecurrentState | None
) -> tuple[EncoderDecoderStepper, RecurrentState | None]:
    """The model bound to frames that follow those which `carried` comes from; what to carry on."""
    if not isinstance(model.encoder, CnnLstmEncoder):
        return model.make_stepper(pixels), None
    real = torch.ones(1, len(pixels), dtype=torch.bool, device=pixels.device)
    memory, carried = model.encoder.encode(pixels.unsqueeze(0), real, carried)
    return EncoderDecoderStepper(model.decoder, memory), carried
