"""What stands in files that people keep: its names stay, whatever becomes of the names in the code."""

from __future__ import annotations

import json
import warnings
from itertools import islice
from pathlib import Path

import pytest
import spacy
import torch
from helpers.toys import toy_trainer

from seqtasks.data.feature_cache import FeatureCache
from seqtasks.encoders import CnnEncoder
from seqtasks.image.transforms import ImageConfig
from seqtasks.storage.bundle import read_bundle
from seqtasks.storage.model_paths import built_in_models, find_model
from seqtasks.training.events import StepSkipped
from seqtasks.training.metrics_logger import MetricsLogger

FIXTURES = Path(__file__).parents[1] / "fixtures"
TRAINER_KEYS = [
    "averaging", "bad_steps", "batches", "best", "best_fallback", "carried", "cuda_random", "latest_score", "optimiser",
    "random", "scores", "seconds", "step", "unchanged", "unimproved", "validated_step", "weights",
]  # fmt: skip
SINCE_0_2 = {"best_fallback", "latest_score", "unchanged"}


def test_the_state_of_a_trainer(tmp_path: Path) -> None:
    """The keys of `trainer.pt`: one that is renamed has to be found under its old name too."""
    trainer = toy_trainer(tmp_path)
    list(islice(trainer.run(), 6))
    state = read_bundle(trainer.save().path).trainer()
    assert sorted(state) == TRAINER_KEYS
    assert sorted(state["batches"]) == ["epoch", "index"]
    assert {key for score in state["scores"] for key in score} <= {"metric", "value", "signature"}
    kept = torch.load(FIXTURES / "runs" / "tagging" / "step-18" / "trainer.pt", weights_only=True)
    assert kept.keys() == state.keys() - SINCE_0_2


def test_a_skipped_update_in_the_log(tmp_path: Path) -> None:
    log = MetricsLogger(tmp_path, "tokens", 1)
    log.log(StepSkipped(7, "the loss is not finite", 1))
    [line] = (tmp_path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"kind": "dropped", "step": 7, "reason": "the loss is not finite"}


def test_where_features_are_kept(tmp_path: Path) -> None:
    """The features of a data set took hours to compute: the same network and settings find them again."""
    encoder = CnnEncoder(CnnEncoder.Config(weights="none", hidden_size=None))
    tensors = encoder.backbone.trunk.state_dict()
    with torch.no_grad():
        for number, tensor in enumerate(tensors.values()):
            tensor.copy_(torch.full_like(tensor, number))
    network = encoder.fingerprint()
    assert network == "155e7f3195c9ac9ecd9897e9fc3e45fd7d3c4c3cb86e7b407b9c268839c79d56"
    settings = ImageConfig().fingerprint
    folder = FeatureCache(tmp_path, network, settings, "view 0").folder
    assert folder.name == "72e60d0cba36bee0893d5dfabe062cc9fc70abd3"


@pytest.mark.parametrize("name", sorted(built_in_models()))
def test_signatures_in_models_and_their_cards(name: str) -> None:
    """What was measured stays as it was signed: `beam=5|penalty=...`, in the words of the version that measured."""
    bundle = read_bundle(find_model(name))
    kept = json.loads((FIXTURES / "format1" / name / "bundle.json").read_text(encoding="utf-8"))["scores"]
    assert bundle.scores == kept
    card = (bundle.path / "README.md").read_text(encoding="utf-8")
    old = (FIXTURES / "format1" / name / "README.md").read_text(encoding="utf-8")
    for score in kept:
        for field in ("signature", "decoding"):
            assert (score[field] in card) == (score[field] in old)


def test_a_pipeline_of_spacy_that_was_saved_with_27b483f() -> None:
    """It names its factory and the arguments of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[W095\]")
        nlp = spacy.load(FIXTURES / "spacy_pipeline", exclude=["tokenizer", "vocab"])
    document = nlp("A dog runs. It barks!")
    assert [token.pos_ for token in document] == ["DET", "NOUN", "VERB", "PUNCT", "PRON", "VERB", "PUNCT"]
    assert nlp.pipe_names == ["sentencizer", "seqtasks_tagger"]
