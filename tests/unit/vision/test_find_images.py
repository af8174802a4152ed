"""Paths: files, folders and patterns become pictures in an order that never changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from seqtasks.errors import SeqtasksError
from seqtasks.image.folders import find_images
from seqtasks.image.loading import ImageError, open_image

NAMES = [
    "b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "._b.jpg", "B2.jpeg", "jpg", "inner/z.webp", "inner/deep/y.tif",
    ".git/x.jpg", "inner/.cache/x.jpg", "words/captions.txt", "with [brackets].jpg", "folder.jpg/c.gif",
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def found(*paths: Path | str) -> list[Path]:
    return list(find_images(paths))


def names(folder: Path, *paths: Path | str) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in found(*paths)]


def test_a_folder_gives_the_pictures_in_it_and_below_in_order(folder: Path) -> None:
    assert names(folder, folder) == [
        "B2.jpeg", "a.PNG", "b.jpg", "with [brackets].jpg", "folder.jpg/c.gif", "inner/z.webp", "inner/deep/y.tif",
    ]  # fmt: skip


def test_files_are_taken_as_they_are_and_in_their_order(folder: Path) -> None:
    given = [folder / name for name in ("notes.txt", "b.jpg", ".hidden.jpg", "b.jpg", "with [brackets].jpg")]
    assert found(*given) == given


def test_no_paths_no_pictures() -> None:
    assert found() == []


def test_patterns(folder: Path) -> None:
    assert names(folder, f"{folder}/*.jpg") == ["b.jpg", "with [brackets].jpg"]
    assert names(folder, f"{folder}/inner/**") == ["inner/deep/y.tif", "inner/z.webp"]
    assert names(folder, f"{folder}/[ab]*") == ["a.PNG", "b.jpg"]


def test_relative_paths_stay_relative(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert found("inner", "b.jpg", "*.PNG") == [
        Path("inner/z.webp"),
        Path("inner/deep/y.tif"),
        Path("b.jpg"),
        Path("a.PNG"),
    ]
    assert found(".")[0] == Path("B2.jpeg")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.jpg", "missing.jpg: there is no such file or folder"),
        ("missing", "missing: there is no such file or folder"),
        ("words", "words: this folder contains no image"),
        ("*.bmp", r"\*.bmp: no image matches this pattern"),
        ("words/*", r"words/\*: no image matches this pattern"),
        ("x" * 5000, "there is no such file or folder"),
        ("a\0b", "there is no such file or folder"),
    ],
)
def test_what_is_not_there_is_told_before_the_first_picture(folder: Path, path: str, message: str) -> None:
    with pytest.raises(SeqtasksError, match=message):
        find_images([folder, f"{folder}/{path}"])


def test_a_folder_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SeqtasksError, match=r"inner/deep: the folder cannot be read \(Permission denied\)"):
        find_images([folder])


def test_links_do_not_lead_in_circles(folder: Path) -> None:
    (folder / "inner" / "again").symlink_to(folder)
    (folder / "inner" / "linked.jpg").symlink_to(folder / "b.jpg")
    assert names(folder, folder / "inner") == ["inner/linked.jpg", "inner/z.webp", "inner/deep/y.tif"]
    (folder / "words" / "here").symlink_to(folder / "inner")
    assert len(found(folder / "words" / "here")) == 3


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "x.tga", "favicon.ico", "raw.NEF", "drawing.svg", "new.jxl"])
def test_images_that_are_not_read_are_not_passed_over(folder: Path, name: str) -> None:
    (folder / "words" / name).write_bytes(b"no image that is read")
    assert names(folder, folder / "words") == [f"words/{name}"]
    assert names(folder, f"{folder}/words/*") == [f"words/{name}"]
    with pytest.raises(ImageError, match=f"{name}: not an image, or of an unknown format"):
        open_image(folder / "words" / name)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_file_without_suffix_is_an_image_if_it_begins_as_one(folder: Path, kind: str) -> None:
    Image.new("RGB", (4, 4)).save(folder / "words" / "scan", format=kind)
    (folder / "words" / "README").write_text("Python, and a BMW.")
    (folder / "words" / "BMW").write_text("BMW is a name.")
    (folder / "words" / "Python").write_text("Python is one, too.")
    assert names(folder, folder / "words") == ["words/scan"]
