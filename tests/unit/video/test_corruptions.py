"""Frames out of pictures: each number does what it says, at any size, always the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from seqtasks.video.corruptions import FrameCorruption, corrupt


def picture(width: int = 40, height: int = 30) -> Image.Image:
    """Red grows to the right, green downwards; blue is checked."""
    rows, columns = np.mgrid[:height, :width]
    values = np.stack([columns * 255 // width, rows * 255 // height, (rows + columns) % 2 * 200], -1)
    return Image.fromarray(values.astype(np.uint8))


def values(image: Image.Image) -> NDArray[np.int64]:
    return np.asarray(image).astype(int)


def test_without_a_change_the_frame_is_a_copy_of_the_picture() -> None:
    still = picture()
    frame = corrupt(still, FrameCorruption())
    assert (values(frame) == values(still)).all()
    frame.paste((0, 0, 0), (0, 0, 40, 30))
    assert (values(still) == values(picture())).all()


@pytest.mark.parametrize(
    "change",
    [
        FrameCorruption(crop=(0.2, 0.1, 0.9, 0.8)),
        FrameCorruption(occlusion=(0.1, 0.1, 0.5, 0.5), color=(9, 8, 7)),
        FrameCorruption(blur=0.1),
        FrameCorruption(brightness=0.3),
        FrameCorruption(noise=0.3, noise_seed=5),
    ],
)
@pytest.mark.parametrize("size", [(40, 30), (31, 57), (1, 1), (300, 2)])
def test_a_frame_keeps_the_size_and_is_the_same_each_time(size: tuple[int, int], change: FrameCorruption) -> None:
    still = picture(*size)
    frame = corrupt(still, change)
    assert frame.size == size
    assert frame.mode == "RGB"
    assert (values(frame) == values(corrupt(still, change))).all()
    assert (values(still) == values(picture(*size))).all()


def test_a_crop_fills_the_frame() -> None:
    quarters = picture().crop((20, 15, 40, 30)).resize((40, 30), Image.Resampling.BICUBIC)
    frame = corrupt(picture(), FrameCorruption(crop=(0.5, 0.5, 1.0, 1.0)))
    # the resampling may look across the edge of the box
    assert np.abs(values(frame)[2:, 2:, :2] - values(quarters)[2:, 2:, :2]).max() <= 2


def test_a_still_crop_of_a_pan_moves_by_its_share_of_the_width() -> None:
    left = corrupt(picture(), FrameCorruption(crop=(0.0, 0.0, 0.5, 0.5)))
    right = corrupt(picture(), FrameCorruption(crop=(0.25, 0.0, 0.75, 0.5)))
    assert np.abs(values(right)[:, 2:20, 0] - values(left)[:, 22:, 0]).max() <= 2


def test_what_stands_before_the_camera_hides_its_box_alone() -> None:
    frame = values(corrupt(picture(), FrameCorruption(occlusion=(0.25, 0.5, 0.75, 1.0), color=(1, 2, 3))))
    hidden = np.zeros((30, 40), bool)
    hidden[15:30, 10:30] = True
    assert (frame[hidden] == (1, 2, 3)).all()
    assert (frame[~hidden] == values(picture())[~hidden]).all()


def test_brightness_multiplies_and_white_is_the_most() -> None:
    still = values(picture())
    assert (values(corrupt(picture(), FrameCorruption(brightness=0.5))) == np.round(still * 0.5)).all()
    assert (values(corrupt(picture(), FrameCorruption(brightness=2.0))) == np.minimum(still * 2, 255)).all()


def test_noise_has_its_deviation_and_its_seed() -> None:
    grey = Image.new("RGB", (200, 150), (128, 128, 128))
    first, second = (values(corrupt(grey, FrameCorruption(noise=0.1, noise_seed=seed))) - 128 for seed in (1, 2))
    for noise in (first, second):
        assert noise.std() == pytest.approx(25.5, rel=0.03)
        assert abs(noise.mean()) < 1
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
    colors = np.corrcoef(first.reshape(-1, 3).T)
    assert np.abs(colors - np.eye(3)).max() < 0.05


@pytest.mark.parametrize("size", [(128, 128), (160, 128), (256, 400)])
def test_noise_is_as_strong_in_a_small_copy_of_a_large_picture(size: tuple[int, int]) -> None:
    large = (4 * size[0], 4 * size[1])
    change = FrameCorruption(noise=0.1, noise_seed=3)
    grains = [corrupt(Image.new("RGB", each, (128, 128, 128)), change) for each in (size, large)]
    small = values(grains[1].resize(size, Image.Resampling.BOX))
    assert small.std() == pytest.approx(25.5, rel=0.2)
    assert np.corrcoef(small.ravel(), values(grains[0]).ravel())[0, 1] > 0.5


def test_blur_is_a_share_of_the_shorter_side() -> None:
    edge = Image.new("RGB", (400, 100))
    edge.paste((255, 255, 255), (200, 0, 400, 100))
    profile = values(corrupt(edge, FrameCorruption(blur=0.1)))[50, :, 0] / 255
    slope = np.diff(profile)
    places = np.arange(len(slope)) - 199
    assert slope.sum() == pytest.approx(1)
    assert np.sqrt((slope * places**2).sum()) == pytest.approx(10, rel=0.1)


def test_light_goes_before_the_camera_adds_noise_and_what_hides_is_blurred_too() -> None:
    dark = values(corrupt(picture(), FrameCorruption(brightness=0.0, noise=0.2)))
    assert dark.std() > 15
    hidden = values(
        corrupt(picture(), FrameCorruption(occlusion=(0.0, 0.0, 0.5, 1.0), color=(255, 255, 255), blur=0.1))
    )
    assert 150 < hidden[15, 19, 2] < 250
