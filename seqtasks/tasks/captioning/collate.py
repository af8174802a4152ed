"""Training batches of images and their captions."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.data.batch_sampler import TokenBucketSampler
from seqtasks.data.collate import pad_groups
from seqtasks.data.feature_cache import CachedFeatures
from seqtasks.device import available_cores
from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import ImageError, open_image
from seqtasks.image.transforms import ImageConfig, training_transform
from seqtasks.models import Seq2SeqBatch
from seqtasks.special_tokens import PAD
from seqtasks.storage.tar_archive import TarMember
from seqtasks.tasks.data_loader import TokenBucketLoader

IntArray = NDArray[np.int32]


@dataclass(eq=False)
class CaptionLoader(TokenBucketLoader[Seq2SeqBatch]):
    """Every image once an epoch, as features or pixels, with captions up to `longest` tokens; some are `left_out`.

    An image that turns out to be broken is an error, or `tolerated`: its row has no target then.

    `views` are the features of the images in several versions, of which each batch takes one at random; without any
    the images are opened, and changed at random as the `settings` say. What is random depends on the seed, the epoch
    and the batch alone. A batch has at most `batch_tokens` padded tokens.

    Raises:
        SeqtasksError: No caption is left.
    """

    prefetch = True

    images: Sequence[Path | TarMember]
    captions: Sequence[Sequence[Sequence[int]]]
    views: Sequence[CachedFeatures]
    settings: ImageConfig
    _: KW_ONLY
    left_out: Collection[int]
    batch_tokens: int
    longest: int
    seed: int
    weights: Sequence[float] | None = None
    """How often an epoch draws each image; None = once."""
    tolerant: bool = False
    """Whether images that cannot be read are told, and train nothing."""

    def __post_init__(self) -> None:
        self.transform = training_transform(self.settings)
        self.reported: set[int] = set()
        self.targets: dict[int, list[IntArray]] = {}
        for number, texts in enumerate(self.captions):
            kept = [np.array(ids, dtype=np.int32) for ids in texts if 0 < len(ids) <= self.longest]
            if kept and number not in self.left_out:
                self.targets[number] = kept
        self.numbers = list(self.targets)
        if not self.numbers:
            raise SeqtasksError("No caption is left to train on.", "Check the images and the captions.")
        lengths = np.array([len(kept) * (max(map(len, kept)) + 2) for kept in self.targets.values()])
        weights = None if self.weights is None else np.array(self.weights, dtype=np.float64)[self.numbers]
        self.sampler = TokenBucketSampler(
            np.ones_like(lengths), lengths, self.batch_tokens, seed=self.seed, weights=weights
        )

    def make_batches(self) -> Iterator[tuple[dict[str, int], Seq2SeqBatch]]:
        """Images are opened in threads, one a core."""
        with ThreadPoolExecutor(available_cores()) as self.pool:
            yield from super().make_batches()

    def collate(self, examples: list[int], random: np.random.Generator) -> Seq2SeqBatch:
        """Each image once, with all of its captions: (rows, captions, length)."""
        numbers = [self.numbers[place] for place in examples]
        target = pad_groups([self.targets[number] for number in numbers], begin=True, end=True)
        if self.views:
            return Seq2SeqBatch(self.features(numbers, random), None, target, target != PAD)
        source, broken = self.pixels_of(numbers, random)
        if broken:
            target[broken, :, 1:] = PAD  # a row keeps its begin token, after which there is nothing to learn
        return Seq2SeqBatch(source, None, target, target != PAD)

    def features(self, numbers: list[int], random: np.random.Generator) -> Tensor:
        """Features of the images, of a view that is drawn for each."""
        views = random.integers(len(self.views), size=len(numbers)).tolist()
        return torch.cat([self.views[view].rows([number]) for view, number in zip(views, numbers, strict=True)])

    def pixels_of(
        self, numbers: list[int], random: np.random.Generator
    ) -> tuple[UInt8[Tensor, "rows 3 height width"], list[int]]:
        """The images, changed at random as the settings say, and the rows of those that are broken, which are black."""
        rows = range(len(numbers))[self.share]
        drawn = random.spawn(len(numbers))
        opened = list(self.pool.map(self.pixels, (numbers[row] for row in rows), (drawn[row] for row in rows)))
        if len(rows) == len(numbers) and all(image is not None for image in opened):
            return torch.stack([image for image in opened if image is not None]), []
        side = self.settings.size
        pixels = torch.zeros(len(numbers), 3, side, side, dtype=torch.uint8)
        for row, image in zip(rows, opened, strict=True):
            if image is not None:
                pixels[row] = image
        return pixels, [row for row, image in zip(rows, opened, strict=True) if image is None]

    def pixels(self, number: int, random: np.random.Generator) -> UInt8[Tensor, "3 height width"] | None:
        """An image as training sees it this time; None where it is broken."""
        try:
            image = open_image(self.images[number], at_least=self.settings.at_least)
        except ImageError as error:
            if self.tolerant:
                if number not in self.reported:  # it comes again in every epoch
                    self.reported.add(number)
                    warnings.warn(f"{error.message} It is left out.", stacklevel=2)
                return None
            raise SeqtasksError(error.message, "Remove it from the captions, or repair it.") from error
        return self.transform(image, random)
