"""`--ray`: what a command writes on a cluster is what it writes without; run again, it does what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.program import Program, Result
from helpers.ray_cluster import local_ray
from helpers.synthetic import sentence_pairs
from PIL import Image

from seqtasks.cli.commands import caption
from seqtasks.integrations.ray import cluster
from seqtasks.loading import load
from seqtasks.storage import batch_results

REPOSITORY = Path(__file__).parents[2]
RAY = ("--ray", "auto", "--ray-actors", "1")
REFUSE = """
from typing import Literal

from seqtasks.inference.logits_processors import LogitsProcessor


class Refuse(LogitsProcessor):
    class Config(LogitsProcessor.Config):
        kind: Literal["refuse"] = "refuse"
        token: int = 0

    def __call__(self, log_probabilities, history):
        if (history == self.config.token).any():
            raise ValueError("this word is refused")
        return log_probabilities
"""


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    with local_ray():
        yield


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the first items of all batches that are computed."""
    firsts: list[int] = []
    run = cluster.run_batches

    def counting(work: cluster.Work, batches: Iterator[tuple[str, cluster.Batch]], *others: object) -> Iterator[object]:
        def seen() -> Iterator[tuple[str, cluster.Batch]]:
            for key, batch in batches:
                firsts.append(batch.first)
                yield key, batch

        return run(work, seen(), *others)

    monkeypatch.setattr(cluster, "run_batches", counting)
    return firsts


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,300 lines, some empty, some not UTF-8: three batches."""
    file = tmp_path_factory.mktemp("lines") / "lines.txt"
    sources = [source for source, _ in sentence_pairs(1300, seed=7)]
    sources[3] = sources[700] = sources[1299] = ""
    content = [source.encode() for source in sources]
    content[5] += b" \xff"
    file.write_bytes(b"\n".join(content) + b"\n")
    return file


def both(seqtasks: Program, tmp_path: Path, *words: str | Path) -> tuple[Result, Result, bytes, bytes]:
    """What a command says and writes without Ray and with it."""
    suffix = ".jsonl" if "--json" in words else ".txt"
    alone = seqtasks(*words, "-o", tmp_path / f"alone{suffix}")
    on_ray = seqtasks(*words, "-o", tmp_path / f"ray{suffix}", *RAY)
    assert sorted(os.listdir(tmp_path)) == [f"alone{suffix}", f"ray{suffix}"], on_ray.err
    return alone, on_ray, (tmp_path / f"alone{suffix}").read_bytes(), (tmp_path / f"ray{suffix}").read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ("--json",),
        pytest.param(("--nbest", "2"), marks=pytest.mark.slow),
        pytest.param(("--sample",), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_translations(seqtasks: Program, model: Path, lines: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    words = ("translate", "-m", model, lines, *options)
    workers = seqtasks(
        *words,
        "--workers",
        "2",
        "-o",
        tmp_path / "workers.jsonl" if options == ("--json",) else tmp_path / "workers.txt",
    )
    [written] = [file.read_bytes() for file in tmp_path.iterdir()]
    suffix = ".jsonl" if options == ("--json",) else ".txt"
    on_ray = seqtasks(*words, *RAY, "-o", tmp_path / f"ray{suffix}")
    assert (on_ray.code, on_ray.out, on_ray.err) == (0, "", workers.err)
    assert (tmp_path / f"ray{suffix}").read_bytes() == written
    assert written.count(b"\n") == (2600 if "--nbest" in options else 1300)


def test_columns_and_urls(seqtasks: Program, model: Path, lines: Path, tmp_path: Path) -> None:
    texts = lines.read_text(encoding="utf-8", errors="replace").split("\n")[:40]
    rows = "".join(f"{json.dumps({'translation': {'en': text}})}\n" for text in texts)
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    (tmp_path / "lines.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    plain = seqtasks("translate", "-m", model, tmp_path / "lines.txt")
    column = ("--text-column", "translation.en")
    assert seqtasks("translate", "-m", model, tmp_path / "rows.jsonl", *column).out == plain.out
    url, out = f"file://{tmp_path}/rows.jsonl", "memory://ray/out.txt"
    done = seqtasks("translate", "-m", model, url, *column, *RAY, "-o", out)
    assert (done.code, done.err) == (0, plain.err)
    from seqtasks.storage.pipes import open_readable

    with open_readable(out) as file:
        assert file.read().decode() == plain.out


def test_only_what_is_missing_is_done_again(
    seqtasks: Program, model: Path, lines: Path, tmp_path: Path, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("translate", "-m", model, lines, *RAY, "-o", tmp_path / "out.txt")
    write = batch_results.Folder.write

    def interrupted(self: batch_results.Folder, key: str, result: batch_results.BatchResult) -> None:
        if self.keys():
            raise KeyboardInterrupt
        write(self, key, result)

    monkeypatch.setattr(batch_results.Folder, "write", interrupted)
    assert seqtasks(*words).code == 130
    assert os.listdir(tmp_path) == ["out.txt.parts"]
    monkeypatch.setattr(batch_results.Folder, "write", write)
    assert computed[0] == 0
    computed.clear()
    assert seqtasks(*words).code == 0
    assert computed == [500, 1000]
    alone = seqtasks("translate", "-m", model, lines)
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == alone.out


def test_a_line_that_fails_is_told_and_the_others_are_there(
    seqtasks: Program, model: Path, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.py").write_text(REFUSE, encoding="utf-8")
    alone = seqtasks("translate", "-m", model, data / "test.en", "--beam-size", "1", "--json").out.splitlines()
    tokens = [json.loads(line)["tokens"] for line in alone]
    rare = next(
        token for token in tokens[0][:-1] if 1 < sum(token in each[:-1] for each in tokens) < 10 and token != "."
    )
    number = load(model).target.pieces(range(400)).index(rare)
    words = ("translate", "-m", model, data / "test.en", "--beam-size", "1", "--code", tmp_path / "own.py", *RAY)
    chosen = f'logits_processors=[{{kind = "refuse", token = {number}}}]'
    done = seqtasks(*words, "--set", chosen, "-o", tmp_path / "out.txt")
    assert done.code == 1
    assert "line 1 failed: ValueError: this word is refused" in done.err
    found = (tmp_path / "out.txt").read_text(encoding="utf-8").split("\n")
    for text, each, line in zip(found, tokens, alone, strict=False):
        assert text == ("" if rare in each[:-1] else json.loads(line)["text"])


def test_captions(seqtasks: Program, tmp_path: Path, computed: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caption, "RAY_BATCH", 2)
    folder, out = tmp_path / "images", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    for number, color in enumerate(("red", "black", "green", "blue", "white")):
        Image.new("RGB", (60, 50), color).save(folder / f"{number}.png")
    (folder / "2.png").write_bytes(b"no image")
    words = ("caption", folder, "-o")
    alone, on_ray = seqtasks(*words, out / "alone.txt"), seqtasks(*words, out / "ray.txt", *RAY)
    kept = f"seqtasks: {out / 'ray.txt'}.parts keeps what is done: run the command again to try the rest."
    assert (on_ray.code, sorted(on_ray.err.splitlines())) == (1, sorted([*alone.err.splitlines(), kept]))
    assert (out / "ray.txt").read_bytes() == (out / "alone.txt").read_bytes()
    assert sorted(os.listdir(out)) == ["alone.txt", "ray.txt", "ray.txt.parts"]
    Image.new("RGB", (60, 50), "green").save(folder / "2.png")
    computed.clear()
    assert (seqtasks(*words, out / "ray.txt", *RAY).code, computed) == (0, [2])
    assert seqtasks(*words, out / "alone.txt").code == 0
    assert (out / "ray.txt").read_bytes() == (out / "alone.txt").read_bytes()
    assert sorted(os.listdir(out)) == ["alone.txt", "ray.txt"]


@pytest.mark.slow
def test_video_captions(seqtasks: Program, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), color) for color in ("red", "black")]
    for name in ("a.gif", "b.gif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=1000)
    (tmp_path / "out").mkdir()
    words = ("caption", tmp_path / "a.gif", tmp_path / "b.gif", "--frame-interval", "500ms")
    alone, on_ray, expected, written = both(seqtasks, tmp_path / "out", *words)
    assert (on_ray.code, on_ray.err, written) == (0, alone.err, expected)


@pytest.mark.parametrize("options", [("--json",), pytest.param((), marks=pytest.mark.slow)], ids=str)
def test_tags(seqtasks: Program, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "out").mkdir()
    text = tmp_path / "text.txt"
    text.write_text("A dog runs. It barks!\n\n\nThe end\n" * 3, encoding="utf-8")
    alone, on_ray, expected, written = both(seqtasks, tmp_path / "out", "tag", text, *options)
    assert (on_ray.code, on_ray.err, written) == (0, alone.err, expected)


@pytest.mark.parametrize("options", [("--json",), pytest.param((), marks=pytest.mark.slow)], ids=str)
def test_classes(seqtasks: Program, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "out").mkdir()
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "A wonderful film!"}\n{"text": "Boring."}\n{"text": ""}\n', encoding="utf-8")
    column = ("--text-column", "text")
    alone, on_ray, expected, written = both(seqtasks, tmp_path / "out", "classify", rows, *column, *options)
    assert (on_ray.code, on_ray.err, written) == (0, alone.err, expected)
    assert written.count(b"\n") == 3


def test_usage_is_checked_first(seqtasks: Program, model: Path, lines: Path, tmp_path: Path) -> None:
    words = ("translate", "-m", model, lines, *RAY)
    assert "it needs --output" in seqtasks(*words).err
    assert "it does not go with --ray" in seqtasks(*words, "--workers", "2", "-o", tmp_path / "o").err
    assert "it needs files" in seqtasks("translate", "-m", model, *RAY, "-o", tmp_path / "o").err
    assert "it needs --ray" in seqtasks("translate", "-m", model, lines, "--ray-actors", "2").err
    assert os.listdir(tmp_path) == []


def test_what_is_not_installed_is_named(
    seqtasks: Program, model: Path, lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seqtasks.errors.find_spec", lambda _: None)
    done = seqtasks("translate", "-m", model, lines, *RAY, "-o", tmp_path / "o")
    assert (done.code, done.err) == (1, "seqtasks: --ray needs Ray. Install it: pip install 'seqtasks[ray]'\n")


@pytest.mark.slow
def test_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("A dog runs.\n", encoding="utf-8")
    words = [sys.executable, "-m", "seqtasks", "translate", str(tmp_path / "text.txt"), "-o", str(tmp_path / "o")]
    done = subprocess.run([*words, "--ray", "127.0.0.1:1"], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 1
    assert "seqtasks: --ray 127.0.0.1:1: no Ray cluster answers there" in done.stderr
    client = subprocess.run([*words, "--ray", "ray://h:1"], capture_output=True, text=True, check=False, timeout=200)
    assert client.returncode == 1
    assert "Ray's client (ray://) is not supported" in client.stderr
    local = subprocess.run([*words, "--ray", "local"], capture_output=True, text=True, check=False, timeout=200)
    assert (local.returncode, local.stdout, local.stderr) == (0, "", "")
    assert (tmp_path / "o").read_text(encoding="utf-8") == "Ein Hund läuft.\n"


@pytest.mark.slow
def test_a_node_that_dies_loses_nothing(tmp_path: Path) -> None:
    program = REPOSITORY / "tests" / "reliability" / "ray_node_kills.py"
    done = subprocess.run(
        [sys.executable, str(program), "--lines", "6000", "--folder", str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a node was killed" in done.stdout
    assert "the same bytes" in done.stdout
