"""What every task's training batches promise: the seed decides, a saved state goes on exactly, nothing is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from seqtasks.image.transforms import ImageConfig, evaluation_transform
from seqtasks.models import ClassificationBatch, LanguageModelBatch, Seq2SeqBatch, TaggingBatch
from seqtasks.special_tokens import BEGIN, END, PAD
from seqtasks.tasks.captioning.collate import CaptionLoader
from seqtasks.tasks.classification.collate import ClassificationLoader
from seqtasks.tasks.data_loader import DataLoader, prefetched
from seqtasks.tasks.language_modeling.tbptt_loader import TBPTTLoader
from seqtasks.tasks.tagging.collate import TaggingLoader
from seqtasks.tasks.translation.collate import TranslationLoader
from seqtasks.tasks.video_captioning.tbptt_loader import VideoBatch, VideoTBPTTLoader
from seqtasks.text import CharacterTokenizer

BUDGET = 48
LETTERS = CharacterTokenizer.train(["abcdefghij"] * 9, CharacterTokenizer.Config())
LENGTHS = np.random.default_rng(1).integers(1, 15, 40).tolist()
TEXTS = ["".join("abcdefghij"[(number // 10**place) % 10] for place in range(2)) * length
         for number, length in enumerate(LENGTHS)]  # fmt: skip
IDS = {LETTERS.decode(LETTERS.encode(text)): number for number, text in enumerate(TEXTS)}
FRAMES = 5


class Clip:
    """Gray frames, each with the caption of the clip."""

    def __init__(self, number: int) -> None:
        self.number = number

    @property
    def captions(self) -> list[tuple[str, ...]]:
        return [(TEXTS[self.number],)] * FRAMES

    def frames(self, start: int) -> Iterator[Image.Image]:
        return iter([Image.new("RGB", (8, 8), (self.number, frame, 0)) for frame in range(start, FRAMES)])


def translation(seed: int, folder: Path) -> TranslationLoader:
    backwards = [text[::-1] for text in TEXTS]
    both = (LETTERS, LETTERS)
    return TranslationLoader(both, (TEXTS, backwards), [1.0] * len(TEXTS), batch_tokens=BUDGET, seed=seed)


def captioning(seed: int, folder: Path) -> CaptionLoader:
    """Two captions a picture; the first three pixels of it tell its number."""
    paths = [folder / f"{number}.png" for number in range(len(TEXTS))]
    for number, path in enumerate(paths):
        if not path.exists():
            Image.new("RGB", (32, 32), (number, number, number)).save(path)
    captions = [[LETTERS.encode(text), LETTERS.encode(text[:2])] for text in TEXTS]
    settings = ImageConfig(size=32)
    return CaptionLoader(paths, captions, [], settings, left_out={3}, batch_tokens=3 * BUDGET, longest=99, seed=seed)


def tagging(seed: int, folder: Path) -> TaggingLoader:
    sentences = [np.full((length, 2), number + 4) for number, length in enumerate(LENGTHS)]
    return TaggingLoader(sentences, [[0] * length for length in LENGTHS], batch_tokens=BUDGET, seed=seed)


def classification(seed: int, folder: Path) -> ClassificationLoader:
    labels, weights = np.eye(len(TEXTS)), np.ones(len(TEXTS))
    return ClassificationLoader(LETTERS, TEXTS, labels, weights, window=0, batch_tokens=BUDGET, seed=seed)


def generation(seed: int, folder: Path) -> TBPTTLoader:
    texts = [np.array([BEGIN, *LETTERS.encode(text), END], dtype=np.int32) for text in TEXTS]
    return TBPTTLoader(texts, lanes=3, window=8, seed=seed)


def video(seed: int, folder: Path) -> VideoTBPTTLoader:
    clips = [Clip(number) for number in range(len(TEXTS))]
    pixels = evaluation_transform(ImageConfig(size=32))
    return VideoTBPTTLoader(lambda epoch: clips, LETTERS.encode, pixels, lanes=3, window=2, longest=99, seed=seed)


Make = Callable[[int, Path], DataLoader]
ALL: list[Make] = [translation, captioning, tagging, classification, generation, video]
BUDGETED: list[tuple[Make, int]] = [
    (translation, BUDGET),
    (captioning, 3 * BUDGET),
    (tagging, BUDGET),
    (classification, BUDGET),
]


def same(one: tuple[Tensor | None, ...], other: tuple[Tensor | None, ...]) -> bool:
    return all((a is None and b is None) or torch.equal(a, b) for a, b in zip(one, other, strict=True))


def epochs(loader: DataLoader, first: int, count: int) -> dict[int, list[tuple[Tensor | None, ...]]]:
    """The batches of some epochs."""
    found: dict[int, list[tuple[Tensor | None, ...]]] = {}
    for batch in loader:
        epoch = loader.state_dict()["epoch"]
        if epoch >= first + count:
            return found
        found.setdefault(epoch, []).append(batch)
    raise AssertionError


@pytest.mark.parametrize("make", ALL)
def test_the_seed_decides(make: Make, tmp_path: Path) -> None:
    first, again, other = (list(islice(make(seed, tmp_path), 12)) for seed in (1, 1, 2))
    assert all(same(*both) for both in zip(first, again, strict=True))
    assert not all(same(*both) for both in zip(first, other, strict=True))


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("place", [1, 7, 30])
def test_a_saved_state_goes_on_with_the_batch_that_would_have_come_next(make: Make, place: int, tmp_path: Path) -> None:
    loader = make(1, tmp_path)
    batches = iter(loader)
    for _ in range(place):
        next(batches)
    state = dict(loader.state_dict())
    expected = [(next(batches), dict(loader.state_dict())) for _ in range(5)]
    restored = make(1, tmp_path)
    restored.load_state_dict(state)
    assert restored.state_dict() == state
    for (batch, after), found in zip(expected, restored, strict=False):
        assert same(batch, found)
        assert restored.state_dict() == after


@pytest.mark.parametrize(("make", "budget"), BUDGETED)
def test_the_padded_tokens_of_a_batch_stay_in_the_budget(make: Make, budget: int, tmp_path: Path) -> None:
    sizes = []
    for batch in islice(make(1, tmp_path), 40):
        tokens = [each for each in batch if each is not None and each.dtype == torch.int64]
        sizes.append(max(each[..., 0].numel() if isinstance(batch, TaggingBatch) else each.numel() for each in tokens))
    assert max(sizes) <= budget
    assert np.mean(sizes) > 0.5 * budget


def examples_in(batch: tuple[Tensor | None, ...]) -> list[int]:
    """The numbers of the examples in a batch."""
    match batch:
        case TaggingBatch():
            return [number - 4 for number in batch.tokens[:, 0, 0].tolist()]
        case ClassificationBatch():
            assert batch.labels.sum(dim=1).eq(1).all()
            return batch.labels.argmax(dim=1).tolist()
        case Seq2SeqBatch(source_mask=None):
            return batch.source[:, 0, 0, 0].tolist()
        case Seq2SeqBatch():
            for source, target in zip(batch.source, batch.target, strict=True):
                assert (
                    LETTERS.decode(source[source > END].tolist()) == LETTERS.decode(target[target > END].tolist())[::-1]
                )
            return [IDS[LETTERS.decode(row[row > END].tolist())] for row in batch.source]
    raise AssertionError


@pytest.mark.parametrize(
    ("make", "left_out"), [(translation, []), (captioning, [3]), (tagging, []), (classification, [])]
)
def test_every_example_comes_once_an_epoch(make: Make, left_out: list[int], tmp_path: Path) -> None:
    found = epochs(make(1, tmp_path), 0, 2)
    wanted = [number for number in range(len(TEXTS)) if number not in left_out]
    orders = [[number for batch in found[epoch] for number in examples_in(batch)] for epoch in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == wanted
    assert orders[0] != orders[1]


def test_every_token_of_the_texts_is_predicted_once_an_epoch(tmp_path: Path) -> None:
    windows = epochs(generation(1, tmp_path), 1, 2)
    tokens = Counter(token for text in TEXTS for token in [*LETTERS.encode(text), END])
    for epoch in (1, 2):
        found: Counter[int] = Counter()
        for window in windows[epoch]:
            assert isinstance(window, LanguageModelBatch)
            found.update(window.tokens[:, 1:][window.mask[:, 1:]].tolist())
        assert found == tokens


def test_every_frame_is_shown_once_an_epoch_with_its_caption(tmp_path: Path) -> None:
    """Lanes end an epoch at other times, so that frames are counted over three of them."""
    shown: Counter[tuple[int, int]] = Counter()
    for window in islice(video(1, tmp_path), 3 * len(TEXTS)):
        assert isinstance(window, VideoBatch)
        for pixels, mask, captions in zip(window.source, window.mask, window.target, strict=True):
            for frame, [caption] in zip(pixels[mask], captions[mask], strict=True):
                number, place = frame[:2, 0, 0].tolist()
                shown[number, place] += 1
                assert caption[caption > END].tolist() == LETTERS.encode(TEXTS[number])
            assert (captions[~mask] == PAD).all()
    assert sorted(shown) == [(number, place) for number in range(len(TEXTS)) for place in range(FRAMES)]
    assert set(shown.values()) <= {2, 3, 4}


def test_a_weight_draws_examples_again_or_now_and_then() -> None:
    weights = [2.0] * 10 + [0.5] * 20 + [1.0] * (len(TEXTS) - 30)
    loader = TranslationLoader((LETTERS, LETTERS), (TEXTS, [text[::-1] for text in TEXTS]), weights,
                               batch_tokens=BUDGET, seed=1)  # fmt: skip
    counts = Counter(number for batch in epochs(loader, 0, 1)[0] for number in examples_in(batch))
    assert [counts[number] for number in range(10)] == [2] * 10
    assert sum(counts[number] for number in range(10, 30)) == 10
    assert [counts[number] for number in range(30, len(TEXTS))] == [1] * (len(TEXTS) - 30)


def test_the_next_batch_is_made_while_this_one_is_in_use_and_an_error_comes_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    found = prefetched(items())
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(found)
