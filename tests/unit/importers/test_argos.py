"""Packages of Argos Translate: what comes of them, and what is refused."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest

import seqtasks
from seqtasks.errors import SeqtasksError
from seqtasks.inference.translation import TranslationPipeline
from tests.helpers import ctranslate2_models as made
from tests.helpers.exported import TEXTS

ctranslate2 = pytest.importorskip("ctranslate2")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made.own_package(tmp_path_factory.mktemp("argos") / "own.argosmodel")


def imported(source: Path, output: Path, **options: Any) -> TranslationPipeline:
    seqtasks.import_model(source, output, **options)
    return seqtasks.load(output, task="translation", dtype="float32")


def test_what_was_exported_comes_back_packed_or_not(package: Path, tmp_path: Path) -> None:
    task, model = made.own_model()
    ours = TranslationPipeline([model], task.source, task.target)
    packed = imported(package, tmp_path / "packed")
    folder = imported(made.unzipped(package, tmp_path / "unzipped"), tmp_path / "folder")
    assert packed.languages == folder.languages == ("en", "de")
    for given in ({"beam_size": 1}, {"beam_size": 4, "nbest": 2}):
        results = [each.translate(TEXTS, max_length="0.5x+9", **given) for each in (ours, packed, folder)]
        assert results[1] == results[2]
        for expected, found in zip(*results[:2], strict=True):
            skipped = expected.unknown or expected.repetitive
            assert skipped or (found.text, found.tokens) == (expected.text, expected.tokens)
    assert "whose card follows" in (tmp_path / "packed" / "README.md").read_text(encoding="utf-8")


def test_a_target_prefix_stands_before_each_translation_and_is_no_part_of_it(package: Path, tmp_path: Path) -> None:
    path = made.unzipped(package, tmp_path / "unzipped")
    prefix = json.loads((path / "model" / "shared_vocabulary.json").read_text(encoding="utf-8"))[300]
    made.change(path / "metadata.json", target_prefix=prefix)
    theirs = imported(path, tmp_path / "imported")
    translator = ctranslate2.Translator(str(path / "model"), compute_type="float32")
    texts = ["a red dog sees the old tree .", "a bird .", "the new car likes it"]
    for found in theirs.translate(texts, beam_size=3, max_length="12"):
        [expected] = translator.translate_batch(
            [list(found.source_tokens[:-1])], target_prefix=[[prefix]], beam_size=3, patience=3.0,
            max_decoding_length=13, min_decoding_length=0, return_scores=True, return_end_token=True,
        )  # fmt: skip
        tokens = expected.hypotheses[0]
        assert tokens[0] == prefix
        assert [*found.tokens, *["</s>"] * found.finished] == tokens[1:]
        assert found.score == pytest.approx(expected.scores[0] * len(tokens), abs=1e-4)
    # the log-probability of a translation is that of its tokens behind the prefix
    [scored] = theirs.score([texts[0]], [texts[1]])
    [expected] = translator.score_batch(
        [list(theirs.source.pieces(theirs.source.encode(texts[0])))], [[prefix, *scored.tokens]]
    )
    assert scored.log_probabilities == pytest.approx(expected.log_probs[1:], abs=1e-5)


@pytest.mark.parametrize(
    ("codes", "languages"), [(("en", "zt"), ("en", "zh")), (("pb", "de"), ("pt", "de")), ((None, 7), ("xx", "xx"))]
)
def test_its_codes_of_languages(package: Path, tmp_path: Path, codes: Any, languages: tuple[str, str]) -> None:
    path = made.unzipped(package, tmp_path / "unzipped")
    made.change(path / "metadata.json", from_code=codes[0], to_code=codes[1])
    assert imported(path, tmp_path / "imported", warn=lambda told: None).languages == languages
    assert imported(path, tmp_path / "again", languages=("nl", "fr")).languages == ("nl", "fr")


def refused(path: Path, **options: Any) -> str:
    output = path.parent / "refused"
    with pytest.raises(SeqtasksError) as raised:
        seqtasks.import_model(path, output, **options)
    assert not output.exists()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_packages_that_are_refused(package: Path, tmp_path: Path) -> None:
    assert "--vocab does not apply. Leave it out." in refused(copied(package, tmp_path), vocab=["x.spm"])
    path = made.unzipped(package, tmp_path / "unzipped")
    made.change(path / "metadata.json", type="sbd")
    assert "is a package of the type 'sbd', not one that translates" in refused(path)
    made.change(path / "metadata.json", type="translate", target_prefix="__nothing__")
    assert "the target has no token __nothing__" in refused(path)
    made.change(path / "metadata.json", target_prefix=[1])
    assert "target_prefix is no token" in refused(path)
    made.change(path / "metadata.json", target_prefix="")
    (path / "sentencepiece.model").rename(path / "bpe.model")
    assert "cuts texts by Moses and BPE (bpe.model), which cannot be imported. Take a package" in refused(path)
    (path / "bpe.model").unlink()
    assert "sentencepiece.model is missing" in refused(path)
    (path / "model" / "model.bin").unlink()
    assert "model.bin is missing" in refused(path)
    (path / "metadata.json").write_text('{"from_code": "en"')
    assert "metadata.json is not JSON" in refused(path)


def copied(package: Path, folder: Path) -> Path:
    return Path(shutil.copy(package, folder / "copy.argosmodel"))


def test_archives_that_are_damaged(package: Path, tmp_path: Path) -> None:
    path = copied(package, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "copy.argosmodel is not a zip archive, or damaged" in refused(path)
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes(64) + content[middle + 64 :])
    assert "copy.argosmodel is not a zip archive, or damaged" in refused(path)
    path.write_bytes(b"nothing")
    assert "copy.argosmodel is not a zip archive, or damaged" in refused(path)
    with ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
    assert "no directory in it has metadata.json" in refused(path)


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/outside.txt", "own/../../outside.txt", "own\\outside.txt", "C:/x"]
)
def test_paths_that_lead_elsewhere(package: Path, tmp_path: Path, name: str) -> None:
    path = copied(package, tmp_path)
    with ZipFile(path, "a") as archive:
        archive.writestr(name, "harmless")
    assert f"copy.argosmodel has a file that would lie elsewhere: {name!r}." in refused(path)
    assert [file.name for file in tmp_path.rglob("*")] == ["copy.argosmodel"]


def test_links_and_what_unpacks_to_too_much(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copied(package, tmp_path)
    link = ZipInfo("own/model/model.bin")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with ZipFile(path, "a") as archive:
        archive.writestr(link, "elsewhere")
    assert "would lie elsewhere: 'own/model/model.bin'" in refused(path)
    argos = sys.modules["seqtasks.importers.argos"]
    monkeypatch.setattr(argos, "LARGEST", 1_000)
    assert "unpacks to more than 0 GiB" in refused(copied(package, tmp_path))


def test_other_files_of_a_package_are_left_alone(package: Path, tmp_path: Path) -> None:
    path = copied(package, tmp_path)
    with ZipFile(path, "a") as archive:
        [folder] = {name.partition("/")[0] for name in archive.namelist()}
        archive.writestr(f"{folder}/stanza/en/tokenize/model.pt", "of a sentence splitter")
    imported(path, tmp_path / "imported")
    files = {file.name for file in (tmp_path / "imported" / "engine").iterdir()}
    assert files == {"model.bin", "config.json", "shared_vocabulary.json"}
