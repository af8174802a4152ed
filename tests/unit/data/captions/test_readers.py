"""Readers of captions: every format gives the same; what is broken is counted or told by file and line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.data import json_lines
from seqtasks.data.captions.readers import Caption, read_captions
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError

CAPTIONS = [
    Caption("a.jpg", "A dog, running.", None),
    Caption("a.jpg", 'The "big" dog', None),
    Caption("b.png", "Zwei größere Hunde", None),
]
COCO: dict[str, Any] = {
    "info": {"year": 2014},
    "images": [{"id": 7, "file_name": "a.jpg", "height": 480}, {"id": 9, "file_name": "b.png"}],
    "annotations": [
        {"image_id": 7, "id": 1, "caption": "A dog , running .\n"},
        {"image_id": 7, "id": 2, "caption": 'The "big" dog'},
        {"image_id": 9, "id": 3, "caption": "Zwei größere Hunde"},
    ],
}
KARPATHY: dict[str, Any] = {
    "dataset": "flickr8k",
    "images": [
        {"filename": "a.jpg", "sentences": [{"raw": "A dog , running ."}, {"raw": 'The "big" dog', "tokens": ["the"]}]},
        {"filename": "b.png", "sentences": [{"raw": "Zwei größere Hunde"}]},
    ],
}
CONTENTS = {
    "Flickr8k.token.txt": 'a.jpg#0\tA dog , running .\na.jpg#1\tThe "big" dog\nb.png#0\tZwei größere Hunde\n',
    "captions.txt": 'image,caption\na.jpg,"A dog , running ."\na.jpg,"The ""big"" dog"\nb.png,Zwei größere Hunde\n',
    "results.csv": "image_name| comment_number| comment\n"
    'a.jpg| 0| A dog , running .\na.jpg| 1| The "big" dog\nb.png| 0| Zwei größere Hunde\n',
    "plain.csv": 'a.jpg,A dog , running .\n"a.jpg",The "big" dog\nb.png,Zwei größere Hunde\n',
    "excel.csv": '"Caption";"Image"\nA dog , running .;a.jpg\n"The ""big"" dog";a.jpg\nZwei größere Hunde;b.png\n',
    "captions.tsv": 'id\tcaption\timage\n1\tA dog , running .\ta.jpg\n2\tThe "big" dog\ta.jpg\n'
    "3\tZwei größere Hunde\tb.png\n",
    "plain.tsv": 'a.jpg\tA dog , running .\tcc-by\na.jpg\tThe "big" dog\nb.png\t  Zwei \x0b größere Hunde \n',
    "captions.jsonl": '{"image": "a.jpg", "caption": ["A dog , running .", "The \\"big\\" dog"]}\n'
    '{"file_name": "b.png", "text": "Zwei gr\\u00f6ßere Hunde"}\n',
    "coco.json": json.dumps(COCO),
    "dataset_flickr8k.json": json.dumps(KARPATHY),
    "list.json": '[{"image": "a.jpg", "captions": ["A dog , running .", "The \\"big\\" dog"]},\n'
    '{"image": "b.png", "caption": "Zwei größere Hunde"}]',
}


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, report: ReadReport | None = None) -> list[Caption]:
    return list(read_captions(path, report or ReadReport()))


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_gives_the_same_captions(tmp_path: Path, name: str, packed: bool) -> None:
    content = CONTENTS[name].encode()
    path = write(tmp_path / f"{name}{'.gz' if packed else ''}", gzip.compress(content) if packed else content)
    report = ReadReport()
    assert read(path, report) == CAPTIONS
    assert (report.read, report.skipped) == (3, 0)


@pytest.mark.parametrize("name", CONTENTS)
def test_windows_line_ends_and_a_byte_order_mark_are_no_text(tmp_path: Path, name: str) -> None:
    assert read(write(tmp_path / name, "\ufeff" + CONTENTS[name].replace("\n", "\r\n"))) == CAPTIONS


def test_a_given_format_counts_more_than_the_suffix(tmp_path: Path) -> None:
    path = write(tmp_path / "captions.dat", CONTENTS["coco.json"])
    assert list(read_captions(path, ReadReport(), "json")) == CAPTIONS


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "image,split,caption\na.jpg,Train,A dog, running\nb.jpg,,Two dogs\n"),
        ("a.jsonl", '{"image": "a.jpg", "split": "Train", "caption": "A dog, running"}\n'
         '{"image": "b.jpg", "split": null, "caption": "Two dogs"}\n'),
        ("a.json", '{"images": [{"filename": "a.jpg", "split": "Train", "sentences": [{"raw": "A dog, running"}]}, '
         '{"filename": "b.jpg", "sentences": [{"raw": "Two dogs"}]}]}'),
    ],
)  # fmt: skip
def test_official_splits_are_read(tmp_path: Path, name: str, content: str) -> None:
    expected = [Caption("a.jpg", "A dog, running", "train"), Caption("b.jpg", "Two dogs", None)]
    assert read(write(tmp_path / name, content)) == expected


@pytest.mark.parametrize("header", ["file;caption", "path;text", "nr;Photo;Description"])
def test_headers_that_people_write(tmp_path: Path, header: str) -> None:
    rows = [f"{number};" * header.count("nr") + f"{number}.jpg;A dog" for number in range(3)]
    found = read(write(tmp_path / "a.csv", "\n".join([header, *rows]) + "\n"))
    assert found == [Caption(f"{number}.jpg", "A dog", None) for number in range(3)]


def test_karpathy_names_the_folder_of_coco_pictures(tmp_path: Path) -> None:
    image = {"filepath": "val2014", "filename": "a.jpg", "split": "restval", "sentences": [{"raw": "A dog"}]}
    path = write(tmp_path / "dataset_coco.json", json.dumps({"images": [image], "dataset": "coco"}))
    assert read(path) == [Caption("val2014/a.jpg", "A dog", "restval")]


def test_names_keep_their_spaces_and_get_forward_slashes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", ".\\my  photos\\a.jpg\tA dog\n 2024/b.jpg \tA cat\n")
    assert [each.image for each in read(path)] == ["my  photos/a.jpg", "2024/b.jpg"]


def test_a_csv_caption_may_hold_newlines_and_places_stay_right(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'image,caption\na.jpg,"Two\nlines"\nalone\nb.jpg,x\n"c.jpg"d,x\n')
    report = ReadReport()
    assert [each.text for each in read(path, report)] == ["Two lines", "x"]
    assert report.omissions["broken line"].places == [f"{path}:4", f"{path}:6"]


BROKEN = {
    "Flickr8k.token.txt": ("a.jpg#0\tA dog\nb.jpg#0\na.jpg#1\t \n\t A dog\n", ["2", "4"], ["3"]),
    "results.csv": ("image_name| comment_number| comment\na.jpg| 0| A dog\na.jpg| 4   A dog\n", ["3"], []),
    "a.csv": ("caption,image\nA dog,a.jpg\nA dog, running,a.jpg\n,a.jpg\n", ["3"], ["4"]),
    "a.jsonl": (
        '{"image": "a.jpg", "caption": ["A dog", "", 3]}\n{"image": 3, "caption": "A dog"}\n[1]\n{"image": "a.jpg"}\n'
        '{"image": "a.jpg", "caption": []}\n{"image": "a.jpg", "caption": "\\ud83d"}\n{\n',
        ["1", "2", "3"],
        ["1"],
    ),
    "coco.json": (
        '{"images": [{"id": 1, "file_name": "a.jpg"}, {"id": [2]}, 3], "annotations": [{"image_id": 1, "caption": '
        '"A dog"}, {"image_id": [2], "caption": "x"}, {"image_id": 5, "caption": "x"}, {"caption": "x"}, 7]}',
        [" annotation:2", " annotation:3", " annotation:4"],
        [],
    ),
    "karpathy.json": (
        '{"images": [{"filename": "a.jpg", "sentences": [{"raw": "A dog"}, 3]}, {"filename": "b.jpg"}, null]}',
        [" image:1", " image:2", " image:3"],
        [],
    ),
    "list.json": ('[{"image": "a.jpg", "caption": "A dog"}, "x"]', [" entry:2"], []),
}


@pytest.mark.parametrize("name", BROKEN)
def test_single_bad_captions_are_skipped_and_counted(tmp_path: Path, name: str) -> None:
    content, broken, empty = BROKEN[name]
    path = write(tmp_path / name, content)
    report = ReadReport()
    assert read(path, report) == [Caption("a.jpg", "A dog", None)]
    expected = {
        reason: [f"{path}{place if place.startswith(' ') else f':{place}'}" for place in places]
        for reason, places in (("broken line", broken), ("empty caption", empty))
        if places
    }
    assert {reason: omission.places for reason, omission in report.omissions.items()} == expected


WRONG = {
    "no table": ("a.txt", "It was a dark and stormy night.\n", r"a\.txt:1: the first row is neither a header"),
    "unknown columns": (
        "a.csv",
        "id,where,words\n1,a.jpg,A dog\n",
        r"a\.csv:1: the first row is neither a " r"header",
    ),
    "empty": ("a.csv", "", r"a\.csv:1: the first row is neither a header"),
    "latin 1": ("a.csv", b"image,caption\na.jpg,caf\xe9\n", r"a\.csv:2: not UTF-8"),
    "latin 1 in JSON": ("a.json", b'[\n{"image":\n"\xe9"}]', r"a\.json:3: not UTF-8"),
    "broken JSON": ("a.json", '[{"image": "a.jpg"},\n{"image"}]', r"a\.json:2: broken JSON"),
    "deep JSON": ("a.json", "[" * 100_000, r"a\.json: JSON with numbers that are too long"),
    "long numbers": ("a.json", "9" * 5_000, r"a\.json: JSON with numbers that are too long"),
    "other JSON": ("a.json", '{"captions": {}}', r"a\.json: unknown JSON layout"),
    "cut compression": ("a.json.gz", gzip.compress(b"[]" * 99)[:-9], r"a\.json\.gz: the file cannot be read to its"),
}


@pytest.mark.parametrize("case", WRONG)
def test_files_that_are_wrong_as_a_whole_are_told(tmp_path: Path, case: str) -> None:
    name, content, message = WRONG[case]
    with pytest.raises(SeqtasksError, match=message):
        read(write(tmp_path / name, content))


@pytest.mark.parametrize("name", ["a.txt", "a.jsonl", "a.json"])
def test_missing_files_are_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(SeqtasksError, match="there is no such file"):
        read(tmp_path / name)


def test_json_is_not_unpacked_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "JSON_BYTES", 1 << 20)
    with pytest.raises(SeqtasksError, match="more than 1 MiB"):
        read(write(tmp_path / "a.json.gz", gzip.compress(bytes(1 << 24))))


@pytest.mark.parametrize(
    "picture",
    [
        "../a.jpg",
        "x/../../a.jpg",
        "/etc/passwd",
        "..\\a.jpg",
        "\\a.jpg",
        "C:\\a.jpg",
        "C:a.jpg",
        "\\\\server\\share\\a.jpg",
    ],
)
def test_names_that_leave_the_folder_are_refused_with_their_line(tmp_path: Path, picture: str) -> None:
    path = write(tmp_path / "a.csv", f"image,caption\nb.jpg,A dog\n{picture},A dog\n")
    with pytest.raises(SeqtasksError, match=r"a\.csv:3: the image '.*' is outside"):
        read(path)


@given(
    suffix=st.sampled_from(["txt", "csv", "jsonl", "json", "json.gz"]),
    content=st.one_of(
        st.binary(),
        st.text(alphabet='a.,\t|;"#\n\r/\\: ').map(lambda text: ("image,caption\na.b," + text).encode()),
        st.recursive(
            st.one_of(st.none(), st.integers(), st.text()),
            lambda inner: st.one_of(
                st.lists(inner),
                st.dictionaries(
                    st.sampled_from(["images", "annotations", "id", "image", "caption", "filename", "sentences"]), inner
                ),
            ),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
@settings(max_examples=60, deadline=None)
def test_any_content_gives_clean_captions_or_one_clear_error(suffix: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / f"a.{suffix}", content)
        captions, message = [], str(path)
        try:
            captions = read(path)
        except SeqtasksError as error:
            message = error.message
    assert str(path) in message
    for caption in captions:
        assert caption.text == " ".join(caption.text.split()) != ""
        assert not Path(caption.image).is_absolute()
        assert ".." not in Path(caption.image).parts
