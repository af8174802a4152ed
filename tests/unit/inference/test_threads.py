"""Pipelines may be called from many threads: each call has the answer that it has alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seqtasks import load
from seqtasks.device import forks

THREADS = 8
INPUTS: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "en-de": ("translate", ["A dog runs.", "Two men talk in the park.", "Hello!"], {"beam_size": 2, "max_length": "8"}),
    "pos-en": ("tag", ["A dog runs.", "Two men talk in the park.", "Hello!"], {}),
    "sentiment": ("classify", ["A wonderful film.", "Dull, and far too long.", "Fine."], {}),
    "shakespeare": ("generate", ["ROMEO:\n", "What", "O"], {"max_length": "6"}),
    "captions": ("caption", ["red.png", "blue.png", "green.png"], {"beam_size": 2, "max_length": "6"}),
}


def texts(found: Any) -> Any:
    """What is compared: no numbers, whose last digits depend on what else is computed at the time."""
    return getattr(found, "text", None) or getattr(found, "labels", None)


@pytest.mark.parametrize("name", INPUTS)
def test_eight_threads(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for color in ("red", "blue", "green"):
        Image.new("RGB", (64, 48), color).save(f"{color}.png")
    method, inputs, options = INPUTS[name]
    pipeline = load(name, threads=1, dtype="float32")
    take = getattr(pipeline, method)
    expected = [texts(take(each, **options)) for each in inputs]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda each: texts(take(each, **options)), inputs * THREADS))
    assert found == expected * THREADS


@pytest.mark.parametrize("name", INPUTS)
def test_the_first_call_in_a_forked_process_warns_of_its_one_thread(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 48), "red").save("red.png")
    method, inputs, options = INPUTS[name]
    pipeline = load(name, threads=1)
    monkeypatch.setattr(forks, "parent_threads", 2)
    monkeypatch.setattr(forks, "told", False)
    assert pipeline.device.type == "cpu"
    assert not forks.told
    with pytest.warns(RuntimeWarning, match="forked from one that computes with 2 threads"):
        getattr(pipeline, method)(inputs[0], **options)


@pytest.mark.parametrize("method", ["occlusion", "gradients"])
def test_an_explanation_changes_no_answer_of_another_thread(method: Any) -> None:
    """Words are hidden from the encoder by hooks, which other threads' calls pass by as well."""
    pipeline = load("sentiment", threads=1, dtype="float32")
    document = "A warm and funny film with a wonderful cast, though the ending is a bit too sweet for my taste."
    expected = pipeline.classify(document).probabilities
    explained = pipeline.explain(document, method=method)
    with ThreadPoolExecutor(THREADS) as pool:
        explanations = [pool.submit(pipeline.explain, document, method=method) for _ in range(4)]
        answers = [pool.submit(pipeline.classify, document) for _ in range(40)]
        for answer in answers:
            assert answer.result().probabilities == pytest.approx(expected, abs=1e-5)
        for explanation in explanations:
            values = [word.value for word in explanation.result().words]
            assert values == pytest.approx([word.value for word in explained.words], abs=1e-3)
