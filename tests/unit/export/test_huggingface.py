"""What is exported for transformers gives there what it gives here."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import torch
from helpers.synthetic import sentence_pairs

import seqtasks
from seqtasks.data.examples import Pair
from seqtasks.errors import SeqtasksError
from seqtasks.export import write_huggingface
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.special_tokens import BEGIN, END
from seqtasks.tasks import TranslationTask
from tests.helpers.marian import MarianDirectory, sentences

MARIAN = {"kind": "transformer", "num_layers": 2, "num_heads": 4, "ffn_dim": 24, "norm_first": False}
TEXTS = ["A dog runs — über 17 Ähren!", *(pair[0] for pair in sentence_pairs(20, seed=4))]


def task_of(pairs: list[tuple[str, str]], **settings: object) -> TranslationTask:
    side = {**MARIAN, "interleaved_positions": False, "activation": "silu"}
    model = {"hidden_size": 16, "encoder": side, "decoder": side} | settings.pop("model", {})  # type: ignore[operator]
    config = TranslationTask.Config.model_validate(
        {"data": {"train": []}, "text": {"kind": "subwords", "vocab_size": 330}, "model": model, **settings}
    )
    from seqtasks.tasks.translation.tokenizers import make_processors

    return TranslationTask(config, *make_processors(config, [Pair(*pair) for pair in pairs], None))


@pytest.mark.parametrize(
    "settings",
    [{}, {"shared_vocab": False, "model": {"tie_embeddings": "output"}}, {"model": {"tie_embeddings": "none"}}],
)
@torch.no_grad()
def test_log_probabilities_and_tokens_are_equal(tmp_path: Path, settings: dict[str, object]) -> None:
    from transformers import MarianMTModel, MarianTokenizer

    pairs = sentence_pairs(300)
    task = task_of(
        pairs, **{name: dict(value) if isinstance(value, dict) else value for name, value in settings.items()}
    )
    torch.manual_seed(1)
    model = task.build_model().eval()
    for parameter in model.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))
    pipeline = task.pipeline([model])
    write_huggingface(task, model, pipeline.default_decoding, "# Card", tmp_path / "out")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sacremoses, which it does not use
        tokenizer = MarianTokenizer.from_pretrained(tmp_path / "out")
    theirs = MarianMTModel.from_pretrained(tmp_path / "out").eval()
    for text, target in zip(TEXTS, reversed(TEXTS), strict=True):
        source, wanted = pipeline.source.encode(text), pipeline.target.encode(target)
        inputs = tokenizer(text, return_tensors="pt").input_ids
        assert inputs[0].tolist() == [*source, END]
        labels = tokenizer(text_target=target, return_tensors="pt").input_ids
        assert labels[0].tolist() == [*wanted, END]
        assert tokenizer.decode(labels[0], skip_special_tokens=True) == target
        begun = torch.tensor([[BEGIN, *wanted]])
        found = theirs(input_ids=inputs, decoder_input_ids=begun).logits.log_softmax(dim=2)
        ours = pipeline.stepper([source]).score_targets(torch.tensor([[BEGIN, *wanted, END]]))
        chosen = found.gather(2, labels[..., None])[0, :, 0]
        torch.testing.assert_close(ours.log_probabilities[0], chosen, rtol=0, atol=1e-4)


def test_an_imported_model_goes_back(tmp_path: Path) -> None:
    original = MarianDirectory(codes=("deu", "fra")).write(tmp_path / "original", end_bias=7.0)
    outputs = []
    for number in range(2):
        seqtasks.import_model(original, tmp_path / str(number), target_language="deu")
        pipeline = seqtasks.load(tmp_path / str(number), task="translation", dtype="float32")
        outputs.append(pipeline.translate(sentences(20, 3), max_length="20"))
        task = seqtasks.loading.open_models([tmp_path / str(number)]).task if number == 0 else None
        if task is not None:
            assert isinstance(task, TranslationTask)
            original = tmp_path / "back"
            write_huggingface(task, pipeline.models[0], pipeline.default_decoding, "", original)
    assert [found.text for found in outputs[0]] == [found.text for found in outputs[1]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": {"encoder": {**MARIAN, "norm_first": True}}}, "has no model.encoder.norm_first = true. Train"),
        ({"model": {"decoder": MARIAN}}, "has no model.decoder.interleaved_positions = true"),
        ({"model": {"decoder": {**MARIAN, "interleaved_positions": False}}}, "has one activation"),
        ({"model": {"decoder": {"kind": "lstm", "hidden_size": 16}}}, 'its decoder "lstm"'),
        ({"text": {"kind": "characters"}}, 'text.kind is "characters"'),
    ],
)
def test_what_marian_does_not_have(tmp_path: Path, settings: dict[str, object], message: str) -> None:
    task = task_of(sentence_pairs(300), **settings)
    pipeline: TranslationPipeline = task.pipeline([task.build_model()])
    with pytest.raises(SeqtasksError) as raised:
        write_huggingface(task, pipeline.models[0], pipeline.default_decoding, "", tmp_path / "out")
    assert message in str(raised.value)
    assert not (tmp_path / "out").exists()
