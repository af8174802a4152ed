"""Marian models of transformers, beside transformers itself."""

from __future__ import annotations

import warnings

import pytest
import torch

import seqtasks
from seqtasks.decoding.repetition import RepetitionGuard
from seqtasks.special_tokens import BEGIN, END
from tests.helpers.marian import MarianDirectory, sentences

DIRECTORIES = {
    "opus-mt": MarianDirectory(),
    "tc-big": MarianDirectory(tied=False),
    "two-vocabularies": MarianDirectory(separate_vocabs=True),
    "relu-unscaled": MarianDirectory(activation="relu", scale_embedding=False),
    "float16": MarianDirectory(dtype="float16"),
    "multilingual-bpe": MarianDirectory(codes=("deu", "fra"), model_type="bpe"),
}


@pytest.fixture(scope="module", params=DIRECTORIES)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A model of transformers, its tokenizer, the pipeline of its import, and what stands before its source texts."""
    from transformers import MarianMTModel, MarianTokenizer

    path = DIRECTORIES[request.param].write(
        tmp_path_factory.mktemp("marian") / request.param, end_bias=12.0 if request.param == "tc-big" else 7.0
    )
    code = "fra" if "multilingual" in request.param else None
    output = path.with_name("imported")
    seqtasks.import_model(path, output, target_language=code)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sacremoses, which it does not use
        tokenizer = MarianTokenizer.from_pretrained(path)
    model = MarianMTModel.from_pretrained(path, dtype=torch.float32).eval()
    pipeline = seqtasks.load(output, task="translation", dtype="float32")
    return model, tokenizer, pipeline, f">>{code}<< " if code else ""


@torch.no_grad()
def test_texts_and_log_probabilities_are_equal(both) -> None:
    model, tokenizer, pipeline, before = both
    texts, targets = sentences(12, 7), sentences(12, 8)
    texts[:2] = ["Größe: “ﬁne” … 漢 Ａ", "ein  Test,"]
    start = model.config.decoder_start_token_id
    for text, target in zip(texts, targets, strict=True):
        source = tokenizer(before + text, return_tensors="pt").input_ids
        wanted = tokenizer(text_target=target, return_tensors="pt").input_ids
        begun = torch.cat([torch.tensor([[start]]), wanted[:, :-1]], dim=1)
        logits = model(input_ids=source, decoder_input_ids=begun).logits
        logits[..., start] = -torch.inf  # Marian itself has no padding that could be generated
        theirs = logits.log_softmax(dim=2).gather(2, wanted[..., None])[0, :, 0]
        stepper = pipeline.stepper([pipeline.source.encode(text)])
        ours = stepper.score_targets(torch.tensor([[BEGIN, *pipeline.target.encode(target), END]]))
        torch.testing.assert_close(ours.log_probabilities[0], theirs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("count", [20, pytest.param(500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("beam_size", [1, 4])
@torch.no_grad()
def test_outputs_are_equal(both, beam_size: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that end by themselves: the searches stop by other rules at the limit, and ours stops loops."""
    monkeypatch.setattr(RepetitionGuard, "apply", lambda *given, **more: None)
    model, tokenizer, pipeline, before = both
    texts, limit = sentences(count, 9), 16
    inputs = tokenizer([before + text for text in texts], return_tensors="pt", padding=True)
    start = model.config.decoder_start_token_id
    found = model.generate(
        **inputs, num_beams=beam_size, max_new_tokens=limit, suppress_tokens=[start, tokenizer.unk_token_id],
        early_stopping="never" if beam_size > 1 else None, return_dict_in_generate=True, output_scores=True,
    )  # fmt: skip
    outputs = tokenizer.batch_decode(found.sequences, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    scores = found.sequences_scores.tolist() if beam_size > 1 else [0.0] * count
    ours = pipeline.translate(texts, protect=None, beam_size=beam_size, max_length=str(limit))
    ended = [own.finished and len(own.tokens) < limit - 1 for own in ours]
    different = [
        (own, output) for own, output, score, stop in zip(ours, outputs, scores, ended, strict=True)
        if stop and own.text != output and not (beam_size > 1 and own.normalized_score > score + 1e-4)
    ]  # fmt: skip
    assert not different
    assert sum(ended) >= count / 8
