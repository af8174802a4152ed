"""Pictures with captions: found in every layout, parted by official lists, missing ones counted and named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from seqtasks.data.captions.captioned_images import (
    CaptionedImage,
    CaptionReadReport,
    CaptionSource,
    read_captioned_images,
    split_captioned_images,
)
from seqtasks.errors import SeqtasksError

NAMES = [f"{letter}.jpg" for letter in "abcdef"]
LISTS = {"train": NAMES[:3], "dev": NAMES[3:5], "test": NAMES[5:]}


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def table(*names: str) -> str:
    return "".join(f"{name}#{number}\tCaption {number} of {name}\n" for name in names for number in (0, 1))


def read(
    images: Path, captions: Path | None = None, split: str | None = None, report: CaptionReadReport | None = None
) -> dict[str, tuple[str, ...]]:
    """Captions by the path inside of the folder."""
    source = CaptionSource(images=images, captions=captions, split=split)
    found = read_captioned_images(source, report or CaptionReadReport())
    return {each.image.relative_to(images).as_posix(): each.captions for each in found}


@pytest.fixture
def flickr(tmp_path: Path) -> Path:
    """Flickr8k's official layout."""
    touch(tmp_path / "Images", *NAMES)
    write(tmp_path / "Flickr8k.token.txt", table(*NAMES))
    for split, names in LISTS.items():
        write(tmp_path / f"Flickr_8k.{split}Images.txt", "\n".join(names) + "\n")
    return tmp_path


@pytest.mark.parametrize(
    ("split", "names"),
    [
        (None, NAMES),
        ("train", LISTS["train"]),
        ("dev", LISTS["dev"]),
        ("validation", LISTS["dev"]),
        ("Val", LISTS["dev"]),
        ("test", LISTS["test"]),
    ],
)
def test_flickr_layout_with_its_official_splits(flickr: Path, split: str | None, names: list[str]) -> None:
    found = read(flickr / "Images", flickr / "Flickr8k.token.txt", split)
    assert found == {name: (f"Caption 0 of {name}", f"Caption 1 of {name}") for name in names}


def test_texts_beside_the_images(tmp_path: Path) -> None:
    touch(tmp_path, *NAMES[:3], "more/x.png", "notes.txt")
    write(tmp_path / "a.txt", "A dog.\n\nA big dog.\n")
    write(tmp_path / "more" / "x.txt", "A cat.")
    expected = {"a.jpg": ("A dog.", "A big dog."), "more/x.png": ("A cat.",)}
    assert read(tmp_path) == read(tmp_path, tmp_path) == expected
    write(tmp_path / "train.txt", "a.jpg\n")
    assert read(tmp_path, split="train") == {"a.jpg": expected["a.jpg"]}


def test_a_folder_without_captions(tmp_path: Path) -> None:
    touch(tmp_path, "images/a.jpg", "images/b.txt")
    with pytest.raises(SeqtasksError, match="no file of captions") as raised:
        read(tmp_path / "images")
    assert "a .txt file next to each image" in str(raised.value.hint)


def test_captions_are_found_beside_the_pictures_and_pictures_below_the_captions(flickr: Path) -> None:
    assert list(read(flickr / "Images", split="test")) == LISTS["test"]
    assert list(read(flickr, split="test")) == [f"Images/{name}" for name in LISTS["test"]]


def test_a_folder_holds_its_captions(tmp_path: Path) -> None:
    write(touch(tmp_path, "a.jpg", "b.jpg") / "captions.txt", "image,caption\nb.jpg,A cat\na.jpg,A dog\nb.jpg,Cat!\n")
    assert read(tmp_path) == {"b.jpg": ("A cat", "Cat!"), "a.jpg": ("A dog",)}


def test_a_list_of_ones_own_may_leave_out_the_endings(flickr: Path) -> None:
    chosen = write(flickr / "mine.lst", "b.jpg\n\ne\n")
    assert list(read(flickr / "Images", split=str(chosen))) == ["b.jpg", "e.jpg"]


def test_simply_named_lists_are_found_too(tmp_path: Path) -> None:
    write(touch(tmp_path, *NAMES) / "captions.tsv", table(*NAMES))
    write(tmp_path / "train.txt", "a.jpg\n")
    write(tmp_path / "val.txt", "b.jpg\n")
    assert [list(read(tmp_path, split=split)) for split in ("train", "dev")] == [["a.jpg"], ["b.jpg"]]


def test_splits_inside_of_the_captions_go_before_lists(tmp_path: Path) -> None:
    splits = {"a.jpg": "train", "b.jpg": "restval", "c.jpg": "val", "d.jpg": "test", "e.jpg": "other"}
    images = [
        {"filename": name, "split": split, "sentences": [{"raw": f"This is {name}"}]} for name, split in splits.items()
    ]
    captions = write(touch(tmp_path, *NAMES) / "dataset.json", json.dumps({"images": images}))
    write(tmp_path / "train.txt", "f.jpg\n")
    report = CaptionReadReport()
    found = {split: list(read(tmp_path, captions, split)) for split in ("train", "validation")}
    found["test"] = list(read(tmp_path, captions, "test", report=report))
    assert report.images.describe() == "skipped 1 of 2: 1 without a known split (e.jpg)"
    assert found == {"train": ["a.jpg", "b.jpg"], "validation": ["c.jpg"], "test": ["d.jpg"]}


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.jpg", "a.jpg"),
        ("photos/a.jpg", "a.jpg"),
        ("2024/b.jpg", "2024/b.jpg"),
        ("photos/2024/b.jpg", "2024/b.jpg"),
        ("2024\\b.jpg", "2024/b.jpg"),
        ("b.jpg", "2024/b.jpg"),
        ("2023/b.jpg", None),
        ("twice.jpg", None),
        ("hidden.jpg", None),
        ("2024", None),
        ("x" * 5_000, None),
        ("nul\0.jpg", None),
    ],
)
def test_which_picture_a_name_means(tmp_path: Path, name: str, found: str | None) -> None:
    files = ("a.jpg", "there.jpg", "2024/b.jpg", "2024/twice.jpg", "2025/twice.jpg", ".trash/hidden.jpg")
    images = touch(tmp_path / "photos", *files)
    captions = write(tmp_path / "captions.jsonl", "".join(
        json.dumps({"image": each, "caption": "A dog"}) + "\n" for each in ("there.jpg", name)
    ))  # fmt: skip
    report = CaptionReadReport()
    assert list(read(images, captions, report=report)) == (["there.jpg", found] if found else ["there.jpg"])
    reason = "in several folders" if name == "twice.jpg" else "missing"
    places = {reason: omission.places for reason, omission in report.images.omissions.items()}
    assert places == ({} if found else {reason: [name]})


def test_missing_pictures_are_counted_and_the_first_are_named(flickr: Path) -> None:
    for name in NAMES[:4]:
        (flickr / "Images" / name).unlink()
    write(flickr / "Flickr8k.token.txt", table(*NAMES) + "broken\n")
    report = CaptionReadReport()
    assert list(read(flickr / "Images", report=report)) == NAMES[4:]
    assert report.images.skipped == 4
    assert report.describe() == (
        f"captions: skipped 1 of 13: 1 broken line ({flickr / 'Flickr8k.token.txt'}:13); "
        "images: skipped 4 of 6: 4 missing (a.jpg, b.jpg, c.jpg, ...)"
    )


def test_a_name_that_another_system_wrote_is_told(tmp_path: Path) -> None:
    """macOS decomposes letters, and Windows ignores capitals."""
    composed, decomposed = "Caf\u00e9.jpg", "Cafe\u0301.jpg"
    for name in (decomposed, "Dog.JPG", "cat.jpg"):
        (tmp_path / name).touch()
    write(tmp_path / "captions.csv", f"image,caption\n{composed},a\ndog.jpg,b\ncat.jpg,c\ncow.jpg,d\n")
    report = CaptionReadReport()
    assert list(read(tmp_path, report=report)) == ["cat.jpg"]
    assert report.images.describe() == (
        f"skipped 3 of 4: 2 not found under its exact name ({composed}, but {decomposed} is there, "
        "dog.jpg, but Dog.JPG is there), 1 missing (cow.jpg)"
    )


def test_listed_pictures_without_captions_are_counted(flickr: Path) -> None:
    chosen = write(flickr / "mine.lst", "b.jpg\ntypo.jpg\n")
    report = CaptionReadReport()
    read(flickr / "Images", split=str(chosen), report=report)
    assert report.describe() == (
        "captions: skipped 0 of 12; images: skipped 1 of 2: 1 without captions (typo.jpg)"
    )  # fmt: skip


def test_what_cannot_be_found_is_told(flickr: Path, tmp_path: Path) -> None:
    images, empty = flickr / "Images", touch(tmp_path / "deep" / "empty", ".keep")
    tables = write(tmp_path / "other" / "captions.txt", "x.jpg\tA dog\n")
    cases = {
        "nowhere: there is no such folder": CaptionSource(images=flickr / "nowhere"),
        "empty: there is no file of captions in this folder or next to it": CaptionSource(images=empty),
        "there is no such split and no such file": CaptionSource(images=images, split="trian"),
        "do not say which images are for validation": CaptionSource(images=images, captions=tables, split="dev"),
        r"none of its images is usable in .*empty .*1 missing \(x.jpg\)": CaptionSource(images=empty, captions=tables),
    }
    for message, source in cases.items():
        with pytest.raises(SeqtasksError, match=message):
            read_captioned_images(source, CaptionReadReport())


def test_a_source_needs_a_folder_and_knows_its_formats() -> None:
    for settings in ({}, {"images": "a", "format": "xml"}, {"images": "a", "captoins": "b"}):
        with pytest.raises(ValidationError):
            CaptionSource.model_validate(settings)


def pictures(count: int, folder: str = "photos") -> list[CaptionedImage]:
    return [CaptionedImage(Path(folder, f"{number}.jpg"), ("A dog",)) for number in range(count)]


@pytest.mark.parametrize(("count", "share", "expected"), [(100, 0.1, 10), (3, 0.01, 1), (2, 0.99, 1), (10, 0.99, 9)])
def test_a_share_is_held_out(count: int, share: float, expected: int) -> None:
    images = pictures(count)
    kept, held_out = split_captioned_images(images, share, seed=1)
    assert len(held_out) == expected
    assert sorted(kept + held_out, key=images.index) == images
    assert kept == [each for each in images if each in kept]
    assert held_out == [each for each in images if each in held_out]


def test_holding_out_depends_on_the_seed_and_the_names_alone() -> None:
    held_out = {each.image.name for each in split_captioned_images(pictures(200), 0.2, seed=1)[1]}
    moved = split_captioned_images(pictures(200, "elsewhere")[::-1], 0.2, seed=1)[1]
    assert {each.image.name for each in moved} == held_out
    assert {each.image.name for each in split_captioned_images(pictures(200), 0.2, seed=2)[1]} != held_out
    more = {each.image.name for each in split_captioned_images(pictures(220), 0.2, seed=1)[1]}
    assert len(more & held_out) >= 30


def test_a_single_picture_cannot_be_parted() -> None:
    with pytest.raises(SeqtasksError, match="A single image"):
        split_captioned_images(pictures(1), 0.5, seed=1)
