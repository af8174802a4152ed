"""ONNX Runtime computes what an exported model computes here, and the program in the guide searches as we do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers.exported import TEXTS, as_exported, program, translation

from seqtasks import SeqtasksError
from seqtasks.decoding import DecodingConfig
from seqtasks.export.onnx import write_onnx
from seqtasks.incremental_state import reorder_hypotheses
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import BEGIN
from seqtasks.tasks import TranslationTask

NETWORKS: dict[str, tuple[str, dict[str, str]]] = {
    "transformers": ("subwords", {"encoder": "transformer", "decoder": "transformer-3", "tie": "none"}),
    "LSTMs": ("words", {"encoder": "lst-both", "decoder": "additive-fed-2", "tie": "output"}),
    "forward LSTMs": ("characters", {"encoder": "lst-forward", "decoder": "dot-2"}),
    "an LSTM after a causal Transformer": ("characters", {"encoder": "transformer-causal", "decoder": "dot-1"}),
    "Transformers with norms behind": (
        "subwords",
        {"encoder": "transformer-marian", "decoder": "transformer-marian"},
    ),
    "a Transformer after an LSTM": ("words with an unknown", {"encoder": "lst-both", "decoder": "transformer-1"}),
}
"""Text processors, and the parts of models."""

DEFAULT = ("transformers", "LSTMs")
"""Those that are always tested: writing a model takes a quarter of a minute."""

WRITE = """
import json, sys
from pathlib import Path
from helpers.exported import translation
from seqtasks.decoding import DecodingConfig
from seqtasks.export import write_onnx

processor, network, folder = json.loads(sys.argv[1])
decoding = DecodingConfig(beam_size=4, max_length="1.25x+7")
write_onnx(*translation(processor, **network), decoding, "The card.", Path(folder))
"""

Exported = tuple[TranslationTask, EncoderDecoder, Path]


@pytest.fixture(
    scope="module",
    params=[name if name in DEFAULT else pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS],
)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A model and its directory, written by another process: the checks of shapes know no sizes that are symbols."""
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    processor, network = NETWORKS[request.param]
    folder = tmp_path_factory.mktemp("onnx") / "exported"
    tests = str(Path(__file__).parents[2])
    paths = os.pathsep.join([tests, str(Path(tests).parent), os.environ.get("PYTHONPATH", "")])
    written = json.dumps([processor, network, str(folder)])
    subprocess.run([sys.executable, "-c", WRITE, written], env={**os.environ, "PYTHONPATH": paths}, check=True)
    return *translation(processor, **network), folder


def test_the_program_in_the_readme_translates_as_we_do(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    as_exported(monkeypatch)
    task, model, folder = exported
    names = program(folder)
    translator = TranslationPipeline([model], task.source, task.target)
    for beam in (1, 4):
        names["beam"] = beam
        expected = translator.translate(TEXTS, protect=None, beam_size=beam, max_length="1.25x+7")
        assert [names["translate"](text) for text in TEXTS] == [each.text for each in expected]
        for text, each in zip(TEXTS, expected, strict=True):
            if text:
                tokens, score = names["search"](names["tokenize"](text))
                assert task.target.pieces(tokens) == list(each.tokens)
                assert score == pytest.approx(each.normalized_score, abs=1e-5)


@pytest.mark.parametrize(("rows", "length", "hyps"), [(1, 2, 1), (4, 9, 3), (2, 60, 2)])
def test_steps_of_many_rows_and_hypotheses_are_ours(exported: Exported, rows: int, length: int, hyps: int) -> None:
    import onnxruntime

    task, model, folder = exported
    reading, step = (onnxruntime.InferenceSession(folder / f"{name}.onnx") for name in ("source", "step"))
    numbers = torch.Generator().manual_seed(rows)
    sources = torch.randint(4, task.source.size, (rows, length), generator=numbers)
    sources[rows // 2, (length + 1) // 2 :] = 0
    stepper = model.make_stepper(sources, sources != 0)
    state = stepper.start(hyps, 5)
    names = [output.name for output in reading.get_outputs()]
    theirs = dict(zip(names, reading.run(None, {"tokens": sources.numpy()}), strict=True))
    memory = {name: value for name, value in theirs.items() if name.startswith("memory")}
    carried = {name: value.repeat(hyps, axis=1) for name, value in theirs.items() if name.startswith("state")}
    tokens = torch.full((rows, hyps), BEGIN)
    for position in range(5):
        logits, state = stepper.step(tokens, position, state)
        found, *after = step.run(None, {"tokens": tokens.numpy(), **memory, **carried})
        np.testing.assert_allclose(found, logits.log_softmax(2).numpy(), atol=2e-5)
        parents = torch.randint(0, hyps, (rows, hyps), generator=numbers)
        state = reorder_hypotheses(state, parents)
        carried = {
            name: value[np.arange(rows)[:, None], parents.numpy()] for name, value in zip(carried, after, strict=True)
        }
        tokens = torch.randint(4, task.target.size, (rows, hyps), generator=numbers)


def test_the_directory_holds_all_that_is_needed(exported: Exported) -> None:
    task, _, folder = exported
    processors = {
        f"{name}{task.source.extension}" for name in ("source", "target")[: 1 + (task.target is not task.source)]
    }
    assert {file.name for file in folder.iterdir()} == {"source.onnx", "step.onnx", "README.md", "CARD.md", *processors}
    assert (folder / "CARD.md").read_text(encoding="utf-8") == "The card."


@pytest.mark.parametrize(
    ("parts", "given", "told"),
    [
        ({"encoder": "gru-both"}, {}, 'encoder is "gru", its decoder "transformer"'),
        ({"decoder": "show-and-tell"}, {}, 'encoder is "transformer", its decoder "show-and-tell"'),
        ({}, {"sample": True}, "sample = true.* --set sample=false"),
    ],
)
def test_what_cannot_be_written_is_told(
    tmp_path: Path, parts: dict[str, Any], given: dict[str, Any], told: str
) -> None:
    with pytest.raises(SeqtasksError, match=told):
        write_onnx(*translation(**parts), DecodingConfig(**given), "", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
