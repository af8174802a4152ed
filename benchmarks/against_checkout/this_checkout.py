"""The measures in the names of this checkout; those of 27b483f are in `checkout_27b483f.py`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from itertools import islice
from tempfile import mkdtemp
from typing import Any

import seqtasks

Work = Callable[[], object]

UPDATES = 8
"""In a round."""
TRAINING = """
[training]
max_steps = 1_000_000
eval_steps = 1_000_000
save_steps = 1_000_000
batch_tokens = 1000
warmup_steps = 100
learning_rate = 1e-3
device = "cpu"
num_processes = 1
"""
PAIRS = """
task = "translation"
[data]
train = [{{ source = "{data}/multi30k/val.en", target = "{data}/multi30k/val.de" }}]
validation_split = 50
[text]
kind = "subwords"
vocab_size = 1000
"""
TRANSFORMER = """
[model]
hidden_size = 192
[model.encoder]
kind = "transformer"
num_layers = 3
num_heads = 4
ffn_dim = 512
[model.decoder]
kind = "transformer"
num_layers = 3
num_heads = 4
ffn_dim = 512
"""
LSTM = """
[model]
hidden_size = 192
[model.encoder]
kind = "lstm"
hidden_size = 256
num_layers = 1
[model.decoder]
kind = "lstm"
hidden_size = 256
num_layers = 1
"""
CHARACTERS = """
task = "language-modeling"
[text]
kind = "characters"
[data]
train = [{{ path = "{data}/char/tinyshakespeare.txt" }}]
validation_split = 0.01
num_streams = 32
bptt_len = 50
[model]
hidden_size = 128
[model.encoder]
kind = "lstm"
hidden_size = 256
num_layers = 2
bidirectional = false
"""
TAGS = """
task = "tagging"
[text]
language = "en"
[data]
train = [{{ path = "{data}/ud_ewt/en_ewt-ud-dev.conllu", label_column = "upos" }}]
validation_split = 0.05
[model]
hidden_size = 128
[model.encoder]
kind = "lstm"
hidden_size = 200
num_layers = 2
"""
LABELS = """
task = "classification"
[text]
kind = "subwords"
vocab_size = 1000
[data]
train = [{{ path = "{data}/sst/stsa.binary.dev" }}]
validation_split = 0.1
[model]
hidden_size = 128
[model.encoder]
kind = "lstm"
hidden_size = 192
num_layers = 1
"""


def translation(given: Any, count: int, beam: int) -> Work:
    predictor = seqtasks.load(given.student, task="translation", device="cpu", threads=1)
    texts = given.sentences[:count]
    return lambda: predictor.translate(texts, beam_size=beam)


def single_sentences(given: Any) -> Work:
    predictor = seqtasks.load(given.student, task="translation", device="cpu", threads=1)
    return lambda: [predictor.translate([text], beam_size=5) for text in given.sentences[:20]]


def captions(given: Any) -> Work:
    predictor = seqtasks.load("captions", task="captioning", device="cpu", threads=1)
    return lambda: predictor.caption(given.images, beam_size=3)


def tagging(given: Any) -> Work:
    predictor = seqtasks.load("pos-en", task="tagging", device="cpu", threads=1)
    return lambda: predictor.tag(given.split_sentences)


def classification(given: Any) -> Work:
    predictor = seqtasks.load("sentiment", task="classification", device="cpu", threads=1)
    return lambda: predictor.classify(given.reviews)


def generation(given: Any) -> Work:
    predictor = seqtasks.load("shakespeare", task="language-modeling", device="cpu", threads=1)
    return lambda: "".join(predictor.stream("ROMEO:", max_new_tokens=400, min_length="400"))


def training(given: Any, configuration: str) -> Work:
    updates = steps(configuration.format(data=given.data) + TRAINING)
    return lambda: list(islice(updates, UPDATES))


def steps(configuration: str) -> Iterator[float]:
    """The loss of each update."""
    run = seqtasks.TrainingRun(tomllib.loads(configuration), mkdtemp())
    return (event.loss for event in run if isinstance(event, seqtasks.StepEvent))


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
