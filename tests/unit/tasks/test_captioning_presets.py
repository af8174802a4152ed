"""Configurations made from pictures with captions alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli_w

from seqtasks.config.run import read_config
from seqtasks.data.captions.captioned_images import CaptionedImage, CaptionSource
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.captioning import presets
from seqtasks.tasks.captioning.presets import captioning_preset, measure


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three pictures, of which one is missing."""
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    lines = ["image,caption", "a.jpg,A dog runs.", "a.jpg,A brown dog", "b.jpg,Nothing", "c.jpg,Missing"]
    (tmp_path / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_captions_and_words_are_counted() -> None:
    images = [CaptionedImage(Path("a.jpg"), ("A dog runs.", "A dog")), CaptionedImage(Path("b.jpg"), ("Nothing",))]
    assert measure(images) == (3, 6)


@pytest.mark.parametrize(
    ("captions", "words", "min_freq", "dim", "dropout", "batch", "steps"),
    [
        (100, 1_000, 2, 256, 0.5, 500, 500),
        (1_500, 17_000, 2, 256, 0.5, 500, 1_200),
        (1_999, 60_000, 2, 256, 0.5, 500, 1_500),
        (2_000, 24_000, 3, 384, 0.5, 700, 1_000),
        (30_000, 350_000, 5, 512, 0.4, 900, 3_600),
        (155_000, 1_900_000, 5, 512, 0.3, 1_500, 11_800),
        (5_000_000, 60_000_000, 5, 512, 0.3, 1_500, 50_000),
    ],
)
def test_sizes_follow_the_number_of_captions(
    monkeypatch: pytest.MonkeyPatch, photos: Path, captions: int, words: int, min_freq: int, dim: int,
    dropout: float, batch: int, steps: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(presets, "measure", lambda images: (captions, words))
    run = read_config(None, text=tomli_w.dumps(captioning_preset(CaptionSource(images=photos))))
    task = run.task.model_dump()
    model = task["model"]
    assert (task["text"]["language"], task["text"]["min_freq"]) == ("en", min_freq)
    assert (model["encoder"]["backbone"], model["encoder"]["trainable_from_block"]) == ("efficientnet_lite0", None)
    assert (model["hidden_size"], model["encoder"]["hidden_size"], model["decoder"]["hidden_size"]) == (dim, dim, dim)
    assert (model["decoder"]["kind"], model["decoder"]["dropout"]) == ("lstm", dropout)
    assert task["decoding"]["beam_size"] == 3
    assert (run.training.batch_tokens, run.training.max_steps) == (batch, steps)
    assert run.training.warmup_steps < run.training.max_steps / 4
    assert run.training.eval_steps <= run.training.max_steps / 5


@pytest.mark.parametrize("decoder", ["lstm", "show-and-tell", "show-attend-and-tell", "transformer"])
@pytest.mark.parametrize("text", ["words", "subwords", "characters"])
def test_every_kind_of_decoder_and_text_can_be_had(photos: Path, decoder: str, text: str) -> None:
    run = read_config(
        None, text=tomli_w.dumps(captioning_preset(CaptionSource(images=photos), decoder=decoder, text=text))
    )
    task = run.task.model_dump()
    assert (task["model"]["decoder"]["kind"], task["text"]["kind"]) == (decoder, text)
    assert task["model"]["decoder"]["dropout"] == 0.5


def splits_of(photos: Path) -> dict[str, list[str | None]]:
    data = read_config(None, text=tomli_w.dumps(captioning_preset(CaptionSource(images=photos)))).task.model_dump()[
        "data"
    ]
    return {name: [source["split"] for source in data[name]] for name in ("train", "validation")}


def test_official_splits_are_kept(photos: Path) -> None:
    assert splits_of(photos) == {"train": [None], "validation": []}
    (photos / "test.txt").write_text("b.jpg\n", encoding="utf-8")
    assert splits_of(photos) == {"train": [None], "validation": []}
    (photos / "train.txt").write_text("a.jpg\n", encoding="utf-8")
    assert splits_of(photos) == {"train": ["train"], "validation": []}
    (photos / "dev.txt").write_text("b.jpg\n", encoding="utf-8")
    assert splits_of(photos) == {"train": ["train"], "validation": ["validation"]}


def test_the_amount_is_that_of_the_training_part(monkeypatch: pytest.MonkeyPatch, photos: Path) -> None:
    measured: list[str] = []

    def noted(images: list[CaptionedImage]) -> tuple[int, int]:
        measured.extend(each.image.name for each in images)
        return measure(images)

    monkeypatch.setattr(presets, "measure", noted)
    (photos / "train.txt").write_text("a.jpg\n", encoding="utf-8")
    captioning_preset(CaptionSource(images=photos))
    assert measured == ["a.jpg"]


def test_no_picture_at_all(photos: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (photos / name).unlink()
    with pytest.raises(SeqtasksError, match=r"none of its images is usable in .*3 missing"):
        captioning_preset(CaptionSource(images=photos))
