"""The feature cache, over files that are no pictures and a network that adds."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from torch import Tensor

from seqtasks.data import feature_cache as module
from seqtasks.data.feature_cache import CachedFeatures, FeatureCache, in_order
from seqtasks.errors import SeqtasksError

MADE_BY = ("network", "transform")


class Work:
    """Decodes and computes, and remembers what."""

    def __init__(self, fail_after: int | None = None) -> None:
        self.decoded: list[str] = []
        self.computed = 0
        self.fail_after = fail_after

    def decode(self, content: bytes, name: str) -> Tensor:
        if content.startswith(b"broken"):
            raise SeqtasksError(f"{name} is no picture.")
        self.decoded.append(Path(name).name)
        return torch.full((3, 2, 2), content[0], dtype=torch.uint8)

    def compute(self, pixels: Tensor) -> Tensor:
        if self.fail_after is not None and self.computed >= self.fail_after:
            raise KeyboardInterrupt
        self.computed += len(pixels)
        return (pixels.flatten(2).transpose(1, 2).to(torch.float16) / 7).contiguous()

    def __call__(self, folder: Path, files: list[Path], *made_by: str) -> CachedFeatures:
        return FeatureCache(folder / "cache", *(made_by or MADE_BY)).features(files, self.decode, self.compute)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{letter}.jpg" for letter in "abcdefg"]
    for path in paths:
        path.write_bytes(path.stem.encode())
    return paths


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART", 3)
    monkeypatch.setattr(module, "BATCH", 2)


def expected(letters: str) -> Tensor:
    return (torch.tensor(list(letters.encode())).view(-1, 1, 1).expand(-1, 4, 3).to(torch.float16)) / 7


def test_features_are_computed_once(tmp_path: Path, files: list[Path]) -> None:
    first, second = Work(), Work()
    found = first(tmp_path, files)
    assert len(found) == 7
    assert found.rows([0]).dtype == torch.float16
    assert torch.equal(found.rows(range(7)), expected("abcdefg"))
    assert torch.equal(found.rows([5, 0, 5]), expected("faf"))
    assert first.computed == 7
    again = second(tmp_path, files[::-1])
    assert torch.equal(again.rows(range(7)), expected("gfedcba"))
    assert (second.decoded, second.computed) == ([], 0)


def test_only_new_pictures_are_computed(tmp_path: Path, files: list[Path]) -> None:
    Work()(tmp_path, files[:4])
    work = Work()
    assert torch.equal(work(tmp_path, files).rows(range(7)), expected("abcdefg"))
    assert sorted(work.decoded) == ["e.jpg", "f.jpg", "g.jpg"]


def test_a_changed_picture_is_another(tmp_path: Path, files: list[Path]) -> None:
    Work()(tmp_path, files)
    files[1].write_bytes(b"x")
    work = Work()
    assert torch.equal(work(tmp_path, files).rows(range(7)), expected("axcdefg"))
    assert work.decoded == ["b.jpg"]


@pytest.mark.parametrize("made_by", [("other", "transform"), ("network", "other"), ("networktransform",), ("network",)])
def test_features_of_another_origin_are_not_read(tmp_path: Path, files: list[Path], made_by: tuple[str, ...]) -> None:
    Work()(tmp_path, files)
    work = Work()
    work(tmp_path, files, *made_by)
    assert work.computed == 7


def test_the_same_picture_twice(tmp_path: Path, files: list[Path]) -> None:
    files[6].write_bytes(b"a")
    work = Work()
    found = work(tmp_path, [*files, files[2]])
    assert torch.equal(found.rows(range(8)), expected("abcdefac"))
    assert work.computed == 6


def test_an_interrupted_run_goes_on(tmp_path: Path, files: list[Path]) -> None:
    with pytest.raises(KeyboardInterrupt):
        Work(fail_after=4)(tmp_path, files)
    work = Work()
    assert torch.equal(work(tmp_path, files).rows(range(7)), expected("abcdefg"))
    assert work.computed == 4


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", ["features.npy", "pictures.json"])
@pytest.mark.parametrize("damage", [truncate, lambda file: file.write_bytes(b""), flip, Path.unlink])
def test_a_damaged_part_is_computed_again(
    tmp_path: Path, files: list[Path], name: str, damage: Callable[[Path], None]
) -> None:
    Work()(tmp_path, files)
    damage(min((tmp_path / "cache").rglob(name)))
    there = damage is not Path.unlink or name != "pictures.json"
    for computed in (True, False):
        work = Work()
        told = pytest.warns(UserWarning, match="is damaged: its features") if computed and there else nullcontext()
        with told:
            assert torch.equal(work(tmp_path, files).rows(range(7)), expected("abcdefg"))
        assert (work.computed in (1, 3)) == computed


def test_a_cache_without_checksums_opens(tmp_path: Path, files: list[Path]) -> None:
    Work()(tmp_path, files)
    for file in (tmp_path / "cache").rglob("pictures.json"):
        file.write_text(json.dumps(json.loads(file.read_text())["pictures"]))
    work = Work()
    assert torch.equal(work(tmp_path, files).rows(range(7)), expected("abcdefg"))
    assert work.computed == 0


def test_blank_pictures_are_told_again(tmp_path: Path, files: list[Path]) -> None:
    """Also where all are in the cache, so that none is looked at."""

    class Dotted(Work):
        def decode(self, content: bytes, name: str) -> Tensor:
            pixels = super().decode(content, name)
            pixels[0, 0, 0] += 50 * (content not in (b"b", b"g"))
            return pixels

    first, again = Dotted(), Dotted()
    assert first(tmp_path, files).blank == {1, 6}
    assert again(tmp_path, [*files[::-1], files[1]]).blank == {0, 5, 7}
    assert again.decoded == []
    for file in (tmp_path / "cache").rglob("pictures.json"):  # as 0.2.0 wrote it
        file.write_text(
            json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != "blank"})
        )
    old = Dotted()
    assert old(tmp_path, files).blank == frozenset()
    assert old.computed == 0


def test_pictures_that_cannot_be_read_are_told(tmp_path: Path, files: list[Path]) -> None:
    files[1].write_bytes(b"broken")
    files[3].unlink()
    found = Work()(tmp_path, files)
    assert {index: error.message for index, error in found.unreadable.items()} == {
        1: f"{files[1]} is no picture.",
        3: f"{files[3]}: there is no such file.",
    }
    assert len(found) == 7
    assert torch.equal(found.rows([0, 2, 4, 5, 6]), expected("acefg"))
    with pytest.raises(SeqtasksError, match="is no picture"):
        found.rows([0, 1])


def test_huge_files_are_not_read(tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqtasks.image.loading.MAX_BYTES", 2**20)
    with files[0].open("wb") as stream:
        stream.truncate(2**20 + 1)
    assert "larger than 1 MiB" in str(Work()(tmp_path, files).unreadable[0])


def test_a_folder_that_cannot_be_written(tmp_path: Path, files: list[Path]) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    with pytest.raises(SeqtasksError, match="cannot be written"):
        Work()(tmp_path, files)


def test_nothing(tmp_path: Path) -> None:
    assert len(Work()(tmp_path, [])) == 0


def test_decoding_runs_ahead_but_not_far() -> None:
    from concurrent.futures import ThreadPoolExecutor

    begun: list[int] = []
    release = threading.Event()

    def slow(item: int) -> int:
        begun.append(item)
        release.wait(10)
        return item

    with ThreadPoolExecutor(8) as pool:
        futures = in_order(pool, slow, range(100), 4)
        first = next(futures)
        assert len(begun) <= 4
        release.set()
        assert [first.result(), *(future.result() for future in futures)] == list(range(100))
