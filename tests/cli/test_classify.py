"""`seqtasks classify`, and training and evaluating what it uses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers.documents import labelled_documents, write_documents
from helpers.program import Program, settings

import seqtasks as package
from seqtasks.cli.classify_lines import explanation_fields, highlighted
from seqtasks.data.documents.readers import Document
from seqtasks.inference.attribution import ExplainedWord, Explanation
from seqtasks.loading import open_models

SMALL = settings(
    "model.hidden_size=16", "model.encoder.hidden_size=32", "model.dropout=0", "model.embedding_dropout=0",
    "model.word_dropout=0",
    "training.max_steps=200", "training.learning_rate=0.01", "training.eval_steps=100", "training.save_steps=100",
    "training.ema_decay=0.9", "training.num_threads=1", "training.dtype=float32", "text.vocab_size=330",
)  # fmt: skip
GOOD, BAD = "a film with a gripping plot", "the plot was dull"


@pytest.fixture(scope="module")
def model(seqtasks: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained from a folder a class, as its users would."""
    folder = tmp_path_factory.mktemp("classifier")
    for number, document in enumerate(labelled_documents(500)):
        file = folder / "reviews" / document.labels[0] / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document.text + "\n", encoding="utf-8")
    result = seqtasks("train", "classification", folder / "reviews", "--output", folder / "model", *SMALL)
    assert result.code == 0, result.err
    assert "labels: 2" in result.out
    assert (" documents/s " in result.out, "tokens/s" in result.out) == (True, False)
    progress = [json.loads(line) for line in (folder / "model" / "metrics.jsonl").read_text().splitlines()]
    assert all(line["documents_per_second"] > 0 for line in progress if line["kind"] == "progress")
    assert f"seqtasks classify --model {folder / 'model'} document.txt" in " ".join(result.out.split())
    return folder / "model"


@pytest.fixture(scope="module")
def test_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_documents(tmp_path_factory.mktemp("data") / "test.tsv", labelled_documents(40, seed=9))


def labels(out: str) -> list[str]:
    return [line.partition("\t")[0] for line in out.splitlines()]


def test_a_line_is_a_document(seqtasks: Program, model: Path) -> None:
    result = seqtasks("classify", "-m", model, stdin=f"{GOOD}\r\n\n{BAD}".encode())
    assert (result.code, result.err) == (0, "")
    first, empty, last = result.out.splitlines()
    assert (first.split("\t")[0], empty, last.split("\t")[0]) == ("pos", "", "neg")
    assert 0.5 < float(first.split("\t")[1]) <= 1
    assert seqtasks("classify", "-m", model, "--text", f"{GOOD}\n\n{BAD}").out == result.out


def test_json_has_all_labels(seqtasks: Program, model: Path) -> None:
    result = seqtasks("classify", "-m", model, "--json", stdin=f"{GOOD}\n\n".encode())
    found, empty = map(json.loads, result.out.splitlines())
    assert (found["label"], found["labels"]) == ("pos", ["pos"])
    assert list(found["probabilities"]) == ["pos", "neg"]
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert found["probability"] == found["probabilities"]["pos"]
    assert (empty["label"], empty["probabilities"]) == (None, {})


def test_a_file_is_a_document_and_a_row_of_a_table_too(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("the plot\nwas\n" * 300 + "dull\n", encoding="utf-8")
    (tmp_path / "table.csv").write_text(f'id,text\n1,"{GOOD}"\n2,{BAD}\n', encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": GOOD}) + "\n", encoding="utf-8")
    files = [tmp_path / "long.txt", tmp_path / "table.csv", Path("-"), tmp_path / "rows.jsonl"]
    result = seqtasks("classify", "-m", model, *files, stdin=BAD.encode())
    assert (result.code, result.err) == (0, "")
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert [line[:-1] for line in lines[:1]] == [[str(tmp_path / "long.txt"), lines[0][1]]]
    assert [line[0] for line in lines[1:]] == ["pos", "neg", "neg", "pos"]
    found = [json.loads(line) for line in seqtasks("classify", "-m", model, *files[:2], "--json").out.splitlines()]
    places = [str(tmp_path / "long.txt"), f"{tmp_path / 'table.csv'}:2", f"{tmp_path / 'table.csv'}:3"]
    assert [each["place"] for each in found] == places


def test_what_is_broken_is_told_and_the_rest_is_answered(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    rows = [json.dumps({"text": GOOD}), "{", json.dumps({"text": " "}), json.dumps({"text": BAD})]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes("schön".encode("latin-1"))
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "good.txt").write_text(GOOD, encoding="utf-8")
    names = ["rows.jsonl", "latin.txt", "empty.txt", "good.txt"]
    result = seqtasks("classify", "-m", model, *(tmp_path / name for name in names))
    assert result.code == 1
    assert labels(result.out) == ["pos", "neg", str(tmp_path / "good.txt")]
    assert result.err.startswith("seqtasks: skipped 4 of 7: 2 empty texts")
    assert f"1 broken line ({tmp_path / 'rows.jsonl'}:2)" in result.err
    assert f"1 file that is not UTF-8 text ({tmp_path / 'latin.txt'}:1)" in result.err


def test_lines_that_are_not_utf8_are_answered_and_told(seqtasks: Program, model: Path) -> None:
    result = seqtasks("classify", "-m", model, stdin=b"\xff dull\n")
    assert (result.code, len(result.out.splitlines())) == (0, 1)
    assert "not UTF-8, with U+FFFD for what could not be read: 1" in result.err


def test_answers_do_not_depend_on_what_stands_beside(seqtasks: Program, model: Path) -> None:
    texts = [each.text for each in labelled_documents(20, seed=4, fillers=60)]
    exact = ["--json", "--dtype", "float32"]
    together = seqtasks("classify", "-m", model, *exact, stdin="\n".join(texts).encode()).out.splitlines()
    for text, line in zip(texts, together, strict=True):
        alone = json.loads(seqtasks("classify", "-m", model, *exact, "--text", text).out)["probabilities"]
        assert alone == pytest.approx(json.loads(line)["probabilities"], abs=1e-5)


@pytest.mark.parametrize("method", [[], ["--method", "integrated-gradients"]])
def test_the_words_that_decided_are_marked(
    seqtasks: Program, model: Path, tmp_path: Path, method: Sequence[str]
) -> None:
    page = tmp_path / "why.html"
    arguments = ["classify", "-m", model, "--explain", *method]
    result = seqtasks(*arguments, "--html-report", page, stdin=f"{GOOD}\n\n<b> {BAD}".encode())
    assert (result.code, result.err) == (0, "")
    first, empty, last = result.out.splitlines()
    assert "[++gripping]" in first.split("\t")[2]
    assert (empty, "[++dull]" in last.split("\t")[2]) == ("", True)
    html = page.read_text(encoding="utf-8")
    assert html.count("<article>") == 2
    assert "&lt;b" in html
    found = json.loads(seqtasks(*arguments, "--json", "--text", GOOD).out)["explanation"]
    assert (found["label"], found["method"]) == ("pos", "gradients" if method else "occlusion")
    assert "".join(word for word, _ in found["words"]) == GOOD
    alone = seqtasks("classify", "-m", model, *method, "--html-report", page, "--text", GOOD)
    assert alone.out == "\t".join(first.split("\t")[:2]) + "\n"


def test_several_models_answer_together(seqtasks: Program, model: Path) -> None:
    one = seqtasks("classify", "-m", model, "--text", GOOD)
    assert seqtasks("classify", "-m", model, "-m", model, "--text", GOOD).out == one.out


def test_several_labels(seqtasks: Program, tmp_path: Path) -> None:
    topics = {"x": ("warm", "cold"), "y": ("plot", "scene")}
    documents = [
        Document(each.text, tuple(label for label, words in topics.items() if any(w in each.text for w in words)))
        for each in labelled_documents(400)
    ]
    lines = [json.dumps({"text": each.text, "labels": each.labels}) for each in documents]
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    trained = seqtasks("train", "classification", tmp_path / "train.jsonl", "--output", tmp_path / "model", *SMALL)
    assert trained.code == 0, trained.err
    stdin = b"warm film with a plot\nthe story was dull and it was a film\nthe scene\n"
    result = seqtasks("classify", "-m", tmp_path / "model", stdin=stdin)
    first, none, last = (line.split("\t") for line in result.out.splitlines())
    assert ({first[0], first[2]}, none, last[0]) == ({"x", "y"}, ["-"], "y")
    assert min(float(first[1]), float(first[3])) >= 0.5
    found = json.loads(seqtasks("evaluate", tmp_path / "model", tmp_path / "train.jsonl", "--json").out)
    assert [each["metric"] for each in found["scores"]] == ["micro F1", "macro F1", "subset accuracy"]
    assert "confusion" not in found
    refused = seqtasks(
        "evaluate", tmp_path / "model", tmp_path / "train.jsonl", "--confusion-matrix", tmp_path / "confusion.png"
    )
    assert (refused.code, (tmp_path / "confusion.png").exists()) == (1, False)


def test_evaluate_tells_scores_labels_and_confusion(
    seqtasks: Program, model: Path, test_file: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "confusion.png"
    result = seqtasks("evaluate", model, test_file, "--confusion-matrix", picture)
    assert result.code == 0, result.err
    assert picture.read_bytes().startswith(b"\x89PNG")
    lines = result.out.splitlines()
    assert [line.rpartition("|")[0].split("  ")[0].strip() for line in lines[:4]] == [
        "accuracy", "macro F1", "calibration error", "majority accuracy",
    ]  # fmt: skip
    assert lines[4].startswith("40 documents in ")
    assert "expected \\ found" in result.out
    found = json.loads(seqtasks("evaluate", model, test_file, "--json").out)
    assert found["scores"][0]["value"] > 80
    assert {each["label"]: each["expected"] for each in found["labels"]} == {
        label: sum(each.labels == (label,) for each in labelled_documents(40, seed=9)) for label in ("pos", "neg")
    }
    matrix = found["confusion"]
    assert matrix["labels"] == ["neg", "pos"]
    right = sum(matrix["counts"][place][place] for place in range(2))
    assert found["scores"][0]["value"] == pytest.approx(100 * right / 40)


def test_evaluate_tells_what_it_leaves_out(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    file = write_documents(tmp_path / "test.tsv", [Document(GOOD, ("pos",)), Document(BAD)])
    result = seqtasks("evaluate", model, file)
    assert (result.code, "1 document in" in result.out) == (1, True)
    assert f"skipped 1 of 2: 1 document without label ({file}:3)" in result.err
    for option in (["--beam-size", "2"], ["--lowercase"], ["--split", "test"]):
        refused = seqtasks("evaluate", model, file, *option)
        assert refused.code == 2
        assert "does not apply to a model for classification" in " ".join(refused.err.split())


def test_python_does_the_same(seqtasks: Program, model: Path) -> None:
    classifier = package.load(model, threads=1, dtype="float32")
    good, bad = classifier.classify([GOOD, BAD])
    assert (good.label, bad.label) == ("pos", "neg")
    assert classifier.labels == ["pos", "neg"] or classifier.labels == ["neg", "pos"]
    result = json.loads(seqtasks("classify", "-m", model, "--dtype", "float32", "--json", "--text", GOOD).out)
    assert result["probability"] == pytest.approx(good.probability, abs=1e-5)
    decided = classifier.explain(GOOD)
    assert decided.label == "pos"
    assert max(decided.words, key=lambda word: word.value).text == "gripping"
    assert classifier.classify(GOOD).label == good.label


@pytest.mark.parametrize("arguments", [[], ["FILE"]])
def test_a_pipe_may_be_closed_at_the_other_end(model: Path, tmp_path: Path, arguments: Sequence[str]) -> None:
    (tmp_path / "rows.jsonl").write_text((json.dumps({"text": GOOD}) + "\n") * 20_000, encoding="utf-8")
    (tmp_path / "rows.txt").write_text(f"{GOOD}\n" * 20_000, encoding="utf-8")
    words = [str(tmp_path / "rows.jsonl") for _ in arguments]
    command = [sys.executable, "-m", "seqtasks", "classify", "-m", str(model), *words, "--threads", "1"]
    with (
        (tmp_path / "rows.txt").open("rb") as rows,
        subprocess.Popen(command, stdin=rows, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"\t" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode != 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["-m", "nonsense"], 1, "there is no model 'nonsense'"),
        (["-m", "MODEL", "no-file"], 1, "no-file cannot be read: No such file or directory."),
        (["-m", "MODEL", "FOLDER"], 1, "is a folder. Give its files"),
        (["-m", "MODEL", "-o", "nowhere/out"], 1, "nowhere/out cannot be written"),
        (["-m", "MODEL", "--text", "a", "file"], 2, "give either files or text"),
        (["-m", "MODEL", "--method", "integrated-gradients"], 2, "it is for --explain and --html-report"),
        (["-m", "MODEL", "TABLE"], 1, "not clear which of its 3 columns is the text"),
    ],
)
def test_mistakes_are_told(
    seqtasks: Program, model: Path, tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    (tmp_path / "table.csv").write_text("1,2,3\n", encoding="utf-8")
    words = {"MODEL": str(model), "FOLDER": str(tmp_path), "TABLE": str(tmp_path / "table.csv")}
    result = seqtasks("classify", *(words.get(word, word) for word in arguments))
    assert (result.code, result.out) == (code, "")
    assert told in " ".join(result.err.split())


def test_models_of_other_tasks_are_refused(seqtasks: Program, model: Path) -> None:
    result = seqtasks("tag", "-m", model, stdin=b"a")
    told = f"seqtasks: {model} is a model for classification, not for tagging. "
    assert result.err == told + f"Use it with: seqtasks classify --model {model} document.txt\n"


def test_nothing_is_written_over_what_is_read(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "rows.tsv"
    file.write_text(f"text\n{GOOD}\n", encoding="utf-8")
    for option in ("--output", "--html-report"):
        result = seqtasks("classify", "-m", model, file, option, file)
        assert (result.code, result.out) == (1, "")
        assert f"{option} {file} would overwrite an input file" in result.err
    page = tmp_path / "page.html"
    both = seqtasks("classify", "-m", model, file, "--output", page, "--html-report", page)
    assert (both.code, page.exists()) == (1, False)
    assert f"--output and --html-report are both {page}" in both.err
    assert file.read_text(encoding="utf-8") == f"text\n{GOOD}\n"


def test_columns_and_kinds_can_be_chosen(seqtasks: Program, tmp_path: Path) -> None:
    rows = "".join(f"{each.labels[0]},x,{each.text}\n" for each in labelled_documents(60))
    (tmp_path / "train.csv").write_text("stars,title,words\n" + rows, encoding="utf-8")
    chosen = settings(
        "data.train.0.label_column=stars", "data.train.0.text_column=words", "model.encoder.kind=bag-of-words",
        "text.vocab_size=330",
        "text.kind=words", "class_weights=balanced", "training.max_steps=4", "training.num_threads=1",
    )  # fmt: skip
    out = tmp_path / "model"
    result = seqtasks("train", "classification", tmp_path / "train.csv", "--output", out, *chosen)
    assert result.code == 0, result.err
    assert open_models([out], threads=1).task.config.class_weights == "balanced"
    empty = seqtasks(
        "train", "classification", tmp_path / "train.csv", *chosen, "--set", "data.train.0.label_separator="
    )
    assert (empty.code, empty.err.count("\n")) == (1, 1)
    assert empty.err.startswith("seqtasks: --set: data.train.0.label_separator: ")
    again = seqtasks("classify", "-m", out, tmp_path / "train.csv")
    assert (again.code, len(again.out.splitlines())) == (0, 60)


def test_info_and_resuming(seqtasks: Program, model: Path) -> None:
    result = seqtasks("info", model)
    assert result.code == 0, result.err
    assert "classification" in result.out
    more = seqtasks("train", model / "config.toml", "--resume", "--set", "training.max_steps=210")
    assert more.code == 0, more.err
    assert "Resuming from step 200." in more.out


def test_what_is_no_terminal_has_no_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (ExplainedWord("great", False, 2.0), ExplainedWord("film", True, 0.0))
    explanation = Explanation("good", 0.75, "occlusion", words, log_odds=2.5, hidden_log_odds=0.5)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert highlighted(explanation) == "[++great] film"
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in highlighted(explanation)
    monkeypatch.setenv("NO_COLOR", "1")
    assert highlighted(explanation) == "[++great] film"


def test_as_fields_the_words_are_the_text() -> None:
    words = (ExplainedWord("A", False, 0.01), ExplainedWord("great", True, 2.0))
    explanation = Explanation("good", 0.75, "occlusion", words, log_odds=1.1100004, hidden_log_odds=0.5)
    fields = explanation_fields(explanation)
    assert "".join(word for word, _ in fields["words"]) == "A great"
    assert fields["words"][1] == [" great", 2.0]
    assert (fields["label"], fields["method"], fields["log_odds"]) == ("good", "occlusion", 1.11)
