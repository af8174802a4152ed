"""Held-out examples, training batches and losses of every task are those of version 0.1.

`golden_batches.json` was made by `python tests/unit/tasks/test_golden_batches.py` at commit 27b483f. Integers have to
be the same to the bit; losses, in float32 on one thread, may differ in rounding alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers.documents import labelled_documents, write_documents
from helpers.synthetic import sentence_pairs
from helpers.tagged import labelled_sentences, write_conllu_file
from helpers.written import remembering_text
from PIL import Image
from torch import Tensor

from seqtasks.config.run import read_config
from seqtasks.tasks.base import Task

GOLDEN = Path(__file__).with_name("golden_batches.json")
BATCHES, LOSSES = 12, 3

LSTM = 'kind = "lstm"\nhidden_size = 16\nnum_layers = 1\n'
TRANSFORMER = 'kind = "transformer"\nffn_dim = 32\nnum_layers = 1\nnum_heads = 2\n'
IMAGES = '[text]\nkind = "words"\nlanguage = "en"\nmin_freq = 1\n[images]\nsize = 32\n'
RUNS = {
    "translation": f"""
task = "translation"
text = {{ kind = "words", min_freq = 1 }}
[data]
train = [{{ path = "{{folder}}/pairs.tsv" }}, {{ path = "{{folder}}/more.tsv", weight = 0.5 }}]
validation_split = 7
[model]
hidden_size = 16
[model.encoder]
{TRANSFORMER}[model.decoder]
{TRANSFORMER}""",
    "translation, sampled and rewarded": f"""
task = "translation"
shared_vocab = false
text = {{ kind = "subwords", vocab_size = 300, subword_sampling = 0.2 }}
self_critical = {{ reward = "bleu", num_samples = 2 }}
[data]
train = [{{ source = "{{folder}}/pairs.source", target = "{{folder}}/pairs.target" }}]
[model]
hidden_size = 16
tie_embeddings = "output"
[model.encoder]
{LSTM}[model.decoder]
{LSTM}""",
    "captioning, features": f"""
task = "captioning"
{IMAGES}horizontal_flip = true
[data]
train = [{{ images = "{{folder}}/images" }}]
validation_split = 0.2
feature_cache_dir = "{{folder}}/features"
num_augmented_views = 2
[model]
hidden_size = 16
[model.encoder]
kind = "cnn"
weights = "none"
hidden_size = 16
[model.decoder]
kind = "show-and-tell"
hidden_size = 16
""",
    "captioning, pixels": f"""
task = "captioning"
self_critical = {{ num_samples = 20, baseline = "greedy" }}
decoding = {{ max_length = "4" }}
{IMAGES}horizontal_flip = true
[data]
train = [{{ images = "{{folder}}/images" }}]
max_tokens = 3
[model]
hidden_size = 16
[model.encoder]
kind = "cnn"
weights = "none"
trainable_from_block = 0
hidden_size = 16
[model.decoder]
{LSTM}""",
    "video-captioning": f"""
task = "video-captioning"
{IMAGES}[data]
train_images = [{{ images = "{{folder}}/images" }}]
validation_images = [{{ images = "{{folder}}/images" }}]
max_validation_videos = 2
num_streams = 3
bptt_len = 4
synthetic_video = {{ shots_per_video = 2, frames_per_shot = 5, corruption_strength = 0.0 }}
[model]
hidden_size = 16
[model.encoder]
kind = "cnn-lstm"
lstm_hidden_size = 6
weights = "none"
hidden_size = 16
[model.decoder]
{LSTM}""",
    "tagging": f"""
task = "tagging"
[data]
train = [{{ path = "{{folder}}/sentences.conllu" }}]
[model]
hidden_size = 16
head = "crf"
char_encoder = {{ kind = "cnn" }}
[model.encoder]
{LSTM}""",
    "classification, windows": f"""
task = "classification"
adversarial_epsilon = 0.1
class_weights = "balanced"
text = {{ kind = "words", min_freq = 1 }}
[data]
train = [{{ path = "{{folder}}/documents.tsv" }}]
validation_split = 0.2
max_length = 6
[model]
hidden_size = 16
[model.encoder]
{LSTM}""",
    "classification, sampled": f"""
task = "classification"
text = {{ kind = "subwords", vocab_size = 300, subword_sampling = 0.2 }}
[data]
train = [{{ path = "{{folder}}/documents.tsv", label_separator = "|" }}]
[model]
hidden_size = 16
multi_label = true
[model.encoder]
{TRANSFORMER}""",
    "generation, one text": f"""
task = "language-modeling"
[data]
train = [{{ path = "{{folder}}/text.txt" }}]
num_streams = 4
bptt_len = 16
[model]
hidden_size = 16
[model.encoder]
{LSTM}bidirectional = false
""",
    "generation, documents": f"""
task = "language-modeling"
text = {{ kind = "words", min_freq = 1 }}
[data]
train = [{{ path = "{{folder}}/documents.tsv" }}]
validation_split = 0.25
num_streams = 3
bptt_len = 8
[model]
hidden_size = 16
[model.encoder]
{TRANSFORMER}causal = true
""",
}


def write_data(folder: Path) -> None:
    """The same small data for all of them; some examples stand there twice."""
    for name, count, seed in (("pairs", 90, 1), ("more", 20, 2)):
        pairs = sentence_pairs(count, seed)
        pairs += pairs[:5]
        (folder / f"{name}.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in pairs))
        for side, column in (("source", 0), ("target", 1)):
            (folder / f"{name}.{side}").write_text("".join(f"{pair[column]}\n" for pair in pairs))
    write_conllu_file(folder / "sentences.conllu", labelled_sentences(60) + labelled_sentences(5))
    write_documents(folder / "documents.tsv", labelled_documents(70) + labelled_documents(6))
    (folder / "text.txt").write_text(remembering_text(120))
    (folder / "images").mkdir()
    chance = random.Random(1)
    lines = ["image,caption"]
    for number in range(20):
        name = f"{number:02}.png"
        image = Image.frombytes("RGB", (32, 32), chance.randbytes(32 * 32 * 3))  # of the size that is read: no resizing
        image.save(folder / "images" / name)
        color = chance.choice(("red", "green", "blue"))
        lines += [f"{name},a {color} square", f"{name},something very {color} here"][: 1 + number % 2]
    (folder / "images" / "captions.csv").write_text("\n".join(lines) + "\n")


def digest(tensors: Any) -> str:
    """Of all that is not a float: those depend on the processor in their last places."""
    found = hashlib.sha256()
    for tensor in tensors:
        if isinstance(tensor, Tensor):
            found.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
            if not tensor.is_floating_point():
                found.update(tensor.contiguous().numpy().tobytes())
    return found.hexdigest()[:16]


def examples_in(held_out: Any) -> str:
    """The examples of one side of the split, without the folder they were read from."""
    texts = [
        each if isinstance(each, str)
        else [each.image.name, *each.captions] if hasattr(each, "captions")
        else each.text if hasattr(each, "text")
        else dataclasses.astuple(each)
        for each in held_out
    ]  # fmt: skip
    return f"{len(texts)} {hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]}"


def record(name: str, folder: Path) -> dict[str, Any]:
    """What a run makes of the data."""
    run = read_config(None, text=RUNS[name].replace("{folder}", str(folder)))
    prepared = Task.of(run.task).prepare(run.task, run.seed)
    task = prepared.task
    torch.manual_seed(1)
    model = task.build_model()
    task.initialize(model)
    task.on_train_start(model)
    found: dict[str, Any] = {"parameters": sum(each.numel() for each in model.parameters())}
    if name != "video-captioning":
        found["validation"] = examples_in(task.validation)
    batches = task.batches(60, run.seed)
    model.train()
    torch.manual_seed(2)
    digests, losses = [], []
    for batch in islice(batches, BATCHES):
        state = batches.state_dict()
        digests.append(f"{state['epoch']}/{state['index']} {digest(batch)}")
        if len(losses) < LOSSES:
            loss = task.loss(model, batch)
            loss.total.backward()
            losses.append([loss.total.item(), float(loss.count)])
    gradient = sum(each.grad.double().square().sum().item() for each in model.parameters() if each.grad is not None)
    return {**found, "batches": digests, "losses": losses, "gradient": gradient}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("data")
    write_data(found)
    return found


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Two add up in another order, of which the gradient of a CNN that has learned nothing makes a thousandth."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("name", RUNS)
def test_what_is_trained_on_is_what_it_was(name: str, folder: Path) -> None:
    """Losses to 1e-5: other processors add up in another order."""
    expected = json.loads(GOLDEN.read_text())[name]
    found = record(name, folder)
    losses, gradient = expected.pop("losses"), expected.pop("gradient")
    assert [value for pair in found.pop("losses") for value in pair] == pytest.approx(
        [value for pair in losses for value in pair], rel=1e-5, abs=1e-5
    )
    assert found.pop("gradient") == pytest.approx(gradient, rel=1e-3)
    assert found == expected


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        write_data(Path(place))
        golden = {name: record(name, Path(place)) for name in RUNS}
    Path(sys.argv[1] if len(sys.argv) > 1 else GOLDEN).write_text(json.dumps(golden, indent=1) + "\n")
