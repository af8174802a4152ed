"""A package does in Argos Translate what the model does here.

The package is read as argostranslate 1.11 reads it (`argostranslate/{package,tokenizer,translate}.py`), which is too
large to be in the tests' environment: it needs Stanza. `tests/compare_with_argostranslate.py` runs it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from helpers.exported import translation

from seqtasks.decoding import DecodingConfig
from seqtasks.errors import SeqtasksError
from seqtasks.export import write_argos
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.loading import open_models
from seqtasks.models import EncoderDecoder
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.tokenizers import Languages

SENTENCES = [
    "Good morning, how did you sleep?", "She gave the 17 children an apple.", "Where is the train station?",
    "Open the file and select all.", "The house that my grandfather built is over there – behind the trees.",
]  # fmt: skip


class ArgosTranslate:
    """What argostranslate makes of a package."""

    def __init__(self, package: Path, folder: Path) -> None:
        from ctranslate2 import Translator
        from sentencepiece import SentencePieceProcessor

        with ZipFile(package) as archive:
            archive.extractall(folder)
        [self.path] = folder.iterdir()
        self.about = json.loads((self.path / "metadata.json").read_text(encoding="ascii"))
        self.processor = SentencePieceProcessor(model_file=str(self.path / "sentencepiece.model"))
        self.translator = Translator(str(self.path / "model"), compute_type="float32")

    def hypotheses(self, text: str, *, beam: int, number: int = 1) -> list[tuple[str, float]]:
        [found] = self.translator.translate_batch(
            [self.processor.encode(text, out_type=str)], target_prefix=None, replace_unknowns=True, max_batch_size=32,
            batch_type="tokens", beam_size=max(number, beam), num_hypotheses=number, length_penalty=0.2,
            return_scores=True,
        )  # fmt: skip
        values = [
            self.processor.decode_pieces(tokens).replace("▁", " ").replace("_", " ") for tokens in found.hypotheses
        ]
        return [(value.removeprefix(" "), score) for value, score in zip(values, found.scores, strict=True)]


def named(task: TranslationTask, source: str = "en", target: str = "de") -> TranslationTask:
    config = task.config.model_copy(update={"languages": Languages(source=source, target=target)})
    return TranslationTask(config, task.source, task.target)


def package(folder: Path, task: TranslationTask, model: EncoderDecoder) -> Path:
    write_argos(task, model, DecodingConfig(), "The card.", folder / "own.argosmodel")
    return folder / "own.argosmodel"


def test_greedy_search_gives_our_texts(tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    task, pipeline = open_models(["en-de"], device="cpu", dtype="float32", threads=1)
    assert isinstance(task, TranslationTask)
    assert isinstance(pipeline, TranslationPipeline)
    argos = ArgosTranslate(package(tmp_path, task, pipeline.models[0]), tmp_path / "installed")
    ours = pipeline.translate(SENTENCES, beam_size=1, max_length="256", min_length="2")
    assert [argos.hypotheses(text, beam=1)[0][0] for text in SENTENCES] == [found.text for found in ours]
    assert all(found.finished for found in ours)


def test_a_package_tells_what_it_is_and_is_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    task, model = translation("subwords")
    argos = ArgosTranslate(first := package(tmp_path, named(task, "zh", "pt"), model), tmp_path / "installed")
    assert argos.path.name == "translate-zh_pt-1_0"
    assert argos.about == {
        "package_version": "1.0", "argos_version": "1.0", "from_code": "zh", "from_name": "Chinese", "to_code": "pt",
        "to_name": "Portuguese",
    }  # fmt: skip
    assert (argos.path / "CARD.md").read_text(encoding="utf-8") == "The card."
    assert "argospm install own.argosmodel" in (argos.path / "README.md").read_text(encoding="utf-8")
    (tmp_path / "again").mkdir()
    assert package(tmp_path / "again", named(task, "zh", "pt"), model).read_bytes() == first.read_bytes()


@pytest.mark.parametrize(
    ("made", "languages", "told"),
    [
        (("characters",), ("en", "de"), 'reads subwords only: this model\'s text.kind is "characters"'),
        (("subwords", "none"), ("en", "de"), "has one sentencepiece model for both languages: this model has two"),
        (("subwords",), ("en", "xx"), "finds packages by their languages, which this model does not tell"),
    ],
)
def test_what_it_lacks_is_told(tmp_path: Path, made: Any, languages: Any, told: str) -> None:
    task, model = translation(*made)
    with pytest.raises(SeqtasksError, match=told):
        package(tmp_path, named(task, *languages), model)
    assert list(tmp_path.iterdir()) == []


def test_other_networks_and_prefixes_are_told(tmp_path: Path) -> None:
    task, model = translation("subwords", decoder="dot-2")
    with pytest.raises(SeqtasksError, match='its decoder "lstm"'):
        package(tmp_path, named(task), model)
    task, model = translation("subwords")
    task.source.prefix = [4]
    with pytest.raises(SeqtasksError, match=r"cannot put .* before each text"):
        package(tmp_path, named(task), model)
