"""Models on a Ray cluster: columns of Ray Data, and batches whose processes die."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.ray_cluster import local_ray, ray
from helpers.ray_jobs import Shout
from PIL import Image

import seqtasks
from seqtasks.errors import SeqtasksError
from seqtasks.inference.bulk import Batch
from seqtasks.integrations.ray import Caption, CaptionVideo, Classify, SharedModel, Tag, Translate, put_model
from seqtasks.integrations.ray.cluster import Size, Work, run_batches

TEXTS = ["A dog runs.", "", "A man is sleeping. A woman reads."]


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with local_ray():
        yield


@pytest.fixture(scope="module")
def classifier() -> SharedModel:
    return put_model("sentiment")


def column(*values: Any) -> np.ndarray[Any, Any]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ray_data_maps_batches() -> None:
    rows = [{"number": number, "text": text} for number, text in enumerate(TEXTS * 4)]
    texts = ray.data.from_items(rows)
    found = texts.map_batches(
        Translate,
        fn_constructor_args=[put_model("en-de")],
        fn_constructor_kwargs={"beam_size": 1},
        batch_size=3,
        compute=ray.data.ActorPoolStrategy(size=1),
    ).take_all()
    expected = seqtasks.load("en-de").translate(TEXTS, beam_size=1)
    for row in sorted(found, key=lambda row: row["number"]):
        assert row["translation"] == expected[row["number"] % 3].text
        assert row["translation_error"] == ""


def test_a_row_that_fails_has_its_reason() -> None:
    translate = Translate("en-de", threads=1, beam_size=1)
    found = translate({"text": column("A dog runs.", None, 7)})
    assert list(found["translation"]) == ["Ein Hund läuft.", "", ""]
    assert list(found["translation_error"]) == ["", "null is not text.", "int is not text."]
    assert np.isnan(found["translation_score"]).tolist() == [False, True, True]


def test_columns_are_read_and_added() -> None:
    classify = Classify("sentiment", threads=1, column="review", output="mood")
    found = classify({"review": column("A wonderful film!", "A boring, awful waste of time."), "id": np.array([1, 2])})
    assert sorted(found) == ["id", "mood", "mood_all", "mood_error", "mood_probability", "review"]
    assert (list(found["mood"]), list(found["mood_all"])) == (["positive", "negative"], [["positive"], ["negative"]])
    for batch in ({"text": column("x")}, {"review": column("x"), "mood": column("y")}):
        with pytest.raises(
            SeqtasksError, match=r"review is read, mood, mood_probability, mood_all, mood_error are added"
        ):
            classify(batch)


def test_texts_are_tagged_by_sentence() -> None:
    tag = Tag("pos-en", threads=1)
    found = tag({"text": column("It rains. Go!", "", ["A", "dog"])})
    assert list(found["tags_words"]) == [["It", "rains", ".", "Go", "!"], [], ["A", "dog"]]
    assert list(found["tags_sentence"]) == [[0, 0, 0, 1, 1], [], [0, 0]]
    assert found["tags"][2] == ["DET", "NOUN"]
    assert [len(each) for each in found["tags_confidence"]] == [5, 0, 2]


def test_images_come_in_any_form(tmp_path: Path) -> None:
    Image.new("RGB", (50, 40), "red").save(tmp_path / "red.png")
    content = (tmp_path / "red.png").read_bytes()
    pixels = np.asarray(Image.new("RGB", (50, 40), "red"))
    caption = Caption("captions", threads=1)
    forms = [str(tmp_path / "red.png"), f"file://{tmp_path}/red.png", content, {"bytes": content, "path": None}, pixels]
    found = caption({"image": column(*forms, "nowhere.png", None)})
    assert len({*found["caption"][:5]}) == 1
    assert list(found["caption_error"][:5]) == [""] * 5
    assert found["caption_error"][5].startswith("nowhere.png: there is no such file.")
    assert found["caption_error"][6] == "null is not an image."


def test_videos_have_timed_captions(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:], duration=1000)
    found = CaptionVideo("clips", threads=1)({"path": column(str(tmp_path / "two.gif"), "nowhere.gif")})
    assert len(found["captions"][0]) == len(found["captions_start"][0]) >= 1
    assert found["captions_end"][0][-1] == pytest.approx(2.0)
    assert (found["captions"][1], found["captions_error"][0]) == ([], "")
    assert "nowhere.gif" in found["captions_error"][1]


def test_options_and_tasks_are_checked_at_once() -> None:
    with pytest.raises(SeqtasksError, match="Unknown decoding option beam"):
        Translate("en-de", threads=1, beam=2)
    with pytest.raises(SeqtasksError, match="sentiment is a model for classification, not for translation"):
        Translate("sentiment", threads=1)


def test_a_model_is_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shared = put_model("sentiment")
    folder = shared.unpack()
    before = (folder / "0" / "bundle.json").stat()
    assert shared.open("classification", device="cpu").pipeline.classify("A wonderful film!").label == "positive"
    assert shared.unpack() == folder
    after = (folder / "0" / "bundle.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert put_model("sentiment").digest == shared.digest != put_model("pos-en").digest


def test_other_versions_are_refused(classifier: SharedModel) -> None:
    other = SharedModel(classifier.digest, classifier.members, classifier.files, version="0.0.1")
    with pytest.raises(SeqtasksError, match=r"the job was started with 0\.0\.1"):
        other.open("classification")


def work(model: SharedModel, folder: Path) -> Work:
    return Work(model, "classification", {"device": "cpu", "threads": 1}, {}, Shout(folder))


def test_an_item_that_fails_is_told_and_the_rest_is_done(classifier: SharedModel, tmp_path: Path) -> None:
    [(key, result)] = run_batches(
        work(classifier, tmp_path), iter([("a", Batch(0, ["x", "bad", "y"]))]), Size(1), pytest.fail
    )
    assert (key, result.lines, result.failed) == ("a", ["X", "-", "Y"], 1)
    assert result.messages == ["threads: 1", "ValueError: bad", "threads: 1"]


@pytest.mark.slow
def test_batches_whose_processes_die_are_tried_again(classifier: SharedModel, tmp_path: Path) -> None:
    batches = [("a", Batch(0, ["x"])), ("b", Batch(1, ["once"])), ("c", Batch(2, ["deadly"])), ("d", Batch(3, ["z"]))]
    found = dict(run_batches(work(classifier, tmp_path), iter(batches), Size(2), pytest.fail))
    assert {key: result.lines for key, result in found.items()} == {
        "a": ["X"], "b": ["ONCE"], "c": ["-"], "d": ["Z"],
    }  # fmt: skip
    assert (found["c"].failed, found["c"].messages) == (1, ["3 processes died with it"])


def test_a_model_that_cannot_be_opened_ends_the_job(classifier: SharedModel, tmp_path: Path) -> None:
    wrong = Work(classifier, "tagging", {"device": "cpu", "threads": 1}, {}, Shout(tmp_path))
    with pytest.raises(SeqtasksError, match="is a model for classification, not for tagging"):
        list(run_batches(wrong, [("a", Batch(0, ["x"]))], Size(1), pytest.fail))


def test_no_process_starts_where_nothing_is_missing(classifier: SharedModel, tmp_path: Path) -> None:
    assert list(run_batches(work(classifier, tmp_path), [], Size(2), pytest.fail)) == []
