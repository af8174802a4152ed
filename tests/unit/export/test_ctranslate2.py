"""CTranslate2 does with an exported model what search does with ours."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from helpers.exported import PROCESSORS, TEXTS, as_exported, program, translation

from seqtasks import SeqtasksError
from seqtasks.decoders import TransformerDecoder
from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import TransformerEncoder
from seqtasks.export.ctranslate2 import vocabulary, write_ctranslate2
from seqtasks.export.ctranslate2_tensors import transformer_tensors
from seqtasks.export.supported_decoding import search_options
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.models import EncoderDecoder
from seqtasks.models.state_dict import unique_state_dict
from seqtasks.tasks import TranslationTask


def exported(folder: Path, task: TranslationTask, model: EncoderDecoder, decoding: DecodingConfig) -> Path:
    write_ctranslate2(task, model, decoding, "The card.", folder / "exported")
    return folder / "exported"


@pytest.mark.parametrize(("tie", "uses"), [("none", [1]), ("output", [1, 2]), ("all", [1, 3])])
def test_every_tensor_of_a_model_has_its_places(tie: str, uses: list[int]) -> None:
    _, model = translation(tie=tie)
    assert isinstance(model.encoder, TransformerEncoder)
    assert isinstance(model.decoder, TransformerDecoder)
    named = dict(transformer_tensors(model.encoder, model.decoder))
    assert len(named) == len(list(transformer_tensors(model.encoder, model.decoder)))
    used = Counter(tensor.data_ptr() for name, tensor in named.items() if "position" not in name)
    own = unique_state_dict(model)
    assert set(used) == {tensor.data_ptr() for tensor in own.values()}
    assert sorted(set(used.values())) == uses
    assert used[own["decoder.output.bias"].data_ptr()] == 1


def test_names_of_tokens_are_distinct() -> None:
    task, _ = translation("characters")
    names = vocabulary(task.source)
    assert len(set(names)) == task.source.size
    assert names[:4] == ["<pad>", "<unk>", "<s>", "</s>"]
    assert [name for name in names if name.startswith("▁")] == ["▁", f"▁#{max(task.source.encode('▁ ▁'))}"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"length_penalty": "wu:0.6"}, 'length_penalty = "wu:0.6".* --set length_penalty=average'),
        ({"sample": True}, "sample = true.* --set sample=false"),
        ({"mbr_samples": 4}, "mbr_samples = 4.* --set mbr_samples=0"),
        ({"repetition_penalty": 1.5}, "repetition_penalty = 1.5.* --set repetition_penalty=1.0"),
        ({"min_length": "0.5x"}, 'min_length = "0.5x".* --set min_length=0'),
        ({"min_length": "2"}, 'min_length = "2".* --set min_length=0'),
        ({"no_repeat_ngram_size": 3}, "no_repeat_ngram_size = 3.* --set no_repeat_ngram_size=0"),
        ({"suppress_tokens": (5,)}, r"suppress_tokens = \[5\].* --set suppress_tokens=\[\]"),
    ],
)
def test_what_its_search_lacks_is_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(SeqtasksError, match=told):
        search_options(DecodingConfig(**given), None)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"encoder": "lst-both"}, 'encoder is "lstm", its decoder "transformer"'),
        ({"decoder": "dot-2"}, 'encoder is "transformer", its decoder "lstm"'),
        ({"encoder": "transformer-causal"}, "reads forward only"),
    ],
)
def test_networks_that_it_lacks_are_told(tmp_path: Path, parts: dict[str, Any], told: str) -> None:
    with pytest.raises(SeqtasksError, match=told):
        exported(tmp_path, *translation(**parts), DecodingConfig())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("tie", ["all", "output", "none"])
def test_the_program_in_the_readme_translates_as_we_do(
    tmp_path: Path, processor: str, tie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ctranslate2")
    as_exported(monkeypatch)
    task, model = translation(processor, tie)
    decoding = DecodingConfig(beam_size=1, max_length="1.25x+7")
    names = program(exported(tmp_path, task, model, decoding))
    expected = TranslationPipeline([model], task.source, task.target).translate(TEXTS, protect=None, **asdict(decoding))
    assert [names["translate"](text) for text in TEXTS] == [translation.text for translation in expected]


@pytest.mark.parametrize(
    "given",
    [
        {"beam_size": 1},
        {"beam_size": 4, "nbest": 4, "length_penalty": "none"},
        {"beam_size": 5, "nbest": 2, "length_penalty": "average"},
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_its_search_finds_our_tokens_and_scores(
    tmp_path: Path, given: dict[str, Any], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    as_exported(monkeypatch)
    task, model = translation("characters", seed=seed)
    decoding = DecodingConfig(max_length="25", **given)
    folder = exported(tmp_path, task, model, decoding)
    options = search_options(decoding, None) | {"patience": 100.0}
    names = json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))
    translator = ctranslate2.Translator(str(folder), compute_type="float32")
    for text in filter(str.strip, TEXTS):
        [expected] = TranslationPipeline([model], task.source, task.target).translate(
            [text], protect=None, **asdict(decoding)
        )
        tokens = [names[number] for number in task.source.encode(text)]
        [found] = translator.translate_batch([tokens], max_decoding_length=25, return_scores=True, **options)
        numbers = [[names.index(token) for token in hypothesis] for hypothesis in found.hypotheses]
        ours = [expected, *expected.alternatives]
        assert [task.target.pieces(each) for each in numbers] == [list(each.tokens) for each in ours]
        # float32 sums of 25 log-probabilities: their rounding grows with them and differs between instruction sets
        assert found.scores == pytest.approx([each.normalized_score for each in ours], rel=2e-6, abs=1e-5)


def test_norms_behind_and_other_activations_are_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    as_exported(monkeypatch)
    task, model = translation("subwords", encoder="transformer-marian", decoder="transformer-marian")
    decoding = DecodingConfig(beam_size=1, max_length="1.25x+7")
    names = program(exported(tmp_path, task, model, decoding))
    expected = TranslationPipeline([model], task.source, task.target).translate(TEXTS, protect=None, **asdict(decoding))
    assert [names["translate"](text) for text in TEXTS] == [translation.text for translation in expected]


@pytest.mark.parametrize("heads", [0, 1])
def test_its_attention_is_that_of_the_alignment_heads(
    tmp_path: Path, heads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctranslate2 = pytest.importorskip("ctranslate2")
    as_exported(monkeypatch)
    task, model = translation("characters")
    assert isinstance(model.decoder, TransformerDecoder)
    model.decoder.alignment_heads = heads or model.decoder.alignment_heads
    folder = exported(tmp_path, task, model, DecodingConfig(beam_size=1))
    names = json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))
    translator = ctranslate2.Translator(str(folder), compute_type="float32")
    [expected] = TranslationPipeline([model], task.source, task.target).translate(
        [TEXTS[0]], beam_size=1, max_length="25", attention=True
    )
    tokens = [names[number] for number in task.source.encode(TEXTS[0])]
    [found] = translator.translate_batch([tokens], beam_size=1, max_decoding_length=25, return_attention=True)
    assert expected.attention is not None
    for ours, theirs in zip(expected.attention, found.attention[0], strict=False):
        assert list(theirs) == pytest.approx(list(ours)[: len(theirs)], abs=1e-5)


def test_the_directory_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    task, model = translation(tie="none")
    folder = exported(tmp_path, task, model, DecodingConfig())
    assert {file.name for file in folder.iterdir()} == {
        "model.bin", "config.json", "source_vocabulary.json", "target_vocabulary.json", "source.json", "target.json",
        "README.md", "CARD.md",
    }  # fmt: skip
    assert (folder / "CARD.md").read_text(encoding="utf-8") == "The card."

    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(task, "save_processors", full)
    with pytest.raises(OSError, match="No space left"):
        write_ctranslate2(task, model, DecodingConfig(), "", tmp_path / "second")
    assert [path.name for path in tmp_path.iterdir()] == ["exported"]
