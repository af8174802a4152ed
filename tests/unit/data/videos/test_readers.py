"""Clips with timed captions: documented lines are read, wrong ones counted by place, moments find their captions."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from seqtasks.data.examples import ReadReport
from seqtasks.data.videos.readers import CaptionedVideo, TimedCaption, VideoSource, captions_at, read_captioned_videos
from seqtasks.errors import SeqtasksError


def span(start: Any, end: Any, caption: Any = "A dog runs.") -> dict[str, Any]:
    return {"start": start, "end": end, "caption": caption}


def clip(video: Any = "a.mp4", *spans: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"video": video, "captions": list(spans or [span(0, 1)]), **more}


def write(folder: Path, *lines: object, videos: tuple[str, ...] = ("a.mp4", "b.gif", "c/d.webm")) -> Path:
    for name in videos:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    path = folder / "clips.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    return path


def read(path: Path, **options: Any) -> list[CaptionedVideo]:
    return read_captioned_videos(VideoSource(path=path, **options), ReadReport())


def names(clips: list[CaptionedVideo]) -> list[str]:
    return [each.video.name for each in clips]


def test_the_documented_line(tmp_path: Path) -> None:
    line = '{"video": "a.mp4", "captions": [{"start": 0.0, "end": 2.5, "caption": "A dog runs."}], "split": "train"}'
    assert read(write(tmp_path, line)) == [
        CaptionedVideo(tmp_path / "a.mp4", (TimedCaption(0.0, 2.5, ("A dog runs.",)),))
    ]


def test_spans_are_put_in_order_and_captions_in_one_line(tmp_path: Path) -> None:
    late, early = span(4.5, 6, ["It  jumps.", "Up it\ngoes. ", " "]), span(0, 4.5)
    [found] = read(write(tmp_path, clip("c/d.webm", late, early)))
    assert found.video == tmp_path / "c" / "d.webm"
    assert found.captions == (
        TimedCaption(0.0, 4.5, ("A dog runs.",)),
        TimedCaption(4.5, 6.0, ("It jumps.", "Up it goes.")),
    )


def test_videos_and_folders_of_frames_are_found_beside_the_lines_or_in_their_own_folder(tmp_path: Path) -> None:
    (tmp_path / "films" / "frames").mkdir(parents=True)
    path = write(tmp_path, clip("frames"), clip("a.mp4"))
    assert read(path) == read(path, videos=tmp_path)
    assert [each.video for each in read(path, videos=tmp_path / "films")] == [tmp_path / "films" / "frames"]


@pytest.mark.parametrize(
    ("split", "expected"),
    [(None, ["a.mp4", "b.gif", "d.webm"]), ("train", ["a.mp4"]), ("dev", ["b.gif"]), ("VAL", ["b.gif"])],
)
def test_splits_go_by_any_of_their_names(tmp_path: Path, split: str | None, expected: list[str]) -> None:
    path = write(tmp_path, clip(split="Train"), clip("b.gif", split="validation"), clip("c/d.webm"))
    skipped = ReadReport()
    assert names(read_captioned_videos(VideoSource(path=path, split=split), skipped)) == expected
    unknown = f"skipped 1 of 3: 1 line without a known split ({path}:3)"
    assert skipped.describe() == ("skipped 0 of 3" if split is None else unknown)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "broken line"),
        ("[1]", "broken line"),
        ('{"video": "a.mp4"', "broken line"),
        ("[" * 100_000, "broken line"),
        (clip(None), "broken line"),
        (clip(" "), "broken line"),
        ({"video": "a.mp4"}, "broken line"),
        (clip(captions="A dog."), "broken line"),
        (clip("a.mp4", span("0", 1)), "broken line"),
        (clip("a.mp4", span(True, 2)), "broken line"),
        (clip("a.mp4", span(None, 1)), "broken line"),
        (clip("a.mp4", span(-1, 1)), "broken line"),
        (clip("a.mp4", span(0, float("nan"))), "broken line"),
        (clip("a.mp4", span(0, float("inf"))), "broken line"),
        (clip("a.mp4", span(0, 10**400)), "broken line"),
        (clip("a.mp4", span(0, 1, 5)), "broken line"),
        (clip("a.mp4", span(0, 1, ["A dog.", None])), "broken line"),
        (clip("a.mp4", span(0, 1, "half \ud800 a letter")), "broken line"),
        ({"video": "a.mp4", "captions": ["A dog."]}, "broken line"),
        ({"video": "a.mp4", "captions": []}, "line without captions"),
        (clip("a.mp4", span(0, 1, "  ")), "empty caption"),
        (clip("a.mp4", span(0, 1, [])), "empty caption"),
        (clip("a.mp4", span(2, 1)), "span that ends before it begins"),
        (clip("a.mp4", span(1, 1)), "span that ends before it begins"),
        (clip("a.mp4", span(1, 3), span(0, 1.5)), "overlapping spans"),
        (clip("a.mp4", span(1, 3), span(1, 3)), "overlapping spans"),
        (clip("gone.mp4"), "missing video"),
        (clip("a\0.mp4"), "missing video"),
        (clip(f"{'a' * 300}.mp4"), "missing video"),
    ],
)
def test_a_line_that_cannot_be_used_is_counted_by_its_place(tmp_path: Path, line: object, reason: str) -> None:
    path = write(tmp_path, clip("b.gif"), line, clip("c/d.webm"))
    skipped = ReadReport()
    assert names(read_captioned_videos(VideoSource(path=path), skipped)) == ["b.gif", "d.webm"]
    assert skipped.describe() == f"skipped 1 of 3: 1 {reason} ({path}:2)"


@pytest.mark.parametrize("name", ["../a.mp4", "/etc/passwd", "c/../../a.mp4", "..\\a.mp4", "C:\\a.mp4", "C:a.mp4"])
def test_a_name_that_leaves_the_folder_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, clip(), clip(name))
    with pytest.raises(SeqtasksError, match=r"clips\.jsonl:2: the video .* is outside the folder of the videos"):
        read(path)


def test_a_split_that_is_unknown_or_empty_and_a_file_without_clips_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, clip(split="train"), clip("gone.mp4", split="test"))
    with pytest.raises(SeqtasksError, match="trian: there is no such split"):
        read(path, split="trian")
    with pytest.raises(SeqtasksError, match=r"split dev can be used.*skipped 0 of 2"):
        read(path, split="dev")
    with pytest.raises(SeqtasksError, match=r"1 missing video .*clips\.jsonl:2"):
        read(path, split="test")
    with pytest.raises(SeqtasksError, match=r"none of its videos can be used.*skipped 0 of 0"):
        read(write(tmp_path))
    with pytest.raises(SeqtasksError, match="there is no such file"):
        read(tmp_path / "gone.jsonl")


def test_options_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="video"):
        VideoSource.model_validate({"path": tmp_path, "video": tmp_path})


def test_a_span_holds_its_start_and_not_its_end() -> None:
    each = CaptionedVideo(Path("a.mp4"), (TimedCaption(1.0, 2.0, ("A",)), TimedCaption(2.0, 3.0, ("B", "C"))))
    moments = {0.0: (), 0.999: (), 1.0: ("A",), 1.999: ("A",), 2.0: ("B", "C"), 2.5: ("B", "C"), 3.0: (), 9.0: ()}
    assert {moment: captions_at(each, moment) for moment in moments} == moments


@given(st.lists(st.integers(0, 40), unique=True, min_size=2, max_size=12), st.integers(-2, 42), st.data())
def test_moments_find_what_a_look_at_every_span_finds(edges: list[int], moment: int, data: st.DataObject) -> None:
    ordered = sorted(edges)
    pairs = list(pairwise(ordered))
    kept = data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    spans = [TimedCaption(start, end, (f"{start}",)) for (start, end), keep in zip(pairs, kept, strict=True) if keep]
    expected = [each.captions for each in spans if each.start <= moment < each.end] or [()]
    assert [captions_at(CaptionedVideo(Path("a.mp4"), tuple(spans)), moment)] == expected
