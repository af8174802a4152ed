"""`seqtasks translate`."""

from __future__ import annotations

import json
import math
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.program import Program
from helpers.steppers import TableStepper
from helpers.synthetic import sentence_pairs

SENTENCE, TRANSLATION = "the red dog sees a big house .", "das hund rot sieht ein haus gross ."


def test_files_and_standard_input_give_the_same(seqtasks: Program, model: Path, data: Path, tmp_path: Path) -> None:
    expected = (data / "test.de").read_text(encoding="utf-8")
    result = seqtasks("translate", "--model", model, data / "test.en")
    right = sum(ours == theirs for ours, theirs in zip(result.out.split("\n"), expected.split("\n"), strict=True))
    assert right >= 28
    assert (result.code, result.err) == (0, "")
    piped = seqtasks("translate", "-m", model, stdin=(data / "test.en").read_bytes())
    assert piped.out == result.out
    written = seqtasks("translate", "-m", model, data / "test.en", "-", "-o", tmp_path / "out", stdin=b"\n")
    assert written.out == ""
    assert (tmp_path / "out").read_text(encoding="utf-8") == result.out + "\n"
    assert os.listdir(tmp_path) == ["out"]


def test_each_line_has_its_place(seqtasks: Program, model: Path) -> None:
    source = f"{SENTENCE}\n\n  \x00 \n{SENTENCE}\r\n{SENTENCE}".encode()
    assert seqtasks("translate", "-m", model, stdin=source).out == (
        f"{TRANSLATION}\n\n\n{TRANSLATION}\n{TRANSLATION}\n"
    )
    assert seqtasks("translate", "-m", model, stdin=b"").out == ""


def test_one_sentence(seqtasks: Program, model: Path) -> None:
    assert seqtasks("translate", "-m", model, "--text", SENTENCE).out == f"{TRANSLATION}\n"
    assert seqtasks("translate", "-m", model, SENTENCE, SENTENCE).out == f"{TRANSLATION}\n" * 2


def test_options_of_the_last_release_do_the_same_with_a_warning(seqtasks: Program, model: Path) -> None:
    old = seqtasks("translate", "-m", model, "--beam", "2", "--json", SENTENCE)
    new = seqtasks("translate", "-m", model, "--beam-size", "2", "--json", SENTENCE)
    assert (old.code, old.out, new.err) == (0, new.out, "")
    assert old.err == "seqtasks: --beam is now called --beam-size; the old name will be removed in the next release.\n"


def test_flags_are_the_decoding_options_of_set(seqtasks: Program, model: Path) -> None:
    flags = ["--beam-size", "3", "--max-length", "7", "--length-penalty", "wu:0.6", "--no-repeat-ngram-size", "2"]
    items = ["beam_size=3", "max_length=7", "length_penalty=wu:0.6", "no_repeat_ngram_size=2"]
    command = ("translate", "-m", model, "--json", SENTENCE)
    by_set = seqtasks(*command, *(word for item in items for word in ("--set", item)))
    assert (seqtasks(*command, *flags).out, by_set.code) == (by_set.out, 0)
    assert len(json.loads(by_set.out)["log_probabilities"]) <= 7
    drawn = seqtasks(*command, "--sample", "--temperature", "1.5", "--top-k", "5", "--top-p", "0.9")
    items = ["temperature=1.5", "top_k=5", "top_p=0.9"]
    assert drawn.out == seqtasks(*command, "--sample", *(word for item in items for word in ("--set", item))).out


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_may_be_closed_from_the_start(model: Path, tmp_path: Path, closed: str) -> None:
    words = [sys.executable, "-m", "seqtasks", "translate", "-m", str(model), "--threads", "1"]
    (tmp_path / "sentence.txt").write_text(f"{SENTENCE}\n", encoding="utf-8")
    given = "" if "<" in closed else f" < {tmp_path / 'sentence.txt'}"
    command = ["sh", "-c", f"{shlex.join(words)}{given} {closed}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wanted = f"{TRANSLATION}\n" if "<" not in closed and closed != ">&-" else ""
    assert (done.returncode, done.stdout, done.stderr) == (0, wanted, "")


def test_what_cannot_be_written_is_told(model: Path) -> None:
    words = [sys.executable, "-m", "seqtasks", "translate", "-m", str(model), "--threads", "1", "--text", SENTENCE]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "seqtasks: the output cannot be written: No space left on device. Free some space there.\n"


def test_nbest_lists(seqtasks: Program, model: Path) -> None:
    rows = [
        line.split("\t")
        for line in seqtasks("translate", "-m", model, "--nbest", "3", stdin=f"{SENTENCE}\n\n{SENTENCE}".encode())
        .out.strip("\n")
        .split("\n")
    ]
    assert [row[0] for row in rows] == ["1", "1", "1", "2", "3", "3", "3"]
    assert rows[0][2] == TRANSLATION
    assert rows[3] == ["2", "0.0000", ""]
    assert float(rows[0][1]) > float(rows[1][1]) > float(rows[2][1])


def test_json(seqtasks: Program, model: Path) -> None:
    result = seqtasks("translate", "-m", model, "--json", "--nbest", "2", "--text", SENTENCE)
    found = json.loads(result.out)
    assert found.keys() == {
        "source", "text", "score", "normalized_score", "tokens", "log_probabilities", "finished", "repetitive",
        "unknown", "parts", "alternatives",
    }  # fmt: skip
    assert (found["source"], found["text"], found["finished"]) == (SENTENCE, TRANSLATION, True)
    assert math.isclose(sum(found["log_probabilities"]), found["score"], rel_tol=1e-4)
    assert len(found["log_probabilities"]) == len(found["tokens"]) + 1
    assert [each["text"] != TRANSLATION for each in found["alternatives"]] == [True]


def test_translations_that_repeat_themselves_are_told(
    seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = "seqtasks.inference.translation.TranslationPipeline"
    logits = [-9.0] * 3 + [-4.0, 5.0] + [-9.0] * 300
    monkeypatch.setattr(f"{pipeline}.stepper", lambda self, sources: TableStepper(len(sources), logits))
    result = seqtasks("translate", "-m", model, "--json", stdin=f"{SENTENCE} {SENTENCE}\n\n{SENTENCE}\n".encode())
    assert [json.loads(line)["repetitive"] for line in result.out.splitlines()] == [True, False, True]
    assert "translations that say the same over and over and were stopped (--json marks them): 2\n" in result.err


def test_the_beginning_can_be_given(seqtasks: Program, model: Path) -> None:
    result = seqtasks(
        "translate", "-m", model, "--target-prefix", stdin=f"{SENTENCE}\tein vogel\n{SENTENCE}\n".encode()
    )
    given, free = result.out.strip("\n").split("\n")
    assert given.startswith("ein vogel")
    assert free == TRANSLATION


def test_samples_are_drawn_again_by_the_same_seed(seqtasks: Program, model: Path) -> None:
    command = ("translate", "-m", model, "--sample", "--nbest", "4", "--set", "temperature=1.5", "--text", SENTENCE)
    first = seqtasks(*command)
    assert first.out == seqtasks(*command).out
    assert first.out != seqtasks(*command, "--set", "seed=2").out


def test_an_ensemble(seqtasks: Program, model: Path) -> None:
    assert seqtasks("translate", "-m", model, "-m", model / "best", "--text", SENTENCE).out == f"{TRANSLATION}\n"


def test_what_is_not_utf8_is_replaced_and_told(seqtasks: Program, model: Path) -> None:
    result = seqtasks("translate", "-m", model, "--json", stdin=b"the red \xff dog\n\xfe\n")
    assert [json.loads(line)["source"] for line in result.out.splitlines()] == ["the red \ufffd dog", "\ufffd"]
    assert result.code == 0
    assert "not UTF-8, with U+FFFD for what could not be read: 2" in result.err


def test_a_very_long_line(seqtasks: Program, model: Path) -> None:
    line = (SENTENCE + " ") * 60
    result = seqtasks(
        "translate", "-m", model, "--beam-size", "1", "--set", "max_length=12", stdin=line.encode() + b"\n"
    )
    assert result.code == 0
    assert result.out.count("\n") == 1


def test_another_engine_gives_the_same(seqtasks: Program, model: Path, data: Path) -> None:
    pytest.importorskip("ctranslate2")
    command = ("translate", "-m", model, data / "test.en", "--dtype", "float32", "--nbest", "1")
    ours, theirs = seqtasks(*command), seqtasks(*command, "--engine", "ctranslate2")
    assert (theirs.code, theirs.err) == (0, "")
    for expected, found in zip(ours.out.splitlines(), theirs.out.splitlines(), strict=True):
        (number, score, text), (same_number, close, same) = expected.split("\t"), found.split("\t")
        assert (same_number, same) == (number, text)
        assert float(close) == pytest.approx(float(score), abs=2e-4)
    measured = seqtasks("evaluate", model, data / "test.en", data / "test.de", "--engine", "ctranslate2")
    assert (measured.code, measured.err) == (0, "")
    assert "|engine=ctranslate2|dtype=int8|" in measured.out


@pytest.mark.parametrize("option", [["--workers", "2"], ["--target-prefix"], ["--plot-attention", "looks.png"]])
def test_what_needs_our_own_engine_is_told(
    seqtasks: Program, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = seqtasks("translate", "-m", model, "--engine", "ctranslate2", *option, stdin=b"a\n")
    assert (result.code, result.out, os.listdir(tmp_path)) == (2, "", [])
    assert f"{option[0]}: it needs the engine torch, not ctranslate2" in " ".join(result.err.split())


def test_workers_keep_the_order(model: Path, tmp_path: Path) -> None:
    pairs = sentence_pairs(1_100, seed=3)
    lines = [source for source, _ in pairs]
    (tmp_path / "in").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "seqtasks",
        "translate",
        "-m",
        str(model),
        str(tmp_path / "in"),
        "--beam-size",
        "1",
    ]
    done = subprocess.run([*command, "--workers", "2"], capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr
    found = done.stdout.split("\n")[:-1]
    assert len(found) == len(lines)
    assert sum(ours == theirs for ours, (_, theirs) in zip(found, pairs, strict=True)) > 1_000


def test_a_worker_that_dies_is_one_sentence(
    seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("seqtasks.inference.bulk.translate_batch", lambda *arguments, **options: os._exit(9))
    result = seqtasks("translate", "-m", model, "--workers", "2", "-o", tmp_path / "out", stdin=b"a\n")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "A worker process died" in result.err
    assert os.listdir(tmp_path) == []


def test_attention_is_drawn(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "look.png"
    result = seqtasks("translate", "-m", model, "--plot-attention", picture, stdin=f"\n{SENTENCE} $x_1$\n".encode())
    assert (result.code, result.err.splitlines()) == (
        0,
        [
            "seqtasks: texts with words or symbols that the model does not know (--json lists them): 1",
            f"seqtasks: --plot-attention: {picture} leaves out what the model does not know: $x_1$.",
        ],
    )
    several = seqtasks(
        "translate", "-m", model, "--plot-attention", picture, stdin=f"{SENTENCE}\n\n{SENTENCE}\n".encode()
    )
    told = f"seqtasks: --plot-attention: {picture} shows the first of 2 sentences.\n"
    assert (several.code, several.err) == (0, told)
    assert picture.read_bytes().startswith(b"\x89PNG")
    wrong = seqtasks("translate", "-m", model, "--plot-attention", tmp_path / "look.txt", "--text", SENTENCE)
    assert (wrong.code, wrong.out) == (1, "")
    assert "unknown image format" in wrong.err


def test_attention_without_matplotlib(seqtasks: Program, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = seqtasks("translate", "-m", model, "--plot-attention", "a.png", "--text", SENTENCE)
    assert (result.code, result.err) == (
        1,
        "seqtasks: --plot-attention: Plots need matplotlib. Install it: pip install 'seqtasks[plots]'\n",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-m", "nonsense"], "there is no model 'nonsense'"),
        (["-m", "MODEL", "no-file"], "no-file cannot be read: No such file or directory."),
        (["-m", "MODEL", "--text", "a", "--set", "length_penalty"], "not of the form name=value"),
        (["-m", "MODEL", "--text", "a", "--set", "length_penalty=odd"], "not a length penalty"),
        (["-m", "MODEL", "--text", "a", "--beam-size", "2", "--nbest", "3"], "a beam of 2 finds at most 2"),
        (["-m", "MODEL", "--text", "a", "-o", "nowhere/out"], "nowhere/out cannot be written"),
        (["-m", "MODEL", "--text", "a", "--device", "nonsense"], "device 'nonsense' is not available"),
    ],
)
def test_mistakes_are_one_sentence(seqtasks: Program, model: Path, arguments: list[str], told: str) -> None:
    result = seqtasks("translate", *(str(model) if word == "MODEL" else word for word in arguments))
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("seqtasks: ")
    assert result.err.count("\n") == 1
    assert told in result.err


def test_nothing_is_written_over_what_is_read(seqtasks: Program, model: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(SENTENCE, encoding="utf-8")
    result = seqtasks("translate", "-m", model, file, "-o", file)
    assert (result.code, "would overwrite an input file" in result.err) == (1, True)
    assert file.read_text(encoding="utf-8") == SENTENCE


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(seqtasks: Program, model: Path) -> None:
    result = seqtasks("translate", "-m", model, "--text", SENTENCE, "-o", "/dev/full")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "/dev/full cannot be written: No space left on device." in result.err


def test_what_a_model_does_not_know_is_copied_and_told(seqtasks: Program) -> None:
    result = seqtasks("translate", "-m", "en-de", "--json", "--text", "I live in 北京.", "--text", "A dog runs.")
    assert result.code == 0
    first, second = map(json.loads, result.out.splitlines())
    assert first["text"] == "Ich wohne in 北京."
    assert (first["unknown"], second["unknown"]) == (["北京"], [])
    assert "texts with words or symbols that the model does not know (--json lists them): 1" in result.err


def test_lines_are_split_into_sentences_unless_told_otherwise(seqtasks: Program, model: Path) -> None:
    lines = f"{SENTENCE}  {SENTENCE}\n{SENTENCE}\n"
    found = seqtasks("translate", "-m", model, stdin=lines.encode()).out.splitlines()
    assert found[0] == f"{found[1]}  {found[1]}"
    whole = seqtasks("translate", "-m", model, "--no-split", "--json", stdin=lines.encode()).out.splitlines()
    assert [json.loads(line)["parts"] for line in whole] == [1, 1]
    parts = seqtasks("translate", "-m", model, "--json", stdin=lines.encode()).out.splitlines()
    assert [json.loads(line)["parts"] for line in parts] == [2, 1]


@pytest.mark.parametrize("workers", [1, 2])
def test_terms_of_a_glossary_are_in_the_translations(seqtasks: Program, tmp_path: Path, workers: int) -> None:
    terms = tmp_path / "terms.tsv"
    terms.write_text("dog\tKöter\nhouse\tBude\tBuden\n", encoding="utf-8")
    lines = "The dog is sleeping.\nHow are you?\n\nMy house is old."
    result = seqtasks("translate", "--glossary", terms, "--json", "--workers", workers, stdin=lines.encode())
    answers = [json.loads(line) for line in result.out.splitlines()]
    assert [[term["source"] for term in answer["terms"]] for answer in answers] == [["dog"], [], [], ["house"]]
    assert all(term["met"] for answer in answers for term in answer["terms"])
    assert "Köter" in answers[0]["text"]
    assert "Bude" in answers[3]["text"]
    assert result.code == 0
    assert result.err == "seqtasks: terms of the glossary in the text: 2\n"


def test_a_glossary_that_cannot_be_used_is_an_error(seqtasks: Program, tmp_path: Path) -> None:
    terms = tmp_path / "terms.tsv"
    terms.write_text("dog\n", encoding="utf-8")
    result = seqtasks("translate", "--glossary", terms, "The dog is here.")
    assert (result.code, "line 1" in result.err) == (1, True)
    terms.write_text("dog\tKöter\n", encoding="utf-8")
    result = seqtasks("translate", "--glossary", terms, "--beam-size", 1, "The dog is here.")
    assert (result.code, "needs beam search" in result.err) == (1, True)
    result = seqtasks("translate", "--glossary", terms, "--output", terms, "The dog is here.")
    assert result.code != 0
    assert terms.read_text(encoding="utf-8") == "dog\tKöter\n"


def test_words_of_a_list_stay_as_they_are(seqtasks: Program, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("Blue House\n", encoding="utf-8")
    plain = seqtasks("translate", "The Blue House is old.")
    assert "Blue House" not in plain.out
    for engine in ("torch", "ctranslate2"):
        kept = seqtasks("translate", "--do-not-translate", words, "--engine", engine, "The Blue House is old.")
        assert (kept.code, "Blue House" in kept.out) == (0, True)
    result = seqtasks("translate", "--do-not-translate", tmp_path / "none.txt", "The house.")
    assert (result.code, "none.txt" in result.err) == (1, True)


def test_terms_hold_in_documents_too(seqtasks: Program, tmp_path: Path) -> None:
    page, terms, words = tmp_path / "page.html", tmp_path / "terms.tsv", tmp_path / "words.txt"
    page.write_text("<p>The <b>dog</b> is in the Blue House.</p>", encoding="utf-8")
    terms.write_text("dog\tKöter\n", encoding="utf-8")
    words.write_text("Blue House\n", encoding="utf-8")
    result = seqtasks("translate", page, "--glossary", terms, "--do-not-translate", words)
    assert "Köter" in result.out
    assert "Blue House" in result.out
    assert result.err == "seqtasks: 1 segment translated, 1 term of the glossary, 0 not met\n"
    termbase = tmp_path / "terms.tbx"
    termbase.write_text(
        '<tbx xmlns="urn:iso:std:iso:30042:ed-2"><text><body><conceptEntry><langSec xml:lang="en"><termSec><term>dog'
        '</term></termSec></langSec><langSec xml:lang="de"><termSec><term>Köter</term></termSec></langSec>'
        "</conceptEntry></body></text></tbx>",
        encoding="utf-8",
    )
    assert "Köter" in seqtasks("translate", page, "--glossary", termbase).out
    refused = seqtasks("translate", page, "--no-split")
    assert (refused.code, "--no-split" in refused.err) == (1, True)
    refused = seqtasks("translate", page, "--glossary", terms, "--beam-size", 1)
    assert (refused.code, "needs beam search" in refused.err) == (1, True)
