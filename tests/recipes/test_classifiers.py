"""The recipes for classifiers, from end to end on small folders of ours in the official layouts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.documents import labelled_documents
from helpers.recipe_run import Recipe, settings_of

import seqtasks


def lines_of(recipe: Recipe, name: str, *arguments: str | Path, data: Path) -> list[str]:
    """The lines that it printed."""
    small = ["--set", "training.batch_tokens=300", "--set", "training.num_threads=1"]
    done = recipe(name, *arguments, "--tiny", "--test", *small, data=data)
    assert done.code == 0, done.stderr
    return done.stdout.splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("| ").split(" | ")]


def write_reviews(folder: Path, count: int, seed: int) -> None:
    """A folder a class, as the official IMDb reviews have it."""
    for number, document in enumerate(labelled_documents(count, seed)):
        file = folder / document.labels[0] / f"{number}_{9 if document.labels[0] == 'pos' else 2}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document.text, encoding="utf-8")


def write_rows(file: Path, count: int, seed: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    numbers = {"pos": "1", "neg": "0"}
    lines = [f"{numbers[each.labels[0]]}\t{each.text}\n" for each in labelled_documents(count, seed)]
    file.write_text("".join(["label\ttext\n", *lines]), encoding="utf-8")


def require_packed(recipe: Recipe, model: Path, folder: Path) -> None:
    """A packed classifier names no path of this machine, and says the same."""
    result = {"data": ["/a/b/test.tsv"], "split": None, "decoding": "argmax"}
    scores = [{"metric": "accuracy", "value": 50.0, "signature": "a"}]
    (folder / "scores.json").write_text(json.dumps({**result, "scores": scores}))
    (folder / "card.md").write_text("# A model\n\nLearned from {data}.\n\n{scores}\n")
    packed = folder / "packed"
    given = ["--scores", folder / "scores.json", "--card", folder / "card.md"]
    before, kept = seqtasks.load(model, task="classification", threads=1).labels
    renamed = ["--label", f"{before}=renamed"]
    done = recipe("package_model", model, packed, *given, *renamed)
    assert done.code == 0, done.stderr
    assert "285 labelled documents" in (packed / "README.md").read_text()
    assert all(str(folder) not in (packed / name).read_text() for name in ("config.toml", "bundle.json"))
    texts = ["the film was splendid", "a dull plot"]
    first, second = (seqtasks.load(each, threads=1, dtype="bfloat16").classify(texts) for each in (model, packed))
    expected = [{"renamed": each.probabilities[before], kept: each.probabilities[kept]} for each in first]
    assert [each.probabilities for each in second] == expected


@pytest.mark.parametrize("layout", ["official", pytest.param("tables", marks=pytest.mark.slow)])
def test_imdb_trains_its_models(recipe: Recipe, tmp_path: Path, layout: str) -> None:
    for seed, (part, count) in enumerate([("train", 300), ("test", 40)], 1):
        if layout == "official":
            write_reviews(tmp_path / "imdb" / "aclImdb" / part, count, seed)
        else:
            write_rows(tmp_path / "imdb" / f"{part}.tsv", count, seed)
    if layout == "official":
        write_reviews(tmp_path / "imdb" / "aclImdb" / "train" / "unsup", 5, 3)
    out = tmp_path / "out"
    lines = lines_of(recipe, "classify_imdb", "--output", out, data=tmp_path)
    found = [cells(line) for line in lines[-8:]]
    names = ["majority", "bag of words", "LSTM, labels alone", "LSTM, from a language model"]
    assert [row[:2] for row in found] == [[name, part] for part in ("validation", "test") for name in names]
    assert "texts=40" in found[-1][-1]
    settings = settings_of(out / "transfer")
    assert (settings.init_from, settings.init_modules) == (str(out / "language-model"), "embedding")
    model = seqtasks.load(out / "transfer", task="classification", threads=1).processor
    writer = seqtasks.load(out / "language-model", task="language-modeling", threads=1).layout.processor
    assert model.decode(range(model.size)) == writer.decode(range(writer.size))
    require_packed(recipe, out / "transfer", tmp_path)


@pytest.mark.parametrize("name", [pytest.param("imdb", marks=pytest.mark.slow), "sst"])
def test_a_convolution_takes_the_place_of_the_lstm(recipe: Recipe, tmp_path: Path, name: str) -> None:
    if name == "sst":
        write_sentences(tmp_path / "sst")
    else:
        for seed, (part, count) in enumerate([("train", 300), ("test", 40)], 1):
            write_rows(tmp_path / "imdb" / f"{part}.tsv", count, seed)
    given = ["--output", tmp_path / "out", "--model", "convolution"]
    lines = lines_of(recipe, f"classify_{name}", *given, data=tmp_path)
    assert [cells(line)[0] for line in lines[-3:]] == ["majority", "bag of words", "convolution"]
    encoder = settings_of(tmp_path / "out" / "convolution").model.encoder
    assert (encoder.kind, encoder.kernel_sizes, encoder.num_filters) == ("text-cnn", (3, 4, 5), 8)
    again = lines_of(recipe, f"classify_{name}", *given, "--resume", data=tmp_path)
    assert again[-3:] == lines[-3:]


def write_sentences(folder: Path) -> None:
    """Sentences as those of SST are published."""
    numbers = {"pos": "1", "neg": "0"}
    folder.mkdir()
    for seed, (part, count) in enumerate([("train", 200), ("dev", 30), ("test", 20)], 1):
        lines = [f"{numbers[each.labels[0]]} {each.text}\n" for each in labelled_documents(count, seed)]
        text = "".join(["1 it 's -lrb- not -rrb- `` bad '' .\n", *lines])
        (folder / f"stsa.binary.{part}").write_text(text, encoding="utf-8")


def test_sst_trains_and_starts_from_reviews(recipe: Recipe, tmp_path: Path) -> None:
    write_sentences(tmp_path / "sst")
    first = lines_of(recipe, "classify_sst", "--output", tmp_path / "first", data=tmp_path)
    assert [cells(line)[0] for line in first[-3:]] == ["majority", "bag of words", "LSTM"]
    assert (tmp_path / "first" / "train.tsv").read_text().splitlines()[1] == '1\tit\'s (not) "bad".'
    second = lines_of(
        recipe,
        "classify_sst",
        "--output",
        tmp_path / "second",
        "--init-from",
        tmp_path / "first" / "lstm",
        data=tmp_path,
    )
    found = [cells(line) for line in second[-4:]]
    assert [row[:2] for row in found][2:] == [["LSTM", "test"], ["LSTM, from reviews", "test"]]
    assert "texts=21" in found[-1][-1]


@pytest.mark.parametrize("model", ["lstm", pytest.param("rnn", marks=pytest.mark.slow)])
def test_names_are_split_once_and_for_all(recipe: Recipe, tmp_path: Path, model: str) -> None:
    (tmp_path / "names").mkdir()
    names = {"Arabic": [f"al{n:03}" for n in range(60)], "Czech": [f"{n:03}ova" for n in range(40)] + ["al001"]}
    for language, listed in names.items():
        (tmp_path / "names" / f"{language}.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")
    out = tmp_path / "out"
    lines = lines_of(recipe, "classify_names", "--output", out, "--model", model, "--balanced", data=tmp_path)
    found = [cells(line) for line in lines[-3:]]
    assert [row[0] for row in found] == ["majority", "bag of 1 to 3 characters", f"character {model.upper()}"]
    parts = {part: (out / "data" / f"{part}.tsv").read_text().splitlines()[1:] for part in ("train", "dev", "test")}
    texts = {part: {line.split("\t")[1] for line in lines} for part, lines in parts.items()}
    assert sum(map(len, parts.values())) == 101
    assert sum(map(len, texts.values())) == 100
    assert (len(texts["dev"]), len(texts["test"])) == (10, 15)
    assert settings_of(out / model).class_weights == "balanced"
