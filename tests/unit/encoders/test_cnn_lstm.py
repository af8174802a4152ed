from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor

from seqtasks.encoders import CnnEncoder, CnnLstmEncoder
from seqtasks.layers.memory import Memory

Temporal = Literal["none", "causal", "both"]
CLIPS, FRAMES, CELLS, CHANNELS = 3, 5, 4, 1280


def encoder(temporal: Temporal) -> CnnLstmEncoder:
    torch.manual_seed(1)
    made = CnnLstmEncoder(
        CnnLstmEncoder.Config(weights="none", hidden_size=8, temporal=temporal, lstm_hidden_size=6)
    ).eval()
    if made.remembered is not None:
        torch.nn.init.normal_(made.remembered.weight)
    return made


def features(frames: int = FRAMES) -> Tensor:
    torch.manual_seed(2)
    return torch.randn(CLIPS, frames, CELLS, CHANNELS)


def all_real(frames: Tensor) -> Tensor:
    return torch.ones(frames.shape[:2], dtype=torch.bool)


def of_frames(memory: Memory, clips: int) -> Tensor:
    """(clips, frames, cells, dim)"""
    return memory.states.view(clips, -1, *memory.states.shape[1:])


@torch.no_grad()
def test_without_time_every_frame_is_a_picture() -> None:
    made, frames = encoder("none"), features()
    plain = CnnEncoder(CnnEncoder.Config(weights="none", hidden_size=8)).eval()
    plain.load_state_dict(made.state_dict())
    memory, carried = made.encode(frames, all_real(frames))
    assert carried is None
    for ours, theirs in zip(memory, plain(frames.flatten(0, 1)), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("temporal", ["causal", "both"])
@torch.no_grad()
def test_a_new_memory_adds_nothing_to_a_captioner_of_pictures(temporal: Temporal) -> None:
    torch.manual_seed(1)
    made = CnnLstmEncoder(
        CnnLstmEncoder.Config(weights="none", hidden_size=8, temporal=temporal, lstm_hidden_size=6)
    ).eval()
    frames = features()
    states = made.states(frames.flatten(0, 1))
    assert torch.equal(made.encode(frames, all_real(frames))[0].states, states)


@torch.no_grad()
def test_a_live_stream_gives_what_the_whole_clip_gives() -> None:
    made, frames = encoder("causal"), features()
    whole, last = made.encode(frames, all_real(frames))
    for parts in ([1] * FRAMES, [2, 3], [4, 1]):
        carried, memories = None, []
        for part in frames.split(parts, dim=1):
            memory, carried = made.encode(part, all_real(part), carried)
            memories.append(of_frames(memory, CLIPS))
        torch.testing.assert_close(torch.cat(memories, dim=1), of_frames(whole, CLIPS))
        assert last is not None
        assert carried is not None
        for ours, theirs in zip(carried, last, strict=True):
            torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize(("temporal", "back", "ahead"), [("none", 0, 0), ("causal", 1, 0), ("both", 1, 1)])
@torch.no_grad()
def test_a_frame_knows_of_those_that_it_may_know_of(temporal: Temporal, back: int, ahead: int) -> None:
    made, frames = encoder(temporal), features()
    before = of_frames(made.encode(frames, all_real(frames))[0], CLIPS)
    other = frames.clone()
    other[1, 2] += 1
    changed = (of_frames(made.encode(other, all_real(other))[0], CLIPS) != before).flatten(2).any(dim=2)
    assert not changed[[0, 2]].any()
    assert changed[1].tolist() == [bool(ahead), bool(ahead), True, bool(back), bool(back)]


@pytest.mark.parametrize("temporal", ["causal", "both"])
@torch.no_grad()
def test_clips_do_not_depend_on_the_padding_or_on_each_other(temporal: Temporal) -> None:
    made, frames = encoder(temporal), features()
    mask = torch.arange(FRAMES) < torch.tensor([[5], [3], [1]])
    together = of_frames(made.encode(frames, mask)[0], CLIPS)
    for clip, length in enumerate((5, 3, 1)):
        alone = frames[clip : clip + 1, :length]
        found = of_frames(made.encode(alone, all_real(alone))[0], 1)
        torch.testing.assert_close(together[clip, :length], found[0])


@torch.no_grad()
def test_pictures_are_clips_of_one_frame() -> None:
    made, frames = encoder("causal"), features(1)
    for ours, theirs in zip(made(frames[:, 0]), made.encode(frames, all_real(frames))[0], strict=True):
        assert torch.equal(ours, theirs)


def test_the_past_is_trained_through_and_what_is_carried_in_is_not_needed() -> None:
    made, frames = encoder("causal").train(), features()
    memory, _ = made.encode(frames, all_real(frames))
    of_frames(memory, CLIPS)[:, -1].square().sum().backward()
    for parameter in made.over_time.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().sum() > 0
