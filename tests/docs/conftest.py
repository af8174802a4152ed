"""A folder for each page, with what the page says that its reader has."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import documents, synthetic, tagged
from helpers.doc_pages import REPOSITORY
from PIL import Image

from seqtasks.registry import Component


@pytest.fixture(scope="session")
def own_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files such as a reader of the tutorials has: they have the names that the pages use."""
    folder = tmp_path_factory.mktemp("data")
    pairs = synthetic.sentence_pairs(300)
    write_lines(folder / "pairs.tsv", [f"{source}\t{target}" for source, target in pairs[:280]])
    write_lines(folder / "test.en", [source for source, _ in pairs[280:]])
    write_lines(folder / "test.de", [target for _, target in pairs[280:]])
    write_lines(folder / "input.txt", ["A dog runs.", "Two men talk."])
    page = ["<h1 class=top>A dog runs.</h1>", '<p>Two men <b>talk</b>.<img src="dog.png" alt="A dog."></p>']
    write_lines(folder / "page.html", [*page, "<pre>make test</pre>"])
    write_lines(folder / "book.txt", [source.capitalize() for source, _ in pairs] * 4)
    write_lines(folder / "other.txt", [source.capitalize() for source, _ in pairs[:40]])
    write_photographs(folder)
    reviews = [(review.text, review.labels[0]) for review in documents.labelled_documents(200)]
    for name, part in (("reviews.csv", reviews[:160]), ("test.csv", reviews[160:])):
        write_lines(folder / name, ["text,label", *(f"{text},{label}" for text, label in part)])
    sentences = tagged.labelled_sentences(200)
    tagged.write_conllu_file(folder / "train.conllu", sentences[:160])
    tagged.write_conllu_file(folder / "test.conllu", sentences[160:])
    (folder / "assets").symlink_to(REPOSITORY / "assets")
    return folder


def write_photographs(folder: Path) -> None:
    """`photos/` with those that ship, each turned and cut a few times, and `captions.csv`."""
    (folder / "photos").mkdir()
    said = {
        "boxer": "A brown dog puts its head into the sand .",
        "dog": "A black dog lies on dry grass .",
        "fishing": "A man with a net stands at the bank of a river .",
        "river": "An old man and a child sit on a chair in a river .",
    }
    rows = ["image,caption"]
    for name, caption in said.items():
        with Image.open(REPOSITORY / f"assets/images/{name}.jpg") as image:
            for number in range(6):
                file = f"{name}-{number}.jpg"
                small = image.convert("RGB").resize((160 + 8 * number, 120))
                (small.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if number % 2 else small).save(
                    folder / "photos" / file
                )
                rows.append(f"{file},{caption}")
    write_lines(folder / "captions.csv", rows)


def write_lines(file: Path, lines: list[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


@pytest.fixture
def folder(own_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory of a page; components and modules that its blocks define are forgotten afterwards."""
    from seqtasks.data.reader import Reader

    for family in (*Component.__subclasses__(), *Reader.__subclasses__()):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))
    shutil.copytree(own_data, tmp_path / "page", symlinks=True)
    monkeypatch.chdir(tmp_path / "page")
    monkeypatch.syspath_prepend(tmp_path / "page")  # as for a program that lies there
    yield tmp_path / "page"
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]  # another page has a file of this name, or this one runs again
