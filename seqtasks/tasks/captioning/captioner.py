"""From pictures to captions: decoding files, batching, search, and everything back in its place."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from seqtasks.decoding import Decoding, Ensemble, Stepper, search
from seqtasks.hardware import available_cores
from seqtasks.models import Generator
from seqtasks.tasks.output import Output, attention_of, written
from seqtasks.text import TextProcessor
from seqtasks.vision.images import ImageError, Stream, open_image
from seqtasks.vision.transforms import ImageSettings, evaluation_transform

BATCH = 64
"""Pictures that go through the network at a time."""

Picture = str | Path | bytes | Stream | Image.Image


@dataclass(frozen=True, kw_only=True)
class Caption(Output):
    """What a model says of a picture; attention looks at the cells of a square grid, row by row."""

    picture: str
    alternatives: tuple[Caption, ...] = ()
    """The other hypotheses, best first."""


class Captioner:
    """One model or an ensemble, how pictures become pixels, and the text processor that the models share."""

    def __init__(self, models: Sequence[Generator], images: ImageSettings, processor: TextProcessor) -> None:
        self.models = list(models)
        self.images = images.unchanging
        self.transform = evaluation_transform(self.images)
        self.processor = processor

    @property
    def device(self) -> torch.device:
        return next(self.models[0].parameters()).device

    def pixels(self, picture: Picture, name: str | None = None) -> UInt8[Tensor, "3 height width"]:
        """A picture as the network sees it. Raises ImageError for what is no picture."""
        return self.transform(open_image(picture, name, at_least=self.images.at_least))

    @torch.no_grad()
    def caption(
        self, pictures: Sequence[Picture], decoding: Decoding, *, first_number: int = 0, attention: bool = False
    ) -> Iterator[Caption | ImageError]:
        """A caption for each picture, in their order; for one that cannot be read, the reason.

        `first_number` is the number of the first picture in the whole input: sampling depends on it. Pictures are
        decoded in threads while others are described.
        """
        with ThreadPoolExecutor(available_cores()) as pool:
            parts = [range(start, min(start + BATCH, len(pictures))) for start in range(0, len(pictures), BATCH)]
            coming = [pool.submit(self.try_pixels, pictures[number]) for number in (parts[0] if parts else ())]
            for place, part in enumerate(parts):
                ready = [future.result() for future in coming]
                following = parts[place + 1] if place + 1 < len(parts) else ()
                coming = [pool.submit(self.try_pixels, pictures[number]) for number in following]
                good = [number for number, found in zip(part, ready, strict=True) if isinstance(found, Tensor)]
                shown = [found for found in ready if isinstance(found, Tensor)]
                numbers = [first_number + number for number in good]
                names = [name_of(pictures[number]) for number in good]
                said = iter(self.describe(torch.stack(shown), names, decoding, numbers, attention) if shown else [])
                for found in ready:
                    yield next(said) if isinstance(found, Tensor) else found

    def try_pixels(self, picture: Picture) -> Tensor | ImageError:
        try:
            return self.pixels(picture, name_of(picture))
        except ImageError as error:
            return error

    def describe(
        self,
        pictures: UInt8[Tensor, "rows 3 height width"] | Float[Tensor, "rows cells channels"],
        names: Sequence[str],
        decoding: Decoding,
        numbers: Sequence[int] | None = None,
        attention: bool = False,
    ) -> list[Caption]:
        """A caption for each of these pictures, given as pixels or, where the CNN is frozen, as features."""
        steppers = [model.stepper(pictures.to(self.device)) for model in self.models]
        return self.write(steppers, names, decoding, numbers, attention)

    def write(
        self,
        steppers: Sequence[Stepper],
        names: Sequence[str],
        decoding: Decoding,
        numbers: Sequence[int] | None = None,
        attention: bool = False,
    ) -> list[Caption]:
        """A caption for each row of the models' steppers."""
        stepper: Stepper = steppers[0] if len(steppers) == 1 else Ensemble(steppers)
        nothing = torch.zeros(len(names), dtype=torch.long)  # no source text: lengths do not depend on it
        found = search(stepper, source_lengths=nothing, options=decoding, row_numbers=numbers)
        looks = attention_of(stepper, found, [sys.maxsize] * len(found)) if attention else [None] * len(found)
        captions = []
        for name, hypotheses, look in zip(names, found, looks, strict=True):
            first, *others = [Caption(picture=name, **written(each, self.processor)) for each in hypotheses]
            captions.append(replace(first, alternatives=tuple(others), attention=look))
        return captions


def name_of(picture: Picture) -> str:
    """What a picture is called: its path, or the name of the file or stream that it is read from."""
    name = picture if isinstance(picture, str | Path) else getattr(picture, "name", None)
    return str(name) if isinstance(name, str | Path) else "unnamed picture"
