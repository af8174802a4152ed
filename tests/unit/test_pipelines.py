"""Predictors: what is loaded does what the model did, and what does not belong together is told."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers.synthetic import sentence_pairs

import seqtasks
from seqtasks import SeqtasksError, load
from seqtasks.config.run import read_config, to_toml
from seqtasks.data.examples import Pair
from seqtasks.models.state_dict import unique_state_dict
from seqtasks.storage.bundle import write_bundle
from seqtasks.tasks.translation.task import TranslationTask

CONFIGURATION = """
task = "translation"
[languages]
source = "en"
target = "de"
[text]
kind = "characters"
[data]
train = [{{path = "{pairs}"}}]
[model]
hidden_size = 16
[model.encoder]
kind = "transformer"
num_layers = 1
num_heads = 2
ffn_dim = 16
[model.decoder]
kind = "{decoder}"
num_layers = 1
"""
TEXTS = ["a red dog sees the old tree .", "", "the new car likes a bird ."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictor")
    for name, seed in (("pairs", 1), ("others", 2)):
        lines = [f"{source}\t{target}\n" for source, target in sentence_pairs(60, seed)]
        lines.append("ä\tö\n" * 30 if name == "others" else "")
        (folder / f"{name}.tsv").write_text("".join(lines), encoding="utf-8")
    return folder


def make_model(
    folder: Path, name: str, *, seed: int, pairs: str = "pairs", decoder: str = "lstm", more: str = ""
) -> Path:
    """A model with random weights."""
    run = read_config(None, text=CONFIGURATION.format(pairs=folder / f"{pairs}.tsv", decoder=decoder) + more)
    assert isinstance(run.task, TranslationTask.Config)
    task = TranslationTask.prepare(run.task, 1).task
    assert isinstance(task, TranslationTask)
    torch.manual_seed(seed)
    network = task.build_model()
    with torch.no_grad():
        network.decoder.output.bias[:3] = -40.0  # like a trained one it writes no special token
    write_bundle(
        folder / name,
        task="translation",
        model=run.task.model.model_dump(mode="json"),
        tensors=unique_state_dict(network),
        processors=task.save_processors,
        config_toml=to_toml(run),
        scores=[],
        data={},
        card="",
    )
    return folder / name


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    return make_model(folder, "first", seed=1)


@pytest.fixture(scope="module")
def predictor(model: Path) -> seqtasks.TranslationPipeline:
    return load(model, threads=1, dtype="float32")


def test_translations_have_all_that_belongs_to_them(predictor: seqtasks.TranslationPipeline) -> None:
    first, empty, last = predictor.translate(TEXTS, beam_size=3, nbest=2, max_length="12", attention=True)
    assert (empty.text, empty.score, empty.tokens) == ("", 0.0, ())
    assert [first.source, last.source] == [TEXTS[0], TEXTS[2]]
    assert len(first.alternatives) == 1
    assert first.normalized_score >= first.alternatives[0].normalized_score
    assert math.isclose(sum(first.log_probabilities), first.score, rel_tol=1e-4)
    assert first.attention is not None
    assert len(first.attention) == len(first.tokens) + 1
    assert {len(row) for row in first.attention} == {len(first.source_tokens)}
    assert all(math.isclose(sum(row), 1, rel_tol=1e-4) for row in first.attention)


def test_score_agrees_with_the_search(predictor: seqtasks.TranslationPipeline) -> None:
    found = predictor.translate(TEXTS[:1], beam_size=2, min_length="3", max_length="30")
    finished = [each for each in (*found, *found[0].alternatives) if each.finished and "\ufffd" not in each.text]
    for each in finished:
        (scored,) = predictor.score(TEXTS[:1], [each.text])
        if scored.tokens == each.tokens:
            assert scored.score == pytest.approx(each.score, abs=1e-3)
    (scored,) = predictor.score(["a dog"], ["ein hund"])
    assert math.isclose(sum(scored.log_probabilities), scored.score, rel_tol=1e-5)
    assert len(scored.log_probabilities) == len("ein hund") + 1


def test_prefixes_begin_the_translations(predictor: seqtasks.TranslationPipeline) -> None:
    found = predictor.translate(TEXTS, prefixes=["das", "", "ein h"], beam_size=2, max_length="10")
    assert found[0].text.startswith("das")
    assert found[2].text.startswith("ein h")


def test_samples_depend_on_the_number_of_the_text_alone(predictor: seqtasks.TranslationPipeline) -> None:
    options = {"sample": True, "nbest": 2, "max_length": "15"}
    whole = predictor.translate(TEXTS, **options)
    (alone,) = predictor.translate(TEXTS[2:], first_number=2, **options)
    assert alone.text == whole[2].text
    (elsewhere,) = predictor.translate(TEXTS[2:], first_number=0, **options)
    assert elsewhere.text != alone.text


def test_a_wider_nbest_widens_the_beam(predictor: seqtasks.TranslationPipeline) -> None:
    assert predictor.decoding(nbest=8).beam_size == 8
    assert predictor.decoding(nbest=2).beam_size == 5
    assert predictor.decoding(beam_size=None).beam_size == 5
    assert predictor.decoding(max_length=50).max_length == "50"


def test_greedy_search_and_sampling_switch_the_models_own_consensus_off(folder: Path) -> None:
    own = make_model(folder, "consensus", seed=1, more="[decoding]\nmbr_samples = 20\n")
    predictor = load(own, threads=1, dtype="float32")
    assert predictor.decoding(beam_size=3).mbr_samples == 20
    assert predictor.decoding(beam_size=1).mbr_samples == predictor.decoding(sample=True).mbr_samples == 0
    voted = predictor.translate(TEXTS, nbest=5, max_length="12")
    usual = predictor.translate(TEXTS, nbest=5, max_length="12", mbr_samples=0)
    assert [each.text for each in voted] != [each.text for each in usual]
    for one, other in zip(voted, usual, strict=True):
        assert {one.text, *(each.text for each in one.alternatives)} == {
            other.text, *(each.text for each in other.alternatives)
        }  # fmt: skip


def test_wrong_use_is_told(predictor: seqtasks.TranslationPipeline) -> None:
    with pytest.raises(SeqtasksError, match="a beam of 2 finds at most 2"):
        predictor.translate(TEXTS, beam_size=2, nbest=3)
    with pytest.raises(SeqtasksError, match=r"Decoding: temperature: .*number"):
        predictor.translate(TEXTS, temperature="hot")
    with pytest.raises(SeqtasksError, match="Unknown decoding option beams"):
        predictor.translate(TEXTS, beams=2)
    with pytest.raises(SeqtasksError, match="prefixes is one text, not a list"):
        predictor.translate(TEXTS, prefixes="das")
    with pytest.raises(SeqtasksError, match="1 prefix for 3 texts"):
        predictor.translate(TEXTS, prefixes=["x"])
    with pytest.raises(SeqtasksError, match="2 translations for 3 texts"):
        predictor.score(TEXTS, ["a", "b"])


def test_loading_leaves_the_random_numbers_of_others_alone(model: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    load(model, threads=1)
    assert torch.equal(torch.rand(2), expected)


def test_the_precision_can_be_chosen(model: Path) -> None:
    coarse = load(model, dtype="bfloat16", threads=1)
    assert coarse.dtype == torch.bfloat16
    assert len(coarse.translate(TEXTS, beam_size=2, max_length="5")) == 3


def test_another_engine_translates_alike(folder: Path) -> None:
    pytest.importorskip("ctranslate2")
    transformer = make_model(folder, "engine", seed=1, decoder="transformer")
    ours, theirs = load(transformer, dtype="float32"), load(transformer, dtype="float32", engine="ctranslate2")
    pairs = [Pair(text, text) for text in TEXTS]
    for options in ({"beam_size": 1}, {"beam_size": 3, "nbest": 2}):
        expected, found = (each.translate(TEXTS, **options) for each in (ours, theirs))
        assert [each.text for each in found] == [each.text for each in expected]
        assert [len(each.alternatives) for each in found] == [len(each.alternatives) for each in expected]
        first, second = (each.evaluate(pairs, **options) for each in (ours, theirs))
        assert first.scores == second.scores
        assert second.decoding == first.decoding.replace("dtype=float32", "engine=ctranslate2|dtype=float32")
    assert theirs.score(["a dog"], ["ein hund"]) == ours.score(["a dog"], ["ein hund"])
    assert "|engine=ctranslate2|dtype=int8|" in load(transformer, engine="ctranslate2").evaluate(pairs).decoding


def test_what_another_engine_lacks_is_told(model: Path, folder: Path) -> None:
    pytest.importorskip("ctranslate2")
    transformer = make_model(folder, "engine-alone", seed=1, decoder="transformer")
    for models, options, told in (
        ([model], {}, 'its decoder "lstm"'),
        (["pos-en"], {}, "for translation, not for tagging"),
        ([transformer, transformer], {}, "not an ensemble"),
        ([transformer], {"dtype": "bfloat16"}, "int8 or in float32"),
        ([transformer], {"device": "meta"}, "runs on the CPU only"),
    ):
        with pytest.raises(SeqtasksError, match=told):
            load(*models, engine="ctranslate2", **options)
    with pytest.raises(SeqtasksError, match="does not support sample = true"):
        load(transformer, engine="ctranslate2").decoding(sample=True)


def test_an_ensemble_of_a_model_with_itself_is_the_model(
    predictor: seqtasks.TranslationPipeline, model: Path, folder: Path
) -> None:
    twice = load(model, model, threads=1, dtype="float32")
    alone, both = (each.translate(TEXTS, max_length="12") for each in (predictor, twice))
    assert [each.text for each in both] == [each.text for each in alone]
    other = make_model(folder, "second", seed=2, decoder="transformer")
    mixed = load(model, other, threads=1, dtype="float32")
    assert mixed.score(["a dog"], ["ein hund"])[0].score != predictor.score(["a dog"], ["ein hund"])[0].score


def test_models_of_an_ensemble_share_their_vocabulary(model: Path, folder: Path) -> None:
    other = make_model(folder, "stranger", seed=1, pairs="others")
    with pytest.raises(SeqtasksError, match="have different tokenizers"):
        load(model, other, threads=1)


def change_configuration(model: Path, old: str, new: str) -> None:
    """Replaces the first `old` in the configuration of a model, whose manifest gets the new checksum."""
    settings = (model / "config.toml").read_text(encoding="utf-8").replace(old, new, 1)
    (model / "config.toml").write_text(settings, encoding="utf-8")
    manifest = json.loads((model / "bundle.json").read_text(encoding="utf-8"))
    manifest["sha256"]["config.toml"] = hashlib.sha256(settings.encode()).hexdigest()
    (model / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_weights_of_another_model_are_refused(model: Path, folder: Path) -> None:
    other = make_model(folder, "mixed", seed=1)
    change_configuration(other, "hidden_size = 16", "hidden_size = 32")
    with pytest.raises(SeqtasksError, match=r"mixed: The weights do not fit the model: .* is .*x16, not .*x32"):
        load(other, threads=1)


def test_sizes_are_compared_before_memory_is_taken(model: Path, folder: Path) -> None:
    """Settings that ask for petabytes are refused, and nothing is allocated."""
    other = make_model(folder, "huge", seed=1)
    change_configuration(other, "= 16", "= 1600000")
    with pytest.raises(SeqtasksError, match=r"its configuration describes a model with .* weights, but it holds"):
        load(other, threads=1)


def test_a_task_that_is_not_there(model: Path, folder: Path) -> None:
    other = make_model(folder, "unknown", seed=1)
    manifest = json.loads((other / "bundle.json").read_text(encoding="utf-8"))
    (other / "bundle.json").write_text(json.dumps(manifest | {"task": "nothing"}), encoding="utf-8")
    with pytest.raises(SeqtasksError, match="is a model for 'nothing', which is not a known task"):
        load(other, threads=1)


def test_a_processor_without_a_hash_is_refused(folder: Path) -> None:
    other = make_model(folder, "more", seed=1)
    (other / "processors" / "more.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SeqtasksError, match=r"more\.json is damaged \(bundle\.json has no checksum for it\)"):
        load(other, threads=1)


def test_evaluation_tells_all_that_it_depends_on(predictor: seqtasks.TranslationPipeline) -> None:
    pairs = [Pair(*pair) for pair in sentence_pairs(3)]
    found = predictor.evaluate(pairs, beam_size=2, max_length="8")
    assert [score.metric for score in found.scores] == ["bleu", "chrf", "ter"]
    assert found.decoding == f"beam=2|penalty=average|max=8|dtype=float32|v={seqtasks.__version__}"
    assert found.examples == 3


def test_a_device_that_is_not_there(model: Path) -> None:
    with pytest.raises(SeqtasksError, match="device 'nonsense' is not available"):
        load(model, device="nonsense")


def test_public_names_come_without_torch() -> None:
    code = (
        "import sys, seqtasks; assert 'torch' not in sys.modules; "
        "seqtasks.SeqtasksError, seqtasks.built_in_models(); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    assert all(getattr(seqtasks, name) is not None for name in seqtasks.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        seqtasks.nothing  # noqa: B018


def test_one_text_and_a_list_agree(predictor: seqtasks.TranslationPipeline) -> None:
    options = {"beam_size": 2, "nbest": 2, "max_length": "12"}
    assert [predictor.translate(TEXTS[0], **options)] == predictor.translate(TEXTS[:1], **options)
    assert predictor(TEXTS[0], **options) == predictor.translate(TEXTS[0], **options)
    assert [predictor.score("a dog", "ein hund")] == predictor.score(["a dog"], ["ein hund"])


def test_functions_are_not_replaced_by_modules_of_their_name() -> None:
    code = (
        "import seqtasks, seqtasks.loading, seqtasks.evaluation; "
        "print(callable(seqtasks.load), callable(seqtasks.evaluate))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True True\n"
