"""Translation models to export: random ones of several kinds, and what the program in a guide makes of them."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from helpers.generators import DECODERS, ENCODERS
from helpers.synthetic import sentence_pairs
from seqtasks.decoding.repetition import RepetitionGuard
from seqtasks.models import EncoderDecoder
from seqtasks.registry import ConfigModel
from seqtasks.tasks import TranslationTask
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer

TEXTS = [
    "a red dog sees the old tree .", "", " the  new\tcar\u2028likes 'it' ", "größer ▁ and ▅ ", "a bird .", "Ωé\ue0001",
]  # fmt: skip
PROCESSORS: dict[str, ConfigModel] = {
    "subwords": SubwordTokenizer.Config(vocab_size=340),
    "characters": CharacterTokenizer.Config(),
    "words": WordTokenizer.Config(),
    "words with an unknown": WordTokenizer.Config(oov="unknown"),
}


def translation(
    processor: str = "characters",
    tie: str = "all",
    *,
    encoder: str = "transformer",
    decoder: str = "transformer-3",
    seed: int = 1,
) -> tuple[TranslationTask, EncoderDecoder]:
    """A task and a model with random weights that are far from uniform; like a trained one it writes no special token.

    Two vocabularies where `tie` is not "all".
    """
    text = PROCESSORS[processor]
    pairs = [*sentence_pairs(60), ("▁ ▁", "▁ ▁"), ("▁ ▁", "▁ ▁")]
    sides = [[pair[side] for pair in pairs] for side in (0, 1)]
    kind = Tokenizer.of(text)
    processors = (
        [kind.train(sides[0] + sides[1], text)] * 2 if tie == "all" else [kind.train(side, text) for side in sides]
    )
    config = TranslationTask.Config(
        text=text,
        shared_vocab=tie == "all",
        data={"train": [{"path": "none.tsv"}]},
        model=EncoderDecoder.Config(
            hidden_size=16, tie_embeddings=tie, encoder=ENCODERS[encoder], decoder=DECODERS[decoder]
        ),
    )
    task = TranslationTask(config, *processors)
    torch.manual_seed(seed)
    model = task.build_model().eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))
    model.decoder.output.bias.normal_()
    model.decoder.output.bias[:3] = -40.0
    return task, model


def as_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipelines translate what is unknown too, and let outputs repeat themselves, as exported programs do."""
    monkeypatch.setattr(RepetitionGuard, "apply", lambda *given, **more: None)
    for kind in (Tokenizer, *Tokenizer.kinds.values()):
        if "unknown" in vars(kind):
            monkeypatch.setattr(kind, "unknown", lambda self, text: ())


def program(folder: Path) -> dict[str, Any]:
    """The names that the program in the README has made, which ran in its directory."""
    [code] = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    before = os.getcwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(code, "README.md", "exec"), names)
    finally:
        os.chdir(before)
    assert printed.getvalue() == names["translate"]("A dog runs.") + "\n"
    return names
