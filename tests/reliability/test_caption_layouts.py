"""Layouts that files of captions have in the world, and what has to be read from them, or refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from reliability.layouts import json_lines, table, written, zstd

from seqtasks.data.captions.readers import read_captions
from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError

ROWS = [("a.jpg", "A dog runs."), ("a.jpg", "A dog, running."), ("b.png", "Two men talk.")]
SPLIT = [(*row, split) for row, split in zip(ROWS, ("train", "train", "val"), strict=True)]
COUNTED = [(str(number), *row) for number, row in enumerate(ROWS)]
COCO: dict[str, Any] = {
    "info": {"year": 2017},
    "images": [{"id": 9, "file_name": "b.png"}, {"id": 7, "file_name": "a.jpg"}],
    "annotations": [
        {"id": number, "image_id": 9 if name == "b.png" else 7, "caption": text}
        for number, (name, text) in enumerate(ROWS)
    ],
    "licenses": [],
}
KARPATHY: dict[str, Any] = {
    "dataset": "flickr8k",
    "images": [
        {"filename": "a.jpg", "split": "train", "sentences": [{"raw": "A dog runs."}, {"raw": "A dog, running."}]},
        {"filename": "b.png", "split": "val", "sentences": [{"raw": "Two men talk."}]},
    ],
}

LAYOUTS: dict[str, tuple[str, str | bytes, dict[str, str], list[tuple[str, ...]]]] = {
    "Flickr8k": ("Flickr8k.token.txt", "a.jpg#0\tA dog runs .\na.jpg#1\tA dog , running .\nb.png#0\tTwo men talk .\n", {}, ROWS),
    "Flickr30k": ("results_20130124.token", "a.jpg#0\tA dog runs .\na.jpg#1\tA dog , running .\nb.png#0\tTwo men talk .\n", {}, ROWS),
    "Flickr30k of Kaggle": ("results.csv", "image_name| comment_number| comment\na.jpg| 0| A dog runs .\na.jpg| 1| A dog , running .\nb.png| 0| Two men talk .\n", {}, ROWS),
    "Flickr8k of Kaggle": ("captions.txt", "image,caption\na.jpg,A dog runs .\na.jpg,A dog , running .\nb.png,Two men talk .\n", {}, ROWS),
    "image, caption": ("a.csv", table(("image", "caption"), *ROWS), {}, ROWS),
    "caption, image": ("a.csv", table(("caption", "image"), *((text, name) for name, text in ROWS)), {}, ROWS),
    "capitals": ("a.csv", table(("Image", "CAPTION"), *ROWS), {}, ROWS),
    "pandas": ("a.csv", table(("", "image", "caption"), *COUNTED), {}, ROWS),
    "pandas, written twice": ("a.csv", table(("", "Unnamed: 0", "image", "caption"), *((row[0], *row) for row in COUNTED)), {}, ROWS),
    "Excel in German": ("a.csv", table(("image", "caption"), *ROWS, by=";", end="\r\n"), {}, ROWS),
    "Excel's UTF-8": ("a.csv", b"\xef\xbb\xbf" + table(("image", "caption"), *ROWS, end="\r\n").encode(), {}, ROWS),
    "Excel's unicode text": ("a.tsv", table(("image", "caption"), *ROWS, by="\t", end="\r\n").encode("utf-16"), {}, ROWS),
    "tabs": ("a.tsv", table(("image", "caption"), *ROWS, by="\t"), {}, ROWS),
    "bars": ("a.csv", table(("image", "caption"), *ROWS, by="|"), {}, ROWS),
    "a column without a name behind": ("a.csv", "image,caption\n" + table(*((*row, "x") for row in ROWS)), {}, ROWS),
    "R's tables": ("a.csv", "image,caption\n" + table(*COUNTED), {}, ROWS),
    "commas in most captions, without quotes": ("a.csv", "image,caption\na.jpg,A dog , running .\nb.png,A man , talking .\n", {},
        [("a.jpg", "A dog, running."), ("b.png", "A man, talking.")]),
    "quotes behind blanks": ("a.csv", 'image, caption\na.jpg, "A dog runs."\na.jpg, "A dog, running."\nb.png, "Two men talk."\n', {}, ROWS),
    "no header": ("a.csv", table(*ROWS), {}, ROWS),
    "no header, tabs": ("a.txt", table(*ROWS, by="\t"), {}, ROWS),
    "Hugging Face": ("metadata.csv", table(("file_name", "text"), *ROWS), {}, ROWS),
    "file names": ("a.csv", table(("filename", "caption"), *ROWS), {}, ROWS),
    "splits": ("a.csv", table(("image", "caption", "split"), *SPLIT), {}, SPLIT),
    "splits first": ("a.csv", table(("split", "image", "caption"), *((split, name, text) for name, text, split in SPLIT)), {}, SPLIT),
    "more columns": ("a.csv", table(("id", "image", "width", "caption"), *((number, name, "640", text) for number, name, text in COUNTED)), {}, ROWS),
    "columns that were asked for": ("a.csv", table(("picture", "words"), *ROWS), {"image": "picture", "caption": "words"}, ROWS),
    "a stray quote": ("a.csv", 'image,caption\na.jpg,"A dog\nb.png,Two men talk.\n', {}, ROWS[2:]),
    "quotes in captions": ("a.csv", 'image,caption\na.jpg,"A ""big"" dog, runs."\n', {}, [("a.jpg", 'A "big" dog, runs.')]),
    "quotes behind tabs": ("a.tsv", 'image\tcaption\na.jpg\t"Go" it says.\n', {}, [("a.jpg", '"Go" it says.')]),
    "lines in captions": ("a.csv", 'image,caption\na.jpg,"A dog\nruns."\n', {}, [("a.jpg", "A dog runs.")]),
    "folders of Windows": ("a.csv", table(("image", "caption"), ("x\\a.jpg", "A dog runs.")), {}, [("x/a.jpg", "A dog runs.")]),
    "compressed": ("a.csv.gz", gzip.compress(table(("image", "caption"), *ROWS).encode()), {}, ROWS),
    "compressed with Zstandard": ("a.csv.zst", zstd.compress(table(("image", "caption"), *ROWS).encode()), {}, ROWS),
    "JSON lines": ("a.jsonl", json_lines(*({"image": name, "caption": text} for name, text in ROWS)), {}, ROWS),
    "JSON lines with lists": ("a.jsonl", json_lines({"image": "a.jpg", "captions": ["A dog runs.", "A dog, running."]}, {"image": "b.png", "caption": "Two men talk."}), {}, ROWS),
    "JSON lines of Hugging Face": ("metadata.jsonl", json_lines(*({"file_name": name, "text": text} for name, text in ROWS)), {}, ROWS),
    "JSON lines with splits": ("a.jsonl", json_lines(*({"image": name, "caption": text, "split": split} for name, text, split in SPLIT)), {}, SPLIT),
    "JSON lines with keys that were asked for": ("a.jsonl", json_lines(*({"p": name, "w": text} for name, text in ROWS)), {"image": "p", "caption": "w"}, ROWS),
    "COCO": ("captions_train2017.json", json.dumps(COCO), {}, ROWS),
    "COCO with texts as ids": ("a.json", json.dumps({**COCO, "images": [{**image, "id": str(image["id"])} for image in COCO["images"]]}), {}, ROWS),
    "COCO, annotations of boxes among them": ("a.json", json.dumps({**COCO, "annotations": [*COCO["annotations"], {"image_id": 7, "bbox": [1, 2, 3, 4]}]}), {}, ROWS),
    "Karpathy": ("dataset_flickr8k.json", json.dumps(KARPATHY), {}, SPLIT),
    "Karpathy's COCO": ("dataset_coco.json", json.dumps({"images": [{**KARPATHY["images"][1], "filepath": "val2014", "cocoid": 3}]}), {}, [("val2014/b.png", "Two men talk.", "val")]),
    "a list of objects": ("a.json", json.dumps([{"image": name, "caption": text} for name, text in ROWS]), {}, ROWS),
    "a list of objects with lists": ("a.json", json.dumps([{"image": "a.jpg", "caption": ["A dog runs.", "A dog, running."]}, {"image": "b.png", "caption": ["Two men talk."]}]), {}, ROWS),
    "JSON lines called ndjson": ("a.ndjson", json_lines(*({"image": name, "caption": text} for name, text in ROWS)), {}, ROWS),
    "JSON lines called json": ("metadata.json", json_lines(*({"file_name": name, "text": text} for name, text in ROWS)), {}, ROWS),
    "captions below names": ("a.json", json.dumps({"a.jpg": ["A dog runs.", "A dog, running."], "b.png": "Two men talk."}), {}, ROWS),
    "Karpathy's with tokens alone": ("a.json", json.dumps({"images": [{"filename": "b.png", "split": "restval", "sentences": [{"tokens": ["two", "men"]}]}]}), {}, [("b.png", "two men", "restval")]),
    "Karpathy's with tokens too": ("a.json", json.dumps({"images": [{"filename": "b.png", "split": "test", "sentids": [1], "sentences": [{"tokens": ["two"], "raw": "Two.", "imgid": 0}]}]}), {}, [("b.png", "Two.", "test")]),
    "COCO with folders": ("a.json", json.dumps({**COCO, "images": [{**image, "file_name": "train2014/" + image["file_name"]} for image in COCO["images"]]}), {}, [("train2014/" + name, text) for name, text in ROWS]),
    "COCO, an image without annotations": ("a.json", json.dumps({**COCO, "images": [*COCO["images"], {"id": 1, "file_name": "c.jpg"}]}), {}, ROWS),
    "COCO, an annotation without its image": ("a.json", json.dumps({**COCO, "annotations": [*COCO["annotations"], {"image_id": 99, "caption": "x"}]}), {}, ROWS),
    "COCO, images without names": ("a.json", json.dumps({**COCO, "images": [*COCO["images"], {"id": 99}], "annotations": [{"image_id": 99, "caption": "x"}, *COCO["annotations"]]}), {}, ROWS),
    "COCO, empty captions": ("a.json", json.dumps({**COCO, "annotations": [*COCO["annotations"], {"image_id": 7, "caption": " \n"}]}), {}, ROWS),
    "VizWiz": ("a.json", json.dumps({**COCO, "annotations": [{**each, "is_rejected": False, "is_precanned": False} for each in COCO["annotations"]]
        + [{"image_id": 7, "caption": "x", "is_rejected": True}, {"image_id": 7, "caption": "Quality issues.", "is_precanned": True}]}), {}, ROWS),
    "JSON lines of Prodigy": ("a.jsonl", json_lines(*({"image": name, "caption": text, "answer": "accept"} for name, text in ROWS), {"image": "a.jpg", "caption": "x", "answer": "reject"}), {}, ROWS),
    "JSON lines with half a character": ("a.jsonl", '{"image": "a.jpg", "caption": "A \\ud83d"}\n' + json_lines(*({"image": name, "caption": text} for name, text in ROWS)), {}, ROWS),
    "COCO over lines": ("a.json", json.dumps(COCO, indent=2), {}, ROWS),
    "Flickr30k of Kaggle with its broken line": ("results.csv", "image_name| comment_number| comment\na.jpg| 0| A dog runs .\na.jpg| 1| A dog , running .\nx.jpg| 4   A dog runs across the grass .\nb.png| 0| Two men talk .\n", {}, ROWS),
    "Flickr30k of Kaggle with bars in a caption": ("results.csv", "image_name| comment_number| comment\na.jpg| 0| A dog | runs .\n", {}, [("a.jpg", "A dog | runs.")]),
    "Hugging Face with folders and further columns": ("metadata.csv", table(("file_name", "text", "width"), *((f"train/{name}", text, "640") for name, text in ROWS)), {}, [(f"train/{name}", text) for name, text in ROWS]),
}  # fmt: skip

REFUSED: dict[str, tuple[str, str | bytes, str]] = {
    "names that nobody knows": ("a.csv", table(("picture", "words"), ("x", "A dog runs.")), "the first row is neither a header"),
    "text alone": ("a.txt", "A dog runs.\n", "the first row is neither a header"),
    "JSON without captions": ("a.json", '{"images": 3}', "unknown JSON layout"),
    "COCO's boxes": ("instances_train2017.json", json.dumps({**COCO, "annotations": [{"id": 1, "image_id": 7, "bbox": [1, 2, 3, 4]}]}), "captions_train2017.json"),
    "MSR-VTT": ("videodatainfo.json", json.dumps({"videos": [{"video_id": "video0"}], "sentences": [{"video_id": "video0", "caption": "a car"}]}), "captions of videos (MSR-VTT)"),
    "MSVD": ("video_corpus.csv", table(("VideoID", "Start", "End", "WorkerID", "Source", "AnnotationTime", "Language", "Description"), ("mv89psg6zh4", "33", "46", "588702", "unverified", "55", "English", "A bird is bathing in a sink.")), "captions of videos"),
    "addresses": ("a.tsv", table(("image", "caption"), ("https://a.org/a.jpg", "A dog."), by="\t"), "img2dataset"),
    "broken JSON": ("a.json", '{"images": [', "broken JSON"),
    "a name that leaves the folder": ("a.csv", table(("image", "caption"), ("../a.jpg", "A dog.")), "outside"),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read(tmp_path: Path, layout: str) -> None:
    name, content, columns, expected = LAYOUTS[layout]
    found = read_captions(written(tmp_path, name, content), ReadReport(), columns=columns)
    assert [(each.image, each.text, *([each.split] if each.split else [])) for each in found] == expected


@pytest.mark.parametrize("layout", REFUSED)
def test_refused(tmp_path: Path, layout: str) -> None:
    name, content, told = REFUSED[layout]
    with pytest.raises(SeqtasksError) as raised:
        list(read_captions(written(tmp_path, name, content), ReadReport()))
    assert told in f"{raised.value.message} {raised.value.hint}"


def test_what_annotators_rejected_is_told(tmp_path: Path) -> None:
    notes: tuple[dict[str, Any], ...] = ({}, {"is_rejected": True}, {"is_precanned": True}, {"is_rejected": 0})
    annotations = [{"image_id": 7, "caption": "A dog.", **note} for note in notes]
    report = ReadReport()
    path = written(tmp_path, "a.json", json.dumps({**COCO, "annotations": annotations}))
    assert len(list(read_captions(path, report))) == 2
    assert {reason: omission.count for reason, omission in report.omissions.items()} == {"rejected": 1, "precanned": 1}
