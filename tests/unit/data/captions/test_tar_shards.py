"""Captioned images in tar shards: what is found in them, and that nothing is lost or unpacked without a word."""

from __future__ import annotations

import gc
import io
import json
import os
import tarfile
import warnings
from pathlib import Path
from typing import Any

import pytest
from helpers.shards import sample, write_tar
from PIL import Image

from seqtasks.data.captions.captioned_images import CaptionReadReport, CaptionSource, read_captioned_images
from seqtasks.errors import SeqtasksError
from seqtasks.image.loading import ImageError, open_image
from seqtasks.image.loading import read as read_content
from seqtasks.storage import tar_archive
from seqtasks.storage.tar_archive import TarMember, tar_members


def png(color: str, side: int = 8) -> bytes:
    stored = io.BytesIO()
    Image.new("RGB", (side, side), color).save(stored, "PNG")
    return stored.getvalue()


RED, BLUE = png("red"), png("blue")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def read(images: Path, report: CaptionReadReport | None = None, **options: Any) -> dict[str, tuple[str, ...]]:
    found = read_captioned_images(CaptionSource(images=images, **options), report or CaptionReadReport())
    assert all(isinstance(each.image, TarMember) for each in found)
    return {str(each.image.name): each.captions for each in found}


def test_texts_and_objects_beside_images(tmp_path: Path) -> None:
    members = [
        *sample("000/a", RED, "A dog runs .\n\nA dog.\r\n"),
        *sample("000/b", BLUE, {"caption": "Two men talk.", "url": "https://a.org/x.jpg", "status": "success"}, ".JPG"),
        *sample("c", BLUE, {"captions": ["One.", "Another."]}, ".jpeg"),
        *sample("d", BLUE, {"comment": "A cat."}),
        *sample("e.with.dots", BLUE, "A cow."),
        ("f.json", json.dumps({"caption": "not this one"}).encode()),
        *sample("f", BLUE, "A pig."),
    ]
    assert read(write_tar(tmp_path / "a.tar", members)) == {
        "000/a.png": ("A dog runs.", "A dog."),
        "000/b.JPG": ("Two men talk.",),
        "c.jpeg": ("One.", "Another."),
        "d.png": ("A cat.",),
        "e.with.dots.png": ("A cow.",),
        "f.png": ("A pig.",),
    }


def test_webdataset_finds_the_same_samples(tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    for number in range(3):
        keys = [f"{number}/{key:04}" for key in range(5)]
        members = [member for key in keys for member in sample(key, RED, f"A caption of {key}.", ".jpg")]
        write_tar(tmp_path / f"shard-{number:03}.tar", members)
    pattern = str(tmp_path / "shard-{000..002}.tar")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves its files open
        theirs = [
            (f"{each['__key__']}.jpg", (each["txt"].decode(),), each["jpg"])
            for each in webdataset.WebDataset(pattern, shardshuffle=False)
        ]
        gc.collect()
    ours = read_captioned_images(CaptionSource(images=Path(pattern)), CaptionReadReport())
    contents = [read_content(each.image, "") for each in ours]
    assert [(each.image.name, each.captions, bytes(data)) for each, data in zip(ours, contents, strict=True)] == theirs
    assert len(ours) == 15


def test_several_shards_whose_keys_may_be_the_same(tmp_path: Path) -> None:
    for number in range(3):
        write_tar(tmp_path / f"shard-{number:03}.tar", sample("0", RED, f"Caption {number}."))
    (tmp_path / ".hidden.tar").write_bytes(b"nothing")
    for images in (tmp_path, tmp_path / "shard-*.tar", tmp_path / "shard-{000..002}.tar"):
        found = read_captioned_images(CaptionSource(images=images), CaptionReadReport())
        assert [each.captions for each in found] == [("Caption 0.",), ("Caption 1.",), ("Caption 2.",)]
        assert len({each.image for each in found}) == 3
    with pytest.raises(SeqtasksError, match=r"shard-003\.tar: there is no such file"):
        read(tmp_path / "shard-{000..003}.tar")


def test_members_in_any_order_and_format(tmp_path: Path) -> None:
    long = "d" * 120 + "/" + "ü" * 90
    images = [("b.png", BLUE), (f"{long}.png", RED), ("./a.png", RED)]
    members = [*images, (f"{long}.txt", b"Long."), ("a.txt", b"A."), ("b.txt", b"B.")]
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        path = write_tar(tmp_path / f"{form}.tar", members, form=form)
        assert read(path) == {"b.png": ("B.",), f"{long}.png": ("Long.",), "a.png": ("A.",)}
        assert [open_image(each).getpixel((0, 0)) for each in tar_members(path)[:2]] == [(0, 0, 255), (255, 0, 0)]


def test_a_later_member_of_the_same_name_counts(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", [*sample("a", RED, "Old."), *sample("a", BLUE, "New.")])
    [found] = read_captioned_images(CaptionSource(images=path), CaptionReadReport())
    assert found.captions == ("New.",)
    assert open_image(found.image).getpixel((0, 0)) == (0, 0, 255)


def test_names_are_no_paths_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("A secret.")
    (tmp_path / "secret.png").write_bytes(RED)
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in [*sample("../../up", RED, "Up."), *sample("/etc/root", BLUE, "Root."), ("link.png", RED)]:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            link = tarfile.TarInfo("link.txt")
            link.type, link.linkname = kind, str(tmp_path / "secret.txt")
            archive.addfile(link)
    before = sorted(tmp_path.rglob("*.*"))
    report = CaptionReadReport()
    assert read(path, report) == {"../../up.png": ("Up.",), "/etc/root.png": ("Root.",)}
    assert report.images.describe() == f"skipped 1 of 3: 1 without captions ({path}:link.png)"
    assert [each for each in sorted(tmp_path.rglob("*.*")) if "cache" not in each.parts] == before


def test_what_cannot_be_used_is_counted(tmp_path: Path) -> None:
    members = [
        *sample("a", RED, "A dog."),
        ("b.png", RED),
        *sample("c", RED, " \n"),
        ("d.png", RED), ("d.txt", b"\xff\xfe\xff"),
        ("e.png", RED), ("e.json", b'{"caption": 3}'),
        ("f.png", RED), ("f.json", b"[1"),
        *sample("g", RED, {"caption": "No.", "answer": "reject"}),
        ("h.txt", b"no image"),
        ("h.cls", b"3"),
    ]  # fmt: skip
    report = CaptionReadReport()
    path = write_tar(tmp_path / "a.tar", members)
    assert read(path, report) == {"a.png": ("A dog.",)}
    told = {reason: (omission.count, omission.places) for reason, omission in report.omissions.items()}
    assert told == {
        "broken line": (3, [f"{path}:{name}:1" for name in ("d.txt", "e.json", "f.json")]),
        "rejected": (1, [f"{path}:g.json:1"]),
    }
    assert report.images.omissions["without captions"].places == [f"{path}:b.png", f"{path}:c.png"]


def test_splits(tmp_path: Path) -> None:
    path = write_tar(
        tmp_path / "a.tar",
        [*sample("a", RED, {"caption": "A.", "split": "train"}), *sample("b", RED, {"caption": "B.", "split": "val"})],
    )
    assert read(path, split="validation") == {"b.png": ("B.",)}
    (tmp_path / "some.txt").write_text("a\n")
    assert read(path, split=str(tmp_path / "some.txt")) == {"a.png": ("A.",)}


def test_a_key_of_captions_that_is_asked_for(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", sample("a", RED, {"caption": "No.", "blip": "Yes."}))
    assert read(path, caption_column="blip") == {"a.png": ("Yes.",)}


def test_a_folder_with_a_file_of_captions_stays_one_of_images(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(RED)
    (tmp_path / "captions.csv").write_text("image,caption\na.png,A dog.\n")
    write_tar(tmp_path / "b.tar", sample("b", RED, "B."))
    [found] = read_captioned_images(CaptionSource(images=tmp_path), CaptionReadReport())
    assert found.image == tmp_path / "a.png"


DAMAGED = {
    "compressed": ("a.tar.gz", lambda whole: b"\x1f\x8b" + whole, "a compressed archive cannot be read at any place"),
    "compressed, called otherwise": ("a.tar", lambda whole: b"\x1f\x8b" + whole, "cannot be read to its end"),
    "empty": ("a.tar", lambda whole: b"", "cannot be read to its end"),
    "no archive": ("a.tar", lambda whole: b"A dog.\n" * 400, "cannot be read to its end"),
    "cut off in a file": ("a.tar", lambda whole: whole[:1300], "cannot be read to its end"),
    "cut off in a header": ("a.tar", lambda whole: whole[:1200], "cannot be read to its end"),
    "a header in the middle": (
        "a.tar", lambda whole: whole[:1024] + b"\xff" * 20 + whole[1044:], "damaged header at byte 1,024"
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_archives_are_told(tmp_path: Path, kind: str) -> None:
    name, damage, told = DAMAGED[kind]
    whole = write_tar(tmp_path / "whole.tar", [*sample("a", b"x" * 300, "A."), *sample("b", b"y" * 300, "B.")])
    path = tmp_path / name
    path.write_bytes(damage(whole.read_bytes()))
    with pytest.raises(SeqtasksError, match=told):
        read(path)
    with pytest.raises(SeqtasksError, match="there is no such file"):
        read(tmp_path / "missing.tar")


def test_an_archive_without_its_end_mark_is_whole(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", sample("a", RED, "A."))
    path.write_bytes(path.read_bytes()[: 1024 + len(RED) // 512 * 512 + 1024])
    assert read(path) == {"a.png": ("A.",)}


def test_captions_beside_shards_and_several_of_them_are_told(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", sample("a", RED, "A."))
    (tmp_path / "captions.csv").write_text("image,caption\na.png,A dog.\n")
    with pytest.raises(SeqtasksError, match=r"captions\.csv: the captions of tar shards .* are in the shards"):
        read(path, captions=tmp_path / "captions.csv")


def test_the_index_is_kept_until_the_archive_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tar(tmp_path / "a.tar", sample("a", RED, "A."))
    scanned: list[Path] = []
    scan = tar_archive.scan
    monkeypatch.setattr(tar_archive, "scan", lambda archive: (scanned.append(archive), scan(archive))[1])
    first = tar_members(path)
    assert tar_members(path) == first
    assert len(scanned) == 1
    write_tar(path, [*sample("b", RED, "B."), *sample("c", RED, "C.")])
    assert [each.name for each in tar_members(path)] == ["b.png", "b.txt", "c.png", "c.txt"]
    assert len(scanned) == 2
    [index] = (tmp_path / "cache" / "seqtasks" / "tar-indexes").iterdir()
    index.write_text("{")
    assert len(tar_members(path)) == 4
    assert len(scanned) == 3


def test_an_archive_that_becomes_shorter_is_an_error_of_its_images(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", sample("a", RED, "A."))
    image = tar_members(path)[0]
    os.truncate(path, image.offset + 10)
    with pytest.raises(ImageError, match=r"a\.tar:a\.png: the file cannot be read \(the archive has become shorter\)"):
        open_image(image)
