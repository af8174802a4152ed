"""`seqtasks tag`, and training and measuring taggers."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.program import Program, Result, settings
from helpers.tagged import conllu, labelled_sentences, write_conllu_file

import seqtasks as package

SMALL = settings(
    "model.hidden_size=16", "model.embedding_dropout=0.0", "model.word_dropout=0.1",
    "model.encoder.hidden_size=48", "model.encoder.num_layers=1", "model.encoder.dropout=0.0", "training.max_steps=200",
    "training.learning_rate=0.01", "training.warmup_steps=10", "training.ema_decay=0.9", "training.eval_steps=100",
    "training.save_steps=100", "training.num_threads=1", 'training.dtype="float32"', "text.language=en",
)  # fmt: skip
SENTENCE = [
    ("oredum", "NOUN"),
    ("not", "PART"),
    ("tilbak", "NOUN"),
    ("fosdum", "VERB"),
    ("so", "PART"),
    ("rak", "VERB"),
]
WORDS = [word for word, _ in SENTENCE]
TAGGED = "".join(f"{word}\t{label}\n" for word, label in SENTENCE) + "\n"


@pytest.fixture(scope="module")
def trained(seqtasks: Program, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("tagger")
    file = write_conllu_file(folder / "train.conllu", labelled_sentences(1200))
    result = seqtasks("train", "tagging", file, "--output", folder / "model", *SMALL)
    assert result.code == 0, result.err
    return folder / "model", result


@pytest.fixture(scope="module")
def model(trained: tuple[Path, Result]) -> Path:
    return trained[0]


@pytest.fixture(scope="module")
def test_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_conllu_file(tmp_path_factory.mktemp("data") / "test.conllu", labelled_sentences(40, seed=3))


def test_training_from_data_alone(trained: tuple[Path, Result]) -> None:
    out, result = trained
    assert "training sentences: 1,0" in result.out
    assert "labels: 3" in result.out
    assert "Best accuracy" in result.out
    assert f"seqtasks tag --model {out} text.txt" in result.out
    assert {path.name for path in (out / "best" / "processors").iterdir()} == {
        "words.json", "characters.json", "labels.json",
    }  # fmt: skip


def test_a_label_for_each_word_of_a_text(seqtasks: Program, model: Path) -> None:
    result = seqtasks("tag", "-m", model, stdin=f"{' '.join(WORDS)}\n".encode())
    assert (result.code, result.out, result.err) == (0, TAGGED, "")


def test_text_is_cut_into_sentences_and_words(seqtasks: Program, model: Path) -> None:
    text = "\ufeffOredum don't rak. Fosdum!\r\n\n  \x00 \noredum (rak)"
    sentences = [["Oredum", "do", "n't", "rak", "."], ["Fosdum", "!"], ["oredum", "(", "rak", ")"]]
    result = seqtasks("tag", "-m", model, "--output-format", "jsonl", stdin=text.encode())
    assert [json.loads(line)["words"] for line in result.out.splitlines()] == sentences
    words = seqtasks("tag", "-m", model, "--pretokenized", "--output-format", "jsonl", stdin=text.encode())
    assert [json.loads(line)["words"] for line in words.out.splitlines()] == [
        ["Oredum", "don't", "rak.", "Fosdum!"],
        ["\x00"],
        ["oredum", "(rak)"],
    ]


def test_text_becomes_conllu_that_says_where_blanks_are(seqtasks: Program, model: Path) -> None:
    result = seqtasks("tag", "-m", model, "--output-format", "conllu", stdin=b"oredum  (rak). tilbak\n")
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert [row[0] for row in rows[:2]] == ["# sent_id = 1", "# text = oredum (rak)."]
    assert [(row[0], row[1], row[9]) for row in rows[2:7]] == [
        ("1", "oredum", "_"),
        ("2", "(", "SpaceAfter=No"),
        ("3", "rak", "SpaceAfter=No"),
        ("4", ")", "SpaceAfter=No"),
        ("5", ".", "_"),
    ]
    assert {len(row) for row in rows[2:7]} == {10}
    assert rows[2][3] == "NOUN"
    assert rows[7:10] == [[""], ["# sent_id = 2"], ["# text = tilbak"]]
    assert result.out.endswith("\n\n")
    assert not result.out.endswith("\n\n\n")


def test_conllu_comes_back_with_its_column_filled(
    seqtasks: Program, model: Path, test_file: Path, tmp_path: Path
) -> None:
    right = test_file.read_text(encoding="utf-8")
    bare = conllu(labelled_sentences(40, seed=3), with_labels=False)
    (tmp_path / "bare.conllu").write_text(bare, encoding="utf-8")
    (tmp_path / "packed.conllu.gz").write_bytes(gzip.compress(bare.encode()))
    result = seqtasks("tag", "-m", model, tmp_path / "bare.conllu")
    assert (result.code, result.err) == (0, "")
    assert seqtasks("tag", "-m", model, tmp_path / "packed.conllu.gz").out == result.out
    lines = list(zip(result.out.split("\n"), right.split("\n"), strict=True))
    assert sum(ours == theirs for ours, theirs in lines) >= 0.98 * len(lines)
    assert all(ours.split("\t")[:3] == theirs.split("\t")[:3] for ours, theirs in lines)
    piped = seqtasks("tag", "-m", model, "--input-format", "conllu", "--output-format", "conllu", stdin=bare.encode())
    assert piped.out == result.out
    again = seqtasks("tag", "-m", model, "--input-format", "conllu", stdin=result.out.replace("\n", "\r\n").encode())
    assert again.out == result.out


def test_what_is_no_word_in_conllu_stays(seqtasks: Program, model: Path) -> None:
    lines = [
        "# text = oredumrak", "1-2\toredumrak" + "\t_" * 8, "1\toredum" + "\t_" * 8,
        "1.1\tso" + "\t_" * 8, "2\trak" + "\t_" * 7 + "\tSpaceAfter=No", "", "",
    ]  # fmt: skip
    result = seqtasks("tag", "-m", model, "--input-format", "conllu", stdin="\n".join(lines).encode())
    found = result.out.split("\n")
    assert [found[place] for place in (0, 1, 3, 5, 6)] == [lines[place] for place in (0, 1, 3, 5, 6)]
    assert found[2] == "1\toredum\t_\tNOUN" + "\t_" * 6
    assert found[4] == "2\trak\t_\tVERB" + "\t_" * 5 + "\tSpaceAfter=No"


def test_broken_sentences_are_told_and_left_out(seqtasks: Program, model: Path) -> None:
    good = conllu([SENTENCE])
    result = seqtasks("tag", "-m", model, "--input-format", "conllu", stdin=f"1\tbroken\n\n{good}".encode())
    assert (result.code, result.out) == (1, good)
    assert result.err.startswith("seqtasks: skipped 1 of 2: 1 wrong number of columns (standard input:1)")


def test_what_is_written_can_be_read_again(seqtasks: Program, model: Path, test_file: Path, tmp_path: Path) -> None:
    forms = {"found.conll": "text", "found.txt": "text", "found.jsonl": "jsonl", "found.conllu": "conllu"}
    for name, form in forms.items():
        file = tmp_path / name
        assert seqtasks("tag", "-m", model, test_file, "--output-format", form, "-o", file).out == ""
        found = json.loads(seqtasks("evaluate", model, file, "--json").out)
        assert found["scores"][0]["value"] == 100.0, name
        assert found["examples"] == 40


def test_jsonl_in_and_out(seqtasks: Program, model: Path) -> None:
    result = seqtasks("tag", "-m", model, "--input-format", "jsonl", stdin=json.dumps({"words": WORDS}).encode())
    found = json.loads(result.out)
    assert (found["words"], found["labels"]) == (WORDS, [label for _, label in SENTENCE])
    assert len(found["confidences"]) == len(WORDS)
    assert all(0 < confidence <= 1 for confidence in found["confidences"])


def test_nothing_comes_of_nothing(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.conllu").write_bytes(b"")
    for arguments in ([], [tmp_path / "empty.conllu"], ["--pretokenized"], ["--input-format", "columns"]):
        result = seqtasks("tag", "-m", model, *arguments)
        assert (result.code, result.out, result.err) == (0, "", "")


def test_several_files(seqtasks: Program, model: Path, test_file: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"oredum rak\n\xff\n")
    result = seqtasks("tag", "-m", model, tmp_path / "text", "-", test_file, stdin=b"tilbak\n")
    assert result.out.startswith("oredum\tNOUN\nrak\tVERB\n\n\ufffd\t")
    assert "tilbak\tVERB\n\n" in result.out
    assert result.out.count("\n\n") == 3 + 40
    assert "not UTF-8, with U+FFFD for what could not be read: 1" in result.err


def test_evaluate_tells_scores_with_signatures(seqtasks: Program, model: Path, test_file: Path) -> None:
    accuracy, last = seqtasks("evaluate", model, test_file).out.splitlines()
    assert accuracy.startswith("accuracy ")
    assert float(accuracy.split()[1]) > 97
    assert last.startswith("40 sentences in ")
    assert "decoding argmax|dtype=" in last
    found = json.loads(seqtasks("evaluate", model, test_file, "--json").out)
    assert {each["label"] for each in found["labels"]} == {"NOUN", "VERB", "PART"}
    assert all(each["f1"] > 95 for each in found["labels"])


def test_python_does_the_same(model: Path) -> None:
    tagger = package.load(model, threads=1, dtype="float32")
    text, words, empty = tagger.tag([" ".join(WORDS), WORDS, ""])
    assert text == words
    assert text.labels == tuple(label for _, label in SENTENCE)
    assert empty.labels == ()
    assert tagger.tag(" ".join(WORDS)) == text
    with pytest.raises(package.SeqtasksError, match="2 models cannot tag together"):
        package.load(model, model, threads=1)


def test_a_pipe_may_be_closed_at_the_other_end(model: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("oredum rak.\n" * 5_000, encoding="utf-8")
    command = [sys.executable, "-m", "seqtasks", "tag", "-m", str(model), str(tmp_path / "text"), "--threads", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"oredum\tNOUN\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode != 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["-m", "nonsense"], 1, "there is no model 'nonsense'"),
        (["-m", "MODEL", "no-file"], 1, "no-file cannot be read: No such file or directory."),
        (["-m", "MODEL", "-o", "nowhere/out"], 1, "nowhere/out cannot be written"),
        (["-m", "MODEL", "--pretokenized", "--input-format", "conllu"], 2, "it is for text, not for conllu"),
        (["-m", "MODEL", "--output-format", "xml"], 2, "'xml' is not one of"),
    ],
)
def test_mistakes_are_told(seqtasks: Program, model: Path, arguments: list[str], code: int, told: str) -> None:
    result = seqtasks("tag", *(str(model) if word == "MODEL" else word for word in arguments))
    assert (result.code, result.out) == (code, "")
    assert told in " ".join(result.err.split())


def test_models_of_other_tasks_and_their_options_are_refused(
    seqtasks: Program, model: Path, test_file: Path, tmp_path: Path
) -> None:
    result = seqtasks("translate", "-m", model, "--text", "a")
    told = f"seqtasks: {model} is a model for tagging, not for translation. "
    assert result.err == told + f"Use it with: seqtasks tag --model {model} text.txt\n"
    for option in (["--beam-size", "2"], ["--lowercase"], ["--split", "test"], ["--set", "length_penalty=none"]):
        refused = seqtasks("evaluate", model, test_file, *option)
        assert refused.code == 2
        assert "does not apply to a model for tagging" in " ".join(refused.err.split())
    assert seqtasks("train", "tagging", test_file, "--language-pair", "en-de").code == 1
    missing = seqtasks("train", "tagging", tmp_path / "none.conllu", "--output", tmp_path / "out")
    assert (missing.code, missing.err.count("\n")) == (1, 1)
    assert os.listdir(tmp_path) == []


def test_nothing_is_written_over_what_is_read(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("a dog", encoding="utf-8")
    result = seqtasks("tag", "-m", model, tmp_path / "text.txt", "-o", tmp_path / "text.txt")
    assert (result.code, "would overwrite an input file" in result.err) == (1, True)
    assert (tmp_path / "text.txt").read_text(encoding="utf-8") == "a dog"


def test_info_and_resuming(seqtasks: Program, model: Path) -> None:
    result = seqtasks("info", model)
    assert result.code == 0, result.err
    assert "tagging" in result.out
    more = seqtasks("train", model / "config.toml", "--resume", "--set", "training.max_steps=210")
    assert more.code == 0, more.err
    assert "Resuming from step 200." in more.out


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.conll", "oredum NNP I-NP B-ORG\nrak VBZ O O\n\ntilbak NN O O\n"),
        ("x.bio", "oredum\nrak\n\ntilbak\n"),
        ("x.tsv", "oredum\tB-ORG\nrak\tO\n\ntilbak\tO\n"),
        ("x.json", '{"words": ["oredum", "rak"]}\n{"words": ["tilbak"]}\n'),
    ],
)
def test_columns_are_read_as_in_training(seqtasks: Program, model: Path, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    result = seqtasks("tag", "-m", model, tmp_path / name, "--output-format", "text")
    assert (result.code, result.err) == (0, "")
    assert [line.partition("\t")[0] for line in result.out.split("\n")] == ["oredum", "rak", "", "tilbak", "", ""]


def test_labels_that_the_model_does_not_have_are_told(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.conll").write_text("oredum NOUN\nrak NEVER\n")
    result = seqtasks("evaluate", model, tmp_path / "x.conll")
    assert (result.code, "the label 'NEVER' is none of the model's" in result.err) == (0, True)
    (tmp_path / "y.conll").write_text("oredum 1\nrak 2\n")
    result = seqtasks("evaluate", model, tmp_path / "y.conll")
    assert (result.code, "The model has none of the labels of these words" in result.err) == (1, True)
