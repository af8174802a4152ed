"""All components that come with the toolkit keep the contracts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import torch
from helpers import tiny_runs
from helpers.generators import DECODERS
from helpers.generators import ENCODERS as OF_SOURCES
from helpers.writers import ENCODERS as OF_TEXTS

from seqtasks.data.captions.readers import CaptionReader
from seqtasks.data.documents.readers import DocumentReader
from seqtasks.data.parallel.readers import PairReader
from seqtasks.data.reader import Reader
from seqtasks.encoders import BagOfWordsEncoder, CnnEncoder, CnnLstmEncoder, backbones
from seqtasks.metrics.metric import Metric
from seqtasks.registry import ConfigModel
from seqtasks.testing import check_decoder, check_encoder, check_metric, check_reader, check_task

BAGS: dict[str, ConfigModel] = {
    "bag-of-words": BagOfWordsEncoder.Config(),
    "bag-of-ngrams": BagOfWordsEncoder.Config(max_ngram_size=2, num_buckets=50),
}


@pytest.mark.parametrize("config", (OF_SOURCES | OF_TEXTS | BAGS).values(), ids=(OF_SOURCES | OF_TEXTS | BAGS).keys())
def test_encoders_of_text(config: ConfigModel) -> None:
    check_encoder(config)


@pytest.mark.parametrize("kind", [CnnEncoder, CnnLstmEncoder])
def test_encoders_of_images(kind: type[CnnEncoder], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones, "make_backbone_spec", tiny_runs.tiny_trunk)
    images = torch.randint(0, 256, (3, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    check_encoder(kind.Config(weights="none", hidden_size=6), images)


@pytest.mark.parametrize("name", ["dot-2", "additive-fed-2", "transformer-3", "show-and-tell", "show-attend-and-tell"])
def test_decoders(name: str) -> None:
    check_decoder(DECODERS[name])


@pytest.mark.parametrize("kind", ["bleu", "chrf", "ter"])
def test_metrics(kind: str) -> None:
    outputs = ["a dog runs in the grass .", "two men talk on a street ."]
    references = [
        ["a dog runs on the grass .", "a brown dog is running ."],
        ["two men are talking on the street ."] * 2,
    ]
    check_metric(Metric.of_kind(kind), outputs, references, lower_is_better=kind == "ter")


TMX = """\
<?xml version="1.0"?><tmx version="1.4"><header srclang="en"/><body>
<tu><tuv xml:lang="en"><seg>A dog.</seg></tuv><tuv xml:lang="de"><seg>Ein Hund.</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>A cat.</seg></tuv><tuv xml:lang="de"><seg>Eine Katze.</seg></tuv></tu>
</body></tmx>
"""


@pytest.mark.parametrize(
    ("branch", "name", "content"),
    [
        (PairReader, "pairs.tsv", "A dog.\tEin Hund.\nA cat.\tEine Katze.\n"),
        (PairReader, "pairs.csv", "source,target\nA dog.,Ein Hund.\nA cat.,Eine Katze.\n"),
        (PairReader, "pairs.jsonl", '{"source": "A dog.", "target": "Ein Hund."}\n' * 2),
        (PairReader, "pairs.tmx", TMX),
        (DocumentReader, "documents.tsv", "text\tlabel\nA dog.\tgood\nA cat.\tbad\n"),
        (DocumentReader, "documents.csv", "text,label\nA dog.,good\nA cat.,bad\n"),
        (DocumentReader, "documents.jsonl", '{"text": "A dog.", "label": "good"}\n' * 2),
        (CaptionReader, "captions.jsonl", '{"image": "a.jpg", "caption": "A dog."}\n' * 2),
        (
            CaptionReader,
            "captions.json",
            '[{"image": "a.jpg", "caption": "A dog."}, {"image": "b.jpg", "caption": "x"}]',
        ),
    ],
)
def test_readers(tmp_path: Path, branch: type[Reader], name: str, content: str) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    check_reader(type(branch.for_file(file)), file, languages=("en", "de"))


@pytest.mark.parametrize(
    "task",
    [
        pytest.param(task, marks=pytest.mark.slow) if task in ("translation", "captioning", "video") else task
        for task in tiny_runs.CONFIGURATIONS
    ],
)
def test_tasks(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbones, "make_backbone_spec", tiny_runs.tiny_trunk)
    monkeypatch.chdir(tmp_path)
    tiny_runs.write_data(Path("data"))
    check_task(tomllib.loads(tiny_runs.CONFIGURATIONS[task]))
