"""Components in files of a user: each is used where `--code` names the file, and missed by name where it does not."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from helpers import tiny_runs
from helpers.program import Program, Result, settings

from seqtasks import load
from seqtasks.data.reader import Reader
from seqtasks.inference.logits_processors import LogitsProcessor
from seqtasks.registry import Component
from seqtasks.tasks import Task

FEW = settings("training.max_steps=2", "training.eval_steps=2", "training.save_steps=2")

ENCODER = '''
"""A GRU that is called otherwise."""
from typing import Literal

from seqtasks.encoders import GruEncoder


class OwnEncoder(GruEncoder):
    class Config(GruEncoder.Config):
        kind: Literal["own-gru"] = "own-gru"
'''

DECODER = '''
"""An LSTM that always says the same: every state is zero."""
from typing import Literal

from seqtasks.decoders import LstmDecoder


class OwnDecoder(LstmDecoder):
    class Config(LstmDecoder.Config):
        kind: Literal["own-lstm"] = "own-lstm"

    def project(self, states):
        return super().project(states * 0)
'''

READER = '''
"""Pairs as `source = target`, a line each."""
from seqtasks.data.examples import Pair
from seqtasks.data.parallel.source import PairReader


class EqualsReader(PairReader, kind="equals"):
    def read(self, source, skipped, languages):
        for number, line in enumerate(source.path.read_text(encoding="utf-8").splitlines(), 1):
            skipped.reach(str(source.path), number)
            text, sign, translation = line.partition(" = ")
            if sign:
                yield Pair(text, translation)
            else:
                skipped.skip("line without =")
'''


METRIC = '''
"""How long outputs are, in percent of their references."""
from seqtasks.metrics.metric import Metric


class LengthRatio(Metric, kind="own-length"):
    def compute(self, outputs, references):
        expected = sum(len(others[0]) for others in references)
        return 100 * sum(map(len, outputs)) / expected, f"letters|references={expected}"
'''

PROCESSOR = '''
"""Nothing but one token, as many times as the limit lets it."""
from typing import Literal

import torch

from seqtasks.inference.logits_processors import LogitsProcessor


class Only(LogitsProcessor):
    class Config(LogitsProcessor.Config):
        kind: Literal["own-only"] = "own-only"
        token: int

    def __call__(self, log_probabilities, history):
        allowed = torch.full_like(log_probabilities, -torch.inf)
        allowed[..., self.config.token] = log_probabilities[..., self.config.token]
        return allowed
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with data, a configuration, and room for `own.py`, whose components are forgotten afterwards."""
    for family in (*Component.__subclasses__(), *Reader.__subclasses__()):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))
    monkeypatch.chdir(tmp_path)
    tiny_runs.write_data(Path("data"))
    Path("run.toml").write_text(tiny_runs.CONFIGURATIONS["translation"] + tiny_runs.TRAINING, encoding="utf-8")


def missed(result: Result, *words: str) -> None:
    """The run ended with one sentence that holds these words and the option."""
    assert (result.code != 0, result.out) == (True, "")
    for word in (*words, "--code"):
        assert word in result.err
    assert "Traceback" not in result.err


def done(result: Result) -> str:
    assert result.code == 0, result.err
    return result.out


@pytest.mark.parametrize(
    ("code", "place", "kind"),
    [(ENCODER, "model.encoder", "own-gru"), (DECODER, "model.decoder", "own-lstm")],
    ids=["encoder", "decoder"],
)
def test_a_part_of_a_model(seqtasks: Program, code: str, place: str, kind: str) -> None:
    Path("own.py").write_text(code, encoding="utf-8")
    train = ["train", "run.toml", "--output", "model", *FEW, "--set", f"{place}={{kind = '{kind}', hidden_size = 8}}"]
    missed(seqtasks(*train), kind)
    done(seqtasks(*train, "--code", "own.py"))
    assert f'kind = "{kind}"' in Path("model/config.toml").read_text(encoding="utf-8")
    texts = ["a dog sees a tree", "the hog"]  # no data has a c: a cat would be copied
    translate = ["translate", "--model", "model", "--code", "own.py", "--max-length", "6", "--beam-size", "1", "--text"]
    found = [done(seqtasks(*translate, text)) for text in texts]
    if kind == "own-lstm":  # the likeliest token without any state, again and again
        assert found[0] == found[1]
        assert len(set(found[0].strip())) <= 1


def test_a_reader(seqtasks: Program) -> None:
    Path("own.py").write_text(READER, encoding="utf-8")
    pairs = Path("data/pairs.tsv").read_text(encoding="utf-8").splitlines()
    lines = [" = ".join(pair.split("\t")[:2]) for pair in pairs]
    Path("data/pairs.equals").write_text("\n".join([*lines, "nothing"]) + "\n", encoding="utf-8")
    train = ["train", "run.toml", "--output", "model", *FEW, "--set", "data.train.0.path=data/pairs.equals"]
    missed(seqtasks(*train), "data/pairs.equals", ".equals")
    assert f"skipped 1 of {len(pairs) + 1}: 1 line without = (data/pairs.equals:{len(pairs) + 1})" in "".join(
        done(seqtasks(*train, "--code", "own.py")).replace(",", "")
    )
    evaluate = ["evaluate", "model", "data/pairs.equals", "--code", "own.py"]
    evaluated = seqtasks(*evaluate)
    assert f"{len(pairs)} sentences" in evaluated.out
    scored = seqtasks("score", "model", "data/pairs.equals", "--code", "own.py")
    assert len(scored.out.splitlines()) == len(pairs)
    assert (evaluated.code, scored.code) == (1, 1)  # one line was left out


def test_a_metric(seqtasks: Program) -> None:
    Path("own.py").write_text(METRIC, encoding="utf-8")
    done(seqtasks("train", "run.toml", "--output", "model", *FEW))
    evaluate = ["evaluate", "model", "data/pairs.tsv", "--json", "--metric", "own-length", "--metric", "ter"]
    missed(seqtasks(*evaluate), "own-length")
    scores = json.loads(done(seqtasks(*evaluate, "--code", "own.py")))["scores"]
    assert [score["metric"] for score in scores] == ["BLEU", "chrF", "TER", "own-length"]
    targets = [line.split("\t")[1] for line in Path("data/pairs.tsv").read_text(encoding="utf-8").splitlines()]
    assert scores[-1]["signature"] == f"letters|references={sum(map(len, targets))}"


def test_a_decoding_option(seqtasks: Program) -> None:
    Path("own.py").write_text(PROCESSOR, encoding="utf-8")
    processors = "logits_processors=[{kind = 'own-only', token = 101}]"
    train = ["train", "run.toml", "--output", "model", *FEW, *settings(f"decoding.{processors}")]
    missed(seqtasks(*train), "own-only")
    done(seqtasks(*train, "--code", "own.py"))
    code = ["--code", "own.py"]
    translate = ["translate", "--model", "model", *code, "--text", "a dog", "--max-length", "7"]
    for way in ([], ["--beam-size", "1"], ["--beam-size", "3"], ["--sample"]):
        assert done(seqtasks(*translate, *way)) == "aaaaaaa\n"  # byte 97, after four special tokens
    assert done(seqtasks(*translate, *settings("logits_processors=[]"))) != "aaaaaaa\n"
    evaluated = done(seqtasks("evaluate", "model", "data/pairs.tsv", "--max-length", "4", *code))
    assert "|logits_processors=kind='own-only' token=101|" in evaluated
    for form in ("onnx", "ctranslate2"):
        exported = seqtasks("export", "model", "--format", form, "--output", form, *code)
        assert (exported.code, "logits_processors" in exported.err) == (1, True), exported.err


def test_a_model_names_the_file_of_its_decoding_option(seqtasks: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own.py").write_text(PROCESSOR, encoding="utf-8")
    processors = settings("decoding.logits_processors=[{kind = 'own-only', token = 101}]")
    done(seqtasks("train", "run.toml", "--output", "model", *FEW, *processors, "--code", "own.py"))
    monkeypatch.setattr(LogitsProcessor, "kinds", {})
    missed(seqtasks("translate", "--model", "model", "--text", "a dog"), "own-only", "own.py")


RATINGS = """\
task = "rating"
train = "ratings.tsv"
validation = "ratings.tsv"
[model]
width = 4
[training]
max_steps = 400
eval_steps = 100
save_steps = 100
batch_tokens = 200
learning_rate = 0.05
warmup_steps = 10
device = "cpu"
dtype = "float32"
num_threads = 1
"""


def test_a_task(seqtasks: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text's rating is how often it says "good": a task that learns it takes one file, and no change of ours."""
    Path("own.py").write_bytes((Path(__file__).parents[1] / "fixtures/code/own_task.py").read_bytes())
    chance = random.Random(1)
    said = [[chance.choice(["good", "film", "plot"]) for _ in range(chance.randint(1, 6))] for _ in range(60)]
    lines = [f"{' '.join(words)}\t{words.count('good')}" for words in said]
    Path("ratings.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Path("rating.toml").write_text(RATINGS, encoding="utf-8")
    train = ["train", "rating.toml", "--output", "model"]
    missed(seqtasks(*train), "rating")
    done(seqtasks(*train, "--code", "own.py"))
    evaluated = json.loads(done(seqtasks("evaluate", "model", "ratings.tsv", "--json", "--code", "own.py")))
    [score] = evaluated["scores"]
    assert (score["metric"], score["signature"], evaluated["examples"]) == ("mse", "texts=60", 60)
    assert score["value"] < 0.01
    assert "60 texts" in done(seqtasks("info", "model"))
    few, many = load("model").rate(["film plot", "good good good"])  # type: ignore[attr-defined]
    assert (abs(few), abs(many - 3)) < (0.2, 0.2)
    refused = seqtasks("evaluate", "model", "ratings.tsv", "--split", "dev", "--code", "own.py")
    assert (refused.code, "does not apply" in refused.err) == (2, True)
    monkeypatch.setattr(Task, "kinds", {kind: task for kind, task in Task.kinds.items() if kind != "rating"})
    missed(seqtasks("evaluate", "model", "ratings.tsv"), "rating", "own.py")
