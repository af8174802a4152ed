"""`seqtasks generate`, and training and measuring writers."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.program import Program, Result, settings
from helpers.written import remembering_text

import seqtasks as package

SMALL = settings(
    "model.encoder.hidden_size=64", "model.encoder.num_layers=1", "model.encoder.dropout=0.0", "training.max_steps=100",
    "training.learning_rate=0.01", "training.warmup_steps=10", "training.ema_decay=0.9", "training.eval_steps=50",
    "training.save_steps=50", "training.num_threads=1", 'training.dtype="float32"',
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(seqtasks: Program, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("writer")
    (folder / "book.txt").write_text(remembering_text(1500), encoding="utf-8")
    result = seqtasks("train", "language-modeling", folder / "book.txt", "--output", folder / "model", *SMALL)
    assert result.code == 0, result.err
    return folder / "model", result


@pytest.fixture(scope="module")
def model(trained: tuple[Path, Result]) -> Path:
    return trained[0]


@pytest.fixture(scope="module")
def test_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "test.txt"
    file.write_text(remembering_text(40, seed=2), encoding="utf-8")
    return file


def test_training_from_data_alone(trained: tuple[Path, Result]) -> None:
    out, result = trained
    assert "training texts: 1 with" in result.out
    assert "nats/token" in result.out
    assert f'seqtasks generate --model {out} --prompt "..."' in result.out
    best = next(line for line in result.out.splitlines() if line.startswith("Best nats/token"))
    rows = [line.split() for line in result.out.splitlines() if line.split()[:1] in (["50"], ["100"])]
    assert len(rows) == 2
    assert float(best.split()[2].rstrip(";")) == min(float(row[2]) for row in rows)
    manifest = json.loads((out / "best" / "bundle.json").read_text(encoding="utf-8"))
    assert manifest["scores"][0]["value"] == pytest.approx(float(best.split()[2].rstrip(";")), abs=1e-4)


def test_a_text_begins_with_its_prompt(seqtasks: Program, model: Path) -> None:
    result = seqtasks("generate", "-m", model, "--prompt", "a:", "--max-new-tokens", "60")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("a:")
    assert result.out.endswith("\n")
    assert 50 < len(result.out) <= 63
    lines = result.out.split("\n")[1:-2]
    assert sum(line[1:2] == ":" and line[-2:-1] == "!" for line in lines) >= len(lines) - 1
    again = seqtasks("generate", "-m", model, "--prompt", "a:", "--max-new-tokens", "60")
    assert again.out == result.out
    assert (
        seqtasks("generate", "-m", model, "--prompt", "a:", "--max-new-tokens", "60", "--seed", "2").out != result.out
    )


def everything(writer: package.TextGenerationPipeline, prompt: str, **options: Any) -> list[package.Continuation]:
    found = writer.generate(prompt, **options)
    return [found, *found.alternatives]


def test_several_texts_and_json(seqtasks: Program, model: Path) -> None:
    options = ["--prompt", "b:", "--max-new-tokens", "20", "-n", "3", "--temperature", "1.5"]
    result = seqtasks("generate", "-m", model, *options)
    objects = [json.loads(line) for line in seqtasks("generate", "-m", model, *options, "--json").out.splitlines()]
    assert result.out == "\n---\n".join(f"b:{each['text']}" for each in objects) + "\n"
    assert len({each["text"] for each in objects}) == 3
    assert all(len(each["tokens"]) <= 20 and each["prompt"] == "b:" for each in objects)
    writer = package.load(model, task="language-modeling", threads=1)
    python = everything(writer, "b:", num_return_sequences=3, max_new_tokens=20, temperature=1.5)
    assert [each.text for each in python] == [each["text"] for each in objects]


def test_greedy_and_beam(seqtasks: Program, model: Path) -> None:
    prompt = ["--prompt", "a:xyz!a\nb:", "--max-new-tokens", "15"]
    greedy = [seqtasks("generate", "-m", model, *prompt, "--beam-size", "1", "--seed", seed).out for seed in "12"]
    assert greedy[0] == greedy[1]
    assert seqtasks("generate", "-m", model, *prompt, "--top-k", "1").out == greedy[0]
    beams = seqtasks("generate", "-m", model, *prompt, "--beam-size", "3", "-n", "2", "--json")
    first, second = (json.loads(line) for line in beams.out.splitlines())
    assert first["normalized_score"] >= second["normalized_score"]
    assert first["text"] != second["text"]


def test_a_model_that_searches_by_itself(seqtasks: Program, model: Path) -> None:
    """Asked for several texts or for a temperature, it gives what was asked for."""
    sampler, searcher = (package.load(model, task="language-modeling", threads=1) for _ in range(2))
    searcher.default_decoding = replace(searcher.default_decoding, sample=False, beam_size=3)
    texts = [each.text for each in everything(searcher, "a:", max_new_tokens=8, num_return_sequences=3)]
    assert len(set(texts)) == 3
    assert texts == [
        each.text for each in everything(sampler, "a:", max_new_tokens=8, num_return_sequences=3, beam_size=3)
    ]
    assert len(everything(searcher, "a:", max_new_tokens=8, num_return_sequences=5)) == 5
    drawn = [writer.generate("a:", max_new_tokens=8, temperature=2.0) for writer in (sampler, searcher)]
    assert drawn[0] == drawn[1]
    result = seqtasks(
        "generate", "-m", model, "--prompt", "a:", "--max-new-tokens", "8", "--set", "beam_size=3", "--set", "nbest=3"
    )
    assert result.out == "\n---\n".join(f"a:{text}" for text in texts) + "\n"


def test_it_ends_before_what_shall_not_come(seqtasks: Program, model: Path) -> None:
    result = seqtasks("generate", "-m", model, "--prompt", "a:", "--stop", "!")
    assert "!" not in result.out
    assert len(result.out) < 20


def test_a_prompt_from_standard_input(seqtasks: Program, model: Path) -> None:
    options = ["-m", model, "--max-new-tokens", "10"]
    piped = seqtasks("generate", "--prompt", "-", *options, stdin=b"a:xyz!a\nb:\n")
    assert piped.out == seqtasks("generate", "--prompt", "a:xyz!a\nb:", *options).out
    assert seqtasks("generate", *options).code == 0


def test_characters_that_were_never_seen_are_told(seqtasks: Program, model: Path) -> None:
    result = seqtasks("generate", "-m", model, "--prompt", "á:漢X", "--max-new-tokens", "5")
    assert result.code == 0
    assert result.err == (
        "seqtasks: the model never saw some characters of the prompt: it reads 'á' as 'a', 'X' as 'x' "
        "and leaves out '漢'.\n"
    )
    assert result.out.startswith("á:漢X")
    plain = seqtasks("generate", "-m", model, "--prompt", "a:x", "--max-new-tokens", "5")
    assert result.out.removeprefix("á:漢X") == plain.out.removeprefix("a:x")


def test_evaluate_tells_loss_perplexity_and_bits(seqtasks: Program, model: Path, test_file: Path) -> None:
    result = seqtasks("evaluate", model, test_file)
    assert result.code == 0, result.err
    loss, perplexity, bits, last = result.out.splitlines()
    assert loss.startswith("nats/token ")
    assert float(perplexity.split()[1]) == pytest.approx(math.exp(float(loss.split()[1])), abs=0.01)
    characters = len(test_file.read_text(encoding="utf-8"))
    assert f"bits|per=character|lanes=1|tokens={characters + 1}|characters={characters}" in bits
    assert last.startswith(f"{characters + 1:,} tokens in ")
    assert "decoding forced|dtype=" in last
    found = json.loads(seqtasks("evaluate", model, test_file, "--json").out)
    assert [each["metric"] for each in found["scores"]] == ["nats/token", "perplexity", "bits/character"]


def test_text_is_written_as_it_is_made_and_a_closed_pipe_is_quiet(model: Path) -> None:
    command = [sys.executable, "-m", "seqtasks", "generate", "-m", str(model), "--prompt", "a:", "--threads", "1"]
    long = [*command, "--max-new-tokens", "10000000", "--set", "min_length=10000000"]
    with subprocess.Popen(long, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"a:")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode != 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["-m", "nonsense"], 1, "there is no model 'nonsense'"),
        (["--temperature", "0"], 1, "temperature = 0.0: it must be above 0."),
        (["--top-p", "2"], 1, "top_p = 2.0"),
        (["--beam-size", "2", "-n", "3"], 1, "a beam of 2 finds at most 2 hypotheses"),
        (["--beam-size", "1", "-n", "2"], 1, "a beam of 1 finds at most 1 hypotheses"),
        (["--beam-size", "3", "--temperature", "0.5"], 1, "temperature is for sampling"),
        (["--beam-size", "1", "--top-k", "3", "--json"], 1, "top_k is for sampling"),
        (["--max-new-tokens", "10000000000"], 1, "is not a length"),
        (["--max-new-tokens", "0"], 2, "greater than or equal to 1"),
        (["--set", "width=3"], 1, "Unknown decoding option width."),
    ],
)
def test_mistakes_are_told(seqtasks: Program, model: Path, arguments: list[str], code: int, told: str) -> None:
    result = seqtasks("generate", *([] if "-m" in arguments else ["-m", model]), *arguments)
    assert result.code == code
    assert told in " ".join(result.err.split())
    assert result.out == ""


def test_other_tasks_and_other_options_are_refused(seqtasks: Program, model: Path, test_file: Path) -> None:
    result = seqtasks("translate", "-m", model, "--text", "a")
    told = f"seqtasks: {model} is a model for language-modeling, not for translation. "
    assert result.err == told + f'Use it with: seqtasks generate --model {model} --prompt "..."\n'
    for option in (["--beam-size", "2"], ["--lowercase"], ["--split", "test"]):
        refused = seqtasks("evaluate", model, test_file, *option)
        assert refused.code == 2
        assert "does not apply to a model for language-modeling" in " ".join(refused.err.split())
    assert seqtasks("train", "language-modeling", test_file, "--language-pair", "en-de").code == 1


def test_info(seqtasks: Program, model: Path) -> None:
    result = seqtasks("info", model)
    assert result.code == 0, result.err
    assert "language-modeling" in result.out
    assert "nats/token" in result.out


def test_python_streams_what_it_generates(model: Path) -> None:
    writer = package.load(model, task="language-modeling", threads=1)
    written = everything(writer, "c:", max_new_tokens=30, num_return_sequences=2)
    for number, each in enumerate(written):
        assert "".join(writer.stream("c:", max_new_tokens=30, number=number)) == each.text
    assert writer.replaced("c:X") == {"X": "x"}
    with pytest.raises(package.SeqtasksError, match="not a list"):
        writer.evaluate("one text")
    with pytest.raises(package.SeqtasksError, match="2 models cannot write together"):
        package.load(model, model, threads=1)


def test_words_that_come_and_words_that_do_not(seqtasks: Program, model: Path) -> None:
    plain = seqtasks("generate", "-m", model, "--prompt", "a:", "--beam-size", "3", "--max-new-tokens", "12")
    word = next(character for character in plain.out[2:] if character.isalpha())
    options = ["-m", model, "--prompt", "a:", "--max-new-tokens", "12"]
    assert word not in seqtasks("generate", *options, "--bad-words", word).out[2:]
    assert word in seqtasks("generate", *options, "--beam-size", "3", "--force-words", word).out[2:]
    refused = seqtasks("generate", *options, "--force-words", word)
    assert refused.code == 1
    assert "beam" in refused.err
