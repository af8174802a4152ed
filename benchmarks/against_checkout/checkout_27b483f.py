"""The measures in the names of commit 27b483f. No tool may rename anything here: they are those of another checkout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from seqtasks.training.reports import Progress

import seqtasks
from seqtasks.config import read_run
from seqtasks.tasks import Task
from seqtasks.training.trainer import Trainer

Work = Callable[[], object]

UPDATES = 8
"""In a round."""
TRAINING = """
[training]
steps = 1_000_000
validate_every = 1_000_000
checkpoint_every = 1_000_000
batch_tokens = 1000
warmup = 100
learning_rate = 1e-3
device = "cpu"
processes = 1
"""
PAIRS = """
task = "translation"
[data]
train = [{{ source = "{data}/multi30k/val.en", target = "{data}/multi30k/val.de" }}]
held_out = 50
[text]
kind = "subwords"
size = 1000
"""
TRANSFORMER = """
[model]
dim = 192
[model.encoder]
kind = "transformer"
layers = 3
heads = 4
inner_dim = 512
[model.decoder]
kind = "transformer"
layers = 3
heads = 4
inner_dim = 512
"""
LSTM = """
[model]
dim = 192
[model.encoder]
kind = "lstm"
dim = 256
layers = 1
[model.decoder]
kind = "lstm"
dim = 256
layers = 1
"""
CHARACTERS = """
task = "generation"
[text]
kind = "characters"
[data]
train = [{{ path = "{data}/char/tinyshakespeare.txt" }}]
validation_share = 0.01
lanes = 32
window = 50
[model]
dim = 128
[model.encoder]
kind = "lstm"
dim = 256
layers = 2
directions = "forward"
"""
TAGS = """
task = "tagging"
[text]
language = "en"
[data]
train = [{{ path = "{data}/ud_ewt/en_ewt-ud-dev.conllu", column = "upos" }}]
held_out = 0.05
[model]
dim = 128
[model.encoder]
kind = "lstm"
dim = 200
layers = 2
"""
LABELS = """
task = "classification"
[text]
kind = "subwords"
size = 1000
[data]
train = [{{ path = "{data}/sst/stsa.binary.dev" }}]
held_out = 0.1
[model]
dim = 128
[model.encoder]
kind = "lstm"
dim = 192
layers = 1
"""


def translation(given: Any, count: int, beam: int) -> Work:
    predictor = seqtasks.load(given.student, device="cpu", threads=1)
    texts = given.sentences[:count]
    return lambda: predictor.translate(texts, beam=beam)


def single_sentences(given: Any) -> Work:
    predictor = seqtasks.load(given.student, device="cpu", threads=1)
    return lambda: [predictor.translate([text], beam=5) for text in given.sentences[:20]]


def captions(given: Any) -> Work:
    predictor = seqtasks.load("captions", device="cpu", threads=1)
    return lambda: predictor.caption(given.images, beam=3)


def tagging(given: Any) -> Work:
    predictor = seqtasks.load("pos-en", device="cpu", threads=1)
    return lambda: predictor.tag(given.split_sentences)


def classification(given: Any) -> Work:
    predictor = seqtasks.load("sentiment", device="cpu", threads=1)
    return lambda: predictor.classify(given.reviews)


def generation(given: Any) -> Work:
    predictor = seqtasks.load("shakespeare", device="cpu", threads=1)
    return lambda: "".join(predictor.stream("ROMEO:", length=400, min_length="400"))


def training(given: Any, configuration: str) -> Work:
    updates = steps(configuration.format(data=given.data) + TRAINING)
    return lambda: list(islice(updates, UPDATES))


def steps(configuration: str) -> Iterator[float]:
    """The loss of each update."""
    run = read_run(None, text=configuration)
    prepared = Task.of(run.task).prepare(run.task, run.seed)
    trainer = Trainer(
        prepared.task, run.training, out=Path(mkdtemp()), seed=run.seed, config_toml="", data=prepared.data
    )
    return (report.loss for report in trainer.run() if isinstance(report, Progress))


MEASURES: dict[str, Callable[[Any], Work]] = {
    "translation-beam-5": lambda given: translation(given, 200, beam=5),
    "translation-greedy": lambda given: translation(given, 500, beam=1),
    "translation-single": single_sentences,
    "captions": captions,
    "tagging": tagging,
    "classification": classification,
    "generation": generation,
    "training-transformer": lambda given: training(given, PAIRS + TRANSFORMER),
    "training-lstm": lambda given: training(given, PAIRS + LSTM),
    "training-characters": lambda given: training(given, CHARACTERS),
    "training-tagging": lambda given: training(given, TAGS),
    "training-classification": lambda given: training(given, LABELS),
}
