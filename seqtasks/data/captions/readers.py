"""Captions out of tables, JSON lines, JSON and Parquet, one after the other, each with the name of its image.

| format | what it looks like |
|---|---|
| table | `a.jpg#0<TAB>A dog .` (Flickr8k, Flickr30k), `a.jpg<TAB>A dog.`, `a.jpg,A dog.`, or any table with a header |
| jsonl | `{"image": "a.jpg", "caption": "A dog."}` a line; the caption may be a list of captions |
| parquet | rows like those objects |
| folder | `a.txt` beside `a.jpg`, with a caption a line |
| json | COCO captions; Karpathy's `dataset_*.json`; a list of objects like those of jsonl |

Columns and keys are `image`, `caption` and, where there are official splits, `split`; the names that Flickr30k's
`results.csv` (`image_name`, `comment`) and Hugging Face's metadata (`file_name`, `text`) give them are known as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from types import MappingProxyType
from typing import Any, Literal

from seqtasks.data.captions.source import CAPTION, IMAGE, SPLIT_KEY, VIDEO_LINES, CaptionReader, Columns, Row
from seqtasks.data.captions.tables import IMAGE_NAME, TableReader
from seqtasks.data.columns import describe_keys
from seqtasks.data.examples import ReadReport
from seqtasks.data.files.foreign_files import foreign_by_name
from seqtasks.data.files.parquet import column_names, read_rows
from seqtasks.data.files.patterns import is_pattern, read_each
from seqtasks.data.json_lines import REJECTING, is_json_lines, load_json, parse_json_object, rejection
from seqtasks.data.text_io import clean_string, read_lines
from seqtasks.errors import SeqtasksError
from seqtasks.image.folders import find_images
from seqtasks.storage.presence import is_dir, is_file
from seqtasks.storage.tar_archive import TarMember

Format = Literal["auto", "table", "jsonl", "json", "parquet"]

TOKENIZED_BLANK = re.compile(r" (?=(?:[.,!?;:]|'(?:s|re|ll|ve|d|m)|n't)(?: |$))")
"""A blank that captions have where they were tokenized, before marks and the ends of contractions."""

ADDRESS = re.compile(r"(https?|s3|gs|ftp)://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caption:
    """One caption of one image."""

    image: str
    """The name that the file gives it, with forward slashes; it stays inside of any folder that it is put behind."""
    text: str
    """One line; white space is single spaces, without those that tokenizing put before full stops and the like."""
    split: str | None
    """As the file calls it."""
    member: TarMember | None = None
    """The image, where it is in a tar archive."""


def read_captions(
    path: Path, skipped: ReadReport, form: Format = "auto", columns: Columns = MappingProxyType({})
) -> Iterator[Caption]:
    """The captions of one file, in its order.

    Args:
        path: The file.
        skipped: Counts what is left out.
        form: Its format; "auto" follows from the suffix and the content.
        columns: The columns or keys of `image` and `caption` that were asked for.

    Raises:
        SeqtasksError: There is no such file, or it is not UTF-8, broken, too large or in no known format, with the
            line; an image's name leaves the folder that it will be looked for in.
    """
    if is_pattern(path):
        yield from read_each(path, skipped, lambda file: read_captions(file, skipped, form, columns))
        return
    reader = CaptionReader.for_file(path) if form == "auto" else CaptionReader.of_kind(form)()
    if form == "auto" and is_dir(path):
        reader = SidecarReader()
    if reader is None and (problem := foreign_by_name(path)):
        raise problem
    reader = reader or TableReader()
    yield from captions_of(reader.read(path, columns), skipped, {})
    skipped.columns += [reader.columns_taken] * bool(reader.columns_taken)


def captions_of(rows: Iterable[Row], skipped: ReadReport, names: dict[str, str]) -> Iterator[Caption]:
    """The captions of rows that are whole; `names` are those of images that are known to be right."""
    for row in rows:
        skipped.reach(row.file, row.number)
        image, text = clean_string(row.image), clean_string(row.text)
        if row.rejection:
            skipped.skip(row.rejection)
        elif not image or text is None:
            skipped.skip("broken line")
        elif not text:
            skipped.skip("empty caption")
        else:
            if image not in names:
                names[image] = relative_name(image, f"{row.file}:{row.number}")
            line = TOKENIZED_BLANK.sub("", " ".join(text.split()))
            yield Caption(names[image], line, (clean_string(row.split) or "").lower() or None)


def relative_name(name: str, place: str, kind: str = "image") -> str:
    """The name of an image or video at a place, which may not leave their folder under any operating system."""
    if ADDRESS.match(name):
        raise SeqtasksError(
            f"{place}: the {kind} {name[:80]!r} is a URL, not a file.",
            f"Download the {kind}s, for example with img2dataset, and give their file names.",
        )
    path = PureWindowsPath(name)
    if path.anchor or ".." in path.parts:
        raise SeqtasksError(
            f"{place}: the {kind} {name!r} is outside the folder of the {kind}s.",
            f"Name {kind}s relative to that folder, without `..`.",
        )
    return path.as_posix()


class JSONLReader(CaptionReader, kind="jsonl"):
    """A JSON object a line."""

    def read(self, path: Path, columns: Columns) -> Iterator[Row]:
        """A row for each caption of each line; a line that is no JSON object gives what is reported as broken."""
        for number, line in enumerate(read_lines(path), 1):
            yield from rows_of(str(path), number, parse_json_object(line) or {}, columns)


class SidecarReader(CaptionReader):
    """A folder with a .txt file beside each image, called as the image is, with a caption a line."""

    def read(self, path: Path, columns: Columns) -> Iterator[Row]:
        """A row for each line of each such file; files of other names are no captions."""
        for image in find_images([path]):
            texts = image.with_suffix(".txt")
            if is_file(texts):
                for number, line in enumerate(read_lines(texts), 1):
                    if line.strip():
                        yield Row(str(texts), number, image.relative_to(path).as_posix(), line)


def keys_of(columns: Columns) -> list[Sequence[str]]:
    """What the keys of the image and of the caption may be called."""
    asked = [(columns.get(role.name), role.usual) for role in (IMAGE, CAPTION)]
    return [(name.strip().lower(),) if isinstance(name, str) else names for name, names in asked]


def rows_of(file: str, number: int, fields: Mapping[str, Any], columns: Columns) -> Iterator[Row]:
    """The captions in one row of a table or one object; one row without a text where there is none."""
    named = {key.strip().lower(): value for key, value in fields.items()}
    image, captions = (next((named[key] for key in keys if key in named), None) for keys in keys_of(columns))
    rejected = rejection(fields, [str(each) for each in columns.values()])
    for caption in captions if isinstance(captions, list) and captions else [captions]:
        yield Row(file, number, image, caption, fields.get(SPLIT_KEY), rejected)


class NDJSONReader(JSONLReader, kind="ndjson"):
    """Another name of JSON lines."""


class ParquetReader(CaptionReader, kind="parquet"):
    """Rows of Parquet; see `seqtasks.data.files.parquet`."""

    def read(self, path: Path, columns: Columns) -> Iterator[Row]:
        """Raises SeqtasksError where no column has the name of an image's, or a caption's."""
        names = column_names(path)
        lower = {name.lower(): name for name in names}
        taken = [next((lower[key] for key in keys if key in lower), None) for keys in keys_of(columns)]
        if None in taken:
            role = (IMAGE, CAPTION)[taken.index(None)].name
            stored = column_names(path, binary=True)
            if role == "image" and stored:
                raise SeqtasksError(
                    f"{path}: its images are in the file itself ({', '.join(stored)}), which is not supported.",
                    "Write them as files, or into tar shards, and give their captions beside them.",
                )
            raise SeqtasksError(
                f"{path}: none of its columns is known to be the {role}. They are {', '.join(names)}.",
                f"Give it by name: --{role}-column {names[0] if names else 'NAME'} ({role}_column in a configuration).",
            )
        found = [str(each) for each in taken]
        self.columns_taken = describe_keys(path, found, "columns")
        for number, fields in enumerate(read_rows(path, (*found, SPLIT_KEY, *REJECTING)), 1):
            yield from rows_of(f"{path} row", number, fields, columns)


class JSONReader(CaptionReader, kind="json"):
    """COCO captions, Karpathy's form, a list of objects, or JSON lines after all, told apart by their content."""

    def read(self, path: Path, columns: Columns) -> Iterator[Row]:
        """Raises SeqtasksError where the JSON has none of these forms."""
        if is_json_lines(path, alone=False):
            return JSONLReader().read(path, columns)
        match load_json(path):
            case {"images": list(images), "annotations": list(annotations)}:
                return coco_rows(path, images, annotations)
            case {"videos": list(), "sentences": list()}:
                raise SeqtasksError(f"{path}: these are captions of videos (MSR-VTT), and not of images.", VIDEO_LINES)
            case {"images": list(images)}:
                return karpathy_rows(path, images)
            case list(objects):
                return (
                    row
                    for number, each in enumerate(objects, 1)
                    for row in rows_of(f"{path} entry", number, as_mapping(each), columns)
                )
            case dict(named) if named and all(IMAGE_NAME.fullmatch(name) for name in named):
                return named_rows(path, named)
        raise SeqtasksError(
            f"{path}: unknown JSON layout: it has no list `images`.",
            "Known layouts are COCO captions, Karpathy's dataset_*.json, a list of objects with image and caption, "
            "or an object from image names to captions.",
        )


def coco_rows(path: Path, images: list[Any], annotations: list[Any]) -> Iterator[Row]:
    """`images` with id and file_name, `annotations` with image_id and caption."""
    file = f"{path} annotation"
    names = {str(image["id"]): image.get("file_name") for image in map(as_mapping, images) if "id" in image}
    if annotations and not any("caption" in as_mapping(each) for each in annotations):
        raise SeqtasksError(
            f"{path}: its annotations have no captions, only {', '.join(list(as_mapping(annotations[0]))[:6])}.",
            "COCO's captions are in captions_train2017.json and captions_val2017.json.",
        )
    for number, annotation in enumerate(map(as_mapping, annotations), 1):
        name = names.get(str(annotation.get("image_id")))
        yield Row(file, number, name, annotation.get("caption"), rejection=rejection(annotation))


def karpathy_rows(path: Path, images: list[Any]) -> Iterator[Row]:
    """`images` with filename, for COCO filepath as well, split, and sentences of which `raw` is the text."""
    file = f"{path} image"
    for number, image in enumerate(map(as_mapping, images), 1):
        name, folder, sentences = image.get("filename"), image.get("filepath"), image.get("sentences")
        if isinstance(name, str) and folder and isinstance(folder, str):
            name = f"{folder}/{name}"
        for sentence in sentences if isinstance(sentences, list) and sentences else [None]:
            yield Row(file, number, name, text_of(as_mapping(sentence)), image.get("split"))


def text_of(sentence: Mapping[str, Any]) -> object:
    """The text of a sentence of Karpathy's form; its tokens, where that is all there is."""
    tokens = sentence.get("tokens")
    if "raw" in sentence or not isinstance(tokens, list):
        return sentence.get("raw")
    return " ".join(map(str, tokens))


def named_rows(path: Path, captions: Mapping[str, Any]) -> Iterator[Row]:
    """The captions of each image below its name."""
    for number, (name, texts) in enumerate(captions.items(), 1):
        for text in texts if isinstance(texts, list) and texts else [texts]:
            yield Row(f"{path} entry", number, name, text)


def as_mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object as it is, and anything else as an object without keys."""
    return value if isinstance(value, dict) else {}
