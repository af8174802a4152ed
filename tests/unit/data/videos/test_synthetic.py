"""Clips of stills: each picture once, bursts together, smooth moves, spells of bad sight as often as was asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.captions.captioned_images import CaptionedImage
from seqtasks.data.videos.synthetic import (
    BURST_GAP,
    NARROWEST,
    SPELLS,
    Shot,
    SyntheticVideoConfig,
    bursts,
    packed,
    synthesize_videos,
)
from seqtasks.video.corruptions import FrameCorruption


def images(names: Sequence[str]) -> list[CaptionedImage]:
    return [CaptionedImage(Path("photos", name), ("A dog.",)) for name in names]


def flickr(number: int) -> str:
    return f"{number}_693b08cb0e.jpg"


def plain(count: int) -> list[CaptionedImage]:
    return images([f"{number}.jpg" for number in range(count)])


def shots_of(count: int, settings: SyntheticVideoConfig, seed: int = 1) -> list[Shot]:
    return [shot for clip in synthesize_videos(plain(count), settings, seed) for shot in clip]


def is_degraded(change: FrameCorruption) -> bool:
    return change != FrameCorruption(crop=change.crop)


def kinds_of(change: FrameCorruption) -> set[str]:
    """What is wrong with a frame; noise in the dark belongs to the dark."""
    kinds = {
        "blur": change.blur > 0,
        "dark": change.brightness < 1,
        "noise": change.noise > 0 and change.brightness == 1,
        "hidden": change.occlusion is not None,
    }
    return {kind for kind, found in kinds.items() if found}


def test_every_picture_is_used_once_in_clips_of_the_asked_length() -> None:
    clips = synthesize_videos(plain(23), SyntheticVideoConfig(shots_per_video=5, frames_per_shot=3), 1)
    assert [len(clip) for clip in clips] == [5, 5, 5, 5, 3]
    assert sorted(shot.image for clip in clips for shot in clip) == list(range(23))
    assert {len(shot.changes) for clip in clips for shot in clip} == {3}


def test_the_seed_alone_decides() -> None:
    settings = SyntheticVideoConfig(shots_per_video=3, frames_per_shot=4)
    assert synthesize_videos(plain(20), settings, 1) == synthesize_videos(plain(20), settings, 1)
    first, second = ([shot.image for shot in shots_of(20, settings, seed)] for seed in (1, 2))
    assert first != second
    assert first != sorted(first)


def test_no_pictures_make_no_clips() -> None:
    assert synthesize_videos([], SyntheticVideoConfig(), 1) == []


def test_without_strength_every_frame_is_its_still() -> None:
    shots = shots_of(50, SyntheticVideoConfig(corruption_strength=0, corruption_prob=1))
    assert {change for shot in shots for change in shot.changes} == {FrameCorruption()}


def test_the_camera_moves_evenly_between_two_parts_of_the_still() -> None:
    moved = 0
    for shot in shots_of(100, SyntheticVideoConfig(frames_per_shot=6, corruption_strength=0.8)):
        for edges in zip(*(change.crop for change in shot.changes), strict=True):
            steps = [after - before for before, after in pairwise(edges)]
            assert steps == pytest.approx([steps[0]] * 5)
            moved += abs(steps[0]) > 1e-3
        for left, top, right, bottom in (change.crop for change in shot.changes):
            assert min(left, top) >= -1e-9
            assert max(right, bottom) <= 1 + 1e-9
            assert right - left == pytest.approx(bottom - top)
            assert right - left >= 1 - (1 - NARROWEST) * 0.8 - 1e-9
    assert moved > 350


@pytest.mark.parametrize("often", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_frames_are_degraded_as_often_as_was_asked_and_first_ones_half_as_often(often: float) -> None:
    shots = shots_of(600, SyntheticVideoConfig(frames_per_shot=4, corruption_prob=often))
    shares = [
        sum(is_degraded(change) for change in changes) / 600
        for changes in zip(*(shot.changes for shot in shots), strict=True)
    ]
    assert shares == pytest.approx([often / 2, often, often, often], abs=0.06)


def test_what_is_wrong_stays_wrong_for_some_frames_and_is_one_thing() -> None:
    lengths: list[int] = []
    found: dict[str, int] = {}
    for shot in shots_of(100, SyntheticVideoConfig(frames_per_shot=60, corruption_prob=0.4)):
        for badly, run in groupby(shot.changes, key=is_degraded):
            spell = list(run)
            if badly:
                [kind] = set.union(*(kinds_of(change) for change in spell))
                found[kind] = found.get(kind, 0) + 1
                lengths.append(len(spell))
    assert sum(lengths) / len(lengths) == pytest.approx(3, rel=0.15)
    assert len(found) == len(SPELLS)
    assert min(found.values()) > 0.18 * len(lengths)


def test_a_spell_is_worst_in_its_middle_and_noise_is_new_in_each_frame() -> None:
    looked_at = 0
    for shot in shots_of(400, SyntheticVideoConfig(frames_per_shot=12)):
        for _, run in groupby(shot.changes, key=kinds_of):
            spell = list(run)
            blurs = [change.blur for change in spell]
            if len(spell) > 2 and blurs[0] > 0:
                assert max(blurs) == pytest.approx(blurs[len(blurs) // 2])
                assert max(blurs) > 1.1 * blurs[0]
                assert blurs == pytest.approx(blurs[::-1])
                looked_at += 1
            grains = [change.noise_seed for change in spell if change.noise > 0]
            assert len(set(grains)) == len(grains)
    assert looked_at > 50


def test_what_stands_before_the_camera_is_large_inside_of_the_frame_and_grows_with_strength() -> None:
    areas = []
    for strength in (0.3, 1.0):
        shots = shots_of(200, SyntheticVideoConfig(corruption_strength=strength, corruption_prob=0.8))
        boxes = [each.occlusion for shot in shots for each in shot.changes if each.occlusion is not None]
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= 1
            assert 0 <= top < bottom <= 1
        areas.append(sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) / len(boxes))
    assert areas[0] < 0.15
    assert areas[1] > 0.6


def test_photographs_uploaded_together_are_shown_together_in_their_order() -> None:
    numbers = [5 * 10**8 + 10**5 * place + 300 * (2 - late) for place in range(30) for late in range(3)]
    pictures = images([flickr(number) for number in numbers])
    clips = synthesize_videos(pictures, SyntheticVideoConfig(shots_per_video=7, frames_per_shot=1), 1)
    assert [len(clip) for clip in clips] == [7] * 12 + [6]
    order = [numbers[shot.image] for clip in clips for shot in clip]
    together = [order[place : place + 3] for place in range(88)]
    whole = [three for three in together if three[2] - three[1] == three[1] - three[0] == 300]
    # without pictures that stand alone, seven places hold two bursts and a part of one
    assert len(whole) >= 20
    alone = synthesize_videos(pictures, SyntheticVideoConfig(shots_per_video=7, frames_per_shot=1, bursts=False), 1)
    shuffled = [numbers[shot.image] for clip in alone for shot in clip]
    assert sum(after - before == 300 for before, after in pairwise(shuffled)) < 10


def test_a_burst_is_known_by_the_numbers_of_flickr_alone() -> None:
    first = 10**9
    names = [
        flickr(first),
        flickr(first + BURST_GAP),
        "1000000001.jpg",
        "1000000001_dog.jpg",
        flickr(first + 2 * BURST_GAP - 1),
        flickr(first + 1),
    ]
    assert sorted(bursts(images(names), 9)) == [[0, 5, 1, 4], [2], [3]]
    del names[5]
    assert sorted(bursts(images(names), 9)) == [[0], [1, 4], [2], [3]]


def test_a_long_burst_becomes_several_clips() -> None:
    pictures = images([flickr(10**9 + number) for number in range(10)])
    assert bursts(pictures, 4) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@given(st.lists(st.integers(1, 6), max_size=30), st.integers(6, 9))
def test_packing_keeps_everything_and_fills_every_clip_but_the_last(sizes: list[int], size: int) -> None:
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    units = [list(range(start, start + length)) for start, length in zip(starts, sizes, strict=True)]
    clips = list(packed(units, size))
    assert sorted(number for clip in clips for number in clip) == list(range(sum(sizes)))
    assert all(len(clip) == size for clip in clips[:-1])
    assert all(0 < len(clip) <= size for clip in clips)


def test_packing_cuts_nothing_while_single_pictures_are_left() -> None:
    clips = list(packed([[0, 1, 2], [3, 4], [5], [6, 7, 8], [9]], 4))
    assert clips == [[0, 1, 2, 5], [3, 4, 9, 6], [7, 8]]
    assert list(packed([[0, 1, 2], [3, 4, 5], [6], [7]], 4)) == [[0, 1, 2, 6], [3, 4, 5, 7]]
