"""Training over clips: windows that go on, a state that is carried, gradients that end."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.squares import write_squares
from PIL import Image
from torch import Tensor, nn

import seqtasks
from seqtasks.config.run import read_config, to_toml
from seqtasks.data.captions.captioned_images import CaptionedImage
from seqtasks.data.videos.frame_sequence import FrameSequence, SyntheticVideo
from seqtasks.data.videos.synthetic import SyntheticVideoConfig, synthesize_videos
from seqtasks.encoders import CnnLstmEncoder
from seqtasks.errors import SeqtasksError
from seqtasks.inference.captioning import CaptioningPipeline
from seqtasks.models import EncoderDecoder
from seqtasks.tasks import VideoTask
from seqtasks.tasks.tbptt import TBPTTState
from seqtasks.tasks.video_captioning.tbptt_loader import VideoBatch, VideoTBPTTLoader
from seqtasks.training.trainer import Trainer

COLORS = ("red", "green", "blue", "yellow", "black", "white")

CONFIGURATION = """
task = "video-captioning"
[text]
kind = "words"
language = "en"
min_freq = 1
[images]
size = 64
[data]
train_images = [{{ images = "{folder}" }}]
validation_images = [{{ images = "{folder}" }}]
max_validation_videos = 2
num_streams = 3
bptt_len = 4
synthetic_video = {{ shots_per_video = 2, frames_per_shot = 5 }}
[model]
hidden_size = 16
[model.encoder]
kind = "cnn-lstm"
temporal = "causal"
lstm_hidden_size = 6
weights = "none"
hidden_size = 16
[model.decoder]
kind = "lstm"
hidden_size = 16
num_layers = 1
[training]
max_steps = 4
warmup_steps = 0
num_processes = 1
num_threads = 1
eval_steps = 100
save_steps = 2
device = "cpu"
dtype = "float32"
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    squares = [(f"{number:02}.png", COLORS[number % len(COLORS)]) for number in range(11)]
    return write_squares(tmp_path_factory.mktemp("pictures"), squares)


def trainer_of(pictures: Path, out: Path, **settings: Any) -> Trainer:
    overrides = [f"{name}={value}" for name, value in settings.items()]
    run = read_config(None, text=CONFIGURATION.format(folder=pictures), overrides=overrides)
    prepared = VideoTask.prepare(run.task, run.seed)
    return Trainer(prepared.task, run.training, out=out, seed=run.seed, config_toml=to_toml(run), data=prepared.data)


def parts(trainer: Trainer) -> tuple[VideoTask, EncoderDecoder, CnnLstmEncoder]:
    assert isinstance(trainer.task, VideoTask)
    assert isinstance(trainer.model, EncoderDecoder)
    encoder = trainer.model.encoder
    assert isinstance(encoder, CnnLstmEncoder)
    assert encoder.remembered is not None
    nn.init.normal_(encoder.remembered.weight)
    return trainer.task, trainer.model, encoder


class Numbered:
    """A video whose frames are gray, in a shade that says which video and which frame they are."""

    def __init__(self, number: int, count: int) -> None:
        self.number, self.count = number, count

    @property
    def captions(self) -> list[list[str]]:
        return [[f"{self.number} {frame}"] if frame != 1 else [] for frame in range(self.count)]

    def frames(self, start: int) -> Any:
        return (Image.new("RGB", (2, 2), (20 * self.number + frame,) * 3) for frame in range(start, self.count))


def numbered(lengths: tuple[int, ...], lanes: int, window: int) -> VideoTBPTTLoader:
    clips: list[FrameSequence] = [Numbered(number, length) for number, length in enumerate(lengths)]

    def pixels(picture: Image.Image) -> Tensor:
        return torch.full((3, 1, 1), picture.getpixel((0, 0))[0], dtype=torch.uint8)

    def encode(caption: str) -> list[int]:
        return [4 + int(part) for part in caption.split()]

    return VideoTBPTTLoader(lambda epoch: clips, encode, pixels, lanes=lanes, window=window, longest=9, seed=1)


def seen_in(windows: list[VideoBatch]) -> dict[int, list[tuple[int, int]]]:
    """For each lane the clips and frames that it showed, in order."""
    lanes: dict[int, list[tuple[int, int]]] = {}
    for window in windows:
        for row, lane in enumerate(window.streams.tolist()):
            for shade in window.source[row, window.mask[row], 0, 0, 0].tolist():
                lanes.setdefault(lane, []).append(divmod(shade, 20))
    return lanes


def test_lanes_play_clip_after_clip_from_the_first_frame_to_the_last() -> None:
    lengths = (7, 4, 1, 9, 5)
    windows = list(itertools.islice(numbered(lengths, lanes=2, window=3), 40))
    for shown in seen_in(windows).values():
        begins = [place for place, (_, frame) in enumerate(shown) if frame == 0]
        for start, end in itertools.pairwise(begins):
            clip = shown[start][0]
            assert shown[start:end] == [(clip, frame) for frame in range(lengths[clip])]
        assert begins[0] == 0
        assert len(begins) > 5
    for window in windows:
        for row in range(len(window.streams)):
            first = window.source[row, 0, 0, 0, 0].item() % 20
            assert bool(window.is_start[row]) == (first == 0)
            for frame in range(3):
                shade = int(window.source[row, frame, 0, 0, 0])
                said = [ids[ids != 0].tolist() for ids in window.target[row, frame] if ids.any()]
                clip, number = divmod(shade, 20)
                told = bool(window.mask[row, frame]) and number != 1
                assert said == ([[2, 4 + clip, 4 + number, 3]] if told else [])


def test_every_clip_is_played_once_an_epoch() -> None:
    batches = numbered((7, 4, 1, 9, 5), lanes=2, window=3)
    begun = [
        int(shade) // 20
        for window in itertools.islice(batches, 40)
        for shade in window.source[window.is_start, 0, 0, 0, 0].tolist()
    ]
    for start in range(0, len(begun) - 5, 5):
        assert sorted(begun[start : start + 5]) == [0, 1, 2, 3, 4]


def test_windows_go_on_where_a_saved_state_stands() -> None:
    whole = list(itertools.islice(numbered((7, 4, 1, 9, 5), 2, 3), 12))
    for already in (0, 1, 4, 9):
        begun, continued = numbered((7, 4, 1, 9, 5), 2, 3), numbered((7, 4, 1, 9, 5), 2, 3)
        for _ in itertools.islice(begun, already):
            pass
        assert begun.state_dict()["index"] == already
        continued.load_state_dict(begun.state_dict())
        for one, two in zip(itertools.islice(continued, 3), whole[already:], strict=False):
            assert all(torch.equal(ours, theirs) for ours, theirs in zip(one, two, strict=True))


def test_frames_from_the_middle_of_stills_are_those_of_the_whole_clip(pictures: Path) -> None:
    images = [CaptionedImage(file, ("a square",)) for file in sorted(pictures.glob("*.png"))]
    clip = SyntheticVideo(
        images, synthesize_videos(images, SyntheticVideoConfig(shots_per_video=3, frames_per_shot=4), 1)[0]
    )
    whole = list(clip.frames(0))
    assert len(whole) == len(clip.captions) == 12
    for start in (1, 4, 6, 11, 12):
        assert list(clip.frames(start)) == whole[start:]


def test_carried_values_belong_to_lanes_and_a_new_clip_begins_with_none() -> None:
    carried = TBPTTState(4, [(2,), (3, 2)])
    values = [torch.rand(2, 2), torch.rand(2, 3, 2, requires_grad=True)]
    carried.write(torch.tensor([3, 1]), values)
    found = carried.read(torch.tensor([1, 3, 0]), torch.tensor([False, True, False]))
    for ours, theirs in zip(found, values, strict=True):
        assert torch.equal(ours, torch.stack([theirs[1], 0 * theirs[0], 0 * theirs[0]]))
        assert not ours.requires_grad
    restored = TBPTTState(4, [(2,), (3, 2)])
    restored.load_state_dict(carried.state_dict())
    again = restored.read(torch.tensor([1, 3, 0]), torch.tensor([False, True, False]))
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(again, found, strict=True))
    carried.write(torch.tensor([2]), [torch.full((1, 2), torch.nan), torch.full((1, 3, 2), torch.inf)])
    fresh = carried.read(torch.tensor([2]), torch.tensor([True]))
    assert not any(each.any() for each in fresh), "what is broken ends where something new begins"
    with pytest.raises(SeqtasksError, match="holds the state of 1 streams, but this run has 4"):
        restored.load_state_dict(TBPTTState(1, [(2,), (3, 2)]).state_dict())


def test_windows_in_a_row_give_the_loss_of_the_whole_clip(pictures: Path, tmp_path: Path) -> None:
    """The carried forward pass is one long pass."""
    trainer = trainer_of(pictures, tmp_path / "windows")
    task, model, _ = parts(trainer)
    model.eval()
    windows = list(itertools.islice(task.batches(0, 1), 3))
    assert [window.is_start.all().item() for window in windows] == [True, False, False]
    in_parts = [task.loss(model, window) for window in windows]
    whole = trainer_of(pictures, tmp_path / "whole", **{"data.bptt_len": 12})
    other, same, _ = parts(whole)
    same.load_state_dict(model.state_dict())
    same.eval()
    at_once = other.loss(same, next(iter(other.batches(0, 1))))
    assert sum(loss.count.item() for loss in in_parts) == at_once.count.item()
    assert sum(loss.total.item() for loss in in_parts) == pytest.approx(at_once.total.item(), rel=1e-5)


def test_gradients_go_back_to_the_beginning_of_the_window_and_no_further(pictures: Path, tmp_path: Path) -> None:
    task, model, encoder = parts(trainer_of(pictures, tmp_path / "run"))
    model.eval()
    first, second = itertools.islice(task.batches(0, 1), 2)
    task.loss(model, first)
    assert task.carried is not None
    start = [values.clone() for values in task.carried.values]
    task.loss(model, second).total.backward()
    ours = {name: tensor.grad.clone() for name, tensor in model.named_parameters() if tensor.grad is not None}
    model.zero_grad()
    memory, _ = encoder.encode(second.source, second.mask, type(encoder.encode(second.source, second.mask)[1])(*start))
    target = second.target.flatten(0, 1)
    model.loss_of(memory, target, target != 0).total.backward()
    theirs = {name: tensor.grad for name, tensor in model.named_parameters() if tensor.grad is not None}
    assert ours.keys() == theirs.keys()
    assert "encoder.over_time.0.weight_hh_l0" in ours
    for name, gradient in theirs.items():
        torch.testing.assert_close(ours[name], gradient)


@pytest.mark.parametrize("temporal", ["none", "causal", "both"])
def test_a_resumed_training_ends_as_one_that_was_not_stopped(pictures: Path, tmp_path: Path, temporal: str) -> None:
    settings = {"model.encoder.temporal": temporal}
    whole = trainer_of(pictures, tmp_path / "whole", **settings)
    list(whole.run())
    stopped = trainer_of(pictures, tmp_path / "stopped", **settings)
    for _ in itertools.takewhile(lambda _: stopped.step < 3, stopped.run()):
        pass
    resumed = trainer_of(pictures, tmp_path / "stopped", **settings)
    assert resumed.resume() == 2
    list(resumed.run())
    for name, tensor in whole.weights.items():
        assert torch.equal(tensor, resumed.weights[name]), name


def test_two_processes_train_as_one_does(pictures: Path, tmp_path: Path) -> None:
    without = {"model.encoder.dropout": 0.0, "model.decoder.dropout": 0.0, "model.embedding_dropout": 0.0}
    one = trainer_of(pictures, tmp_path / "one", **without)
    two = trainer_of(pictures, tmp_path / "two", **without, **{"training.num_processes": 2})
    list(one.run())
    list(two.run())
    for name, tensor in one.weights.items():
        torch.testing.assert_close(tensor, two.weights[name], rtol=1e-3, atol=1e-4)
    ours, theirs = one.task.state_dict(), two.task.state_dict()
    assert any(values.any() for values in ours.values())
    for name, values in ours.items():
        torch.testing.assert_close(values, theirs[name], rtol=1e-4, atol=1e-5)


def test_a_video_captioner_describes_pictures_and_the_frames_of_clips(pictures: Path, tmp_path: Path) -> None:
    trainer = trainer_of(pictures, tmp_path / "run")
    list(trainer.run())
    predictor = seqtasks.load(tmp_path / "run", dtype="float32", threads=1)
    assert isinstance(predictor, CaptioningPipeline)
    files = sorted(pictures.glob("*.png"))[:3]
    alone = predictor.caption(files, beam_size=2)
    assert all(each.text for each in alone)
    first = list(predictor.caption_playing([Image.open(files[0])], predictor.decoding(beam_size=2)))
    assert [each.text for each in first] == [alone[0].text]


@pytest.mark.parametrize("temporal", ["none", "causal", "both"])
def test_frames_are_described_alike_however_many_are_taken_together(
    pictures: Path, tmp_path: Path, temporal: str
) -> None:
    trainer = trainer_of(pictures, tmp_path, **{"model.encoder.temporal": temporal})
    task, model = trainer.task, trainer.model
    assert isinstance(task, VideoTask)
    assert isinstance(model, EncoderDecoder)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3) if parameter.dim() > 1 else None
    model.eval()
    captioner = task.pipeline([model])
    decoding = task.config.decoding
    clip = [*task.validation_playing[0].frames(0)]
    whole = [each.score for each in captioner.caption_playing(clip, decoding, together=len(clip))]
    for together in (1, 3):
        found = [each.score for each in captioner.caption_playing(clip, decoding, together=together)]
        assert (found == pytest.approx(whole, abs=1e-4)) == (temporal != "both")


def test_frames_of_which_nobody_spoke_do_not_count(pictures: Path, tmp_path: Path) -> None:
    trainer = trainer_of(pictures, tmp_path)
    assert isinstance(trainer.task, VideoTask)
    assert isinstance(trainer.model, EncoderDecoder)
    captioner = trainer.task.pipeline([trainer.model.eval()])
    found = captioner.evaluate_videos([Numbered(1, 4), Numbered(2, 1)], with_meteor=False)
    assert found.examples == 4
