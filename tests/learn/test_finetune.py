"""A fine-tuned model learns what is new, and keeps what it knew where old data are mixed in; what it tells is true."""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.synthetic import NOUNS, VERBS, sentence_pairs

import seqtasks

FILLERS = ("the", "a", "was", "and", "it", "so")
TRAINING = {
    "batch_tokens": 400, "learning_rate": 0.01, "warmup_steps": 10, "lr_scheduler": "cosine", "ema_decay": 0.9,
    "num_threads": 1, "device": "cpu", "dtype": "float32",
}  # fmt: skip
CONTENT = {*NOUNS, *VERBS, *NOUNS.values(), *VERBS.values()}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def write_pairs(path: Path, count: int, seed: int, *, new: bool = False) -> Path:
    """Sentences and their translations; in the new domain all nouns and verbs are others."""
    rows = [
        "\t".join(
            " ".join(f"{word}{end}" if new and word in CONTENT else word for word in side.split())
            for side, end in zip(pair, ("ish", "isch"), strict=True)
        )
        for pair in sentence_pairs(count, seed)
    ]
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def steps(count: int) -> dict[str, Any]:
    return {"max_steps": count, "eval_steps": count, "save_steps": count}


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the old domain, whose vocabulary has the words of both."""
    folder = tmp_path_factory.mktemp("translator")
    write_pairs(folder / "old.tsv", 500, 1)
    write_pairs(folder / "old-test.tsv", 30, 2)
    write_pairs(folder / "new.tsv", 300, 3, new=True)
    write_pairs(folder / "new-test.tsv", 30, 4, new=True)
    layers = {"kind": "transformer", "num_layers": 1, "num_heads": 4, "ffn_dim": 64, "dropout": 0.0}
    train = [{"path": str(folder / "old.tsv")}, {"path": str(folder / "new.tsv"), "weight": 0.001}]  # never drawn
    config = {
        "task": "translation",
        "text": {"kind": "words", "min_freq": 1},
        "data": {"train": train, "validation": [{"path": str(folder / "old-test.tsv")}]},
        "model": {"hidden_size": 32, "embedding_dropout": 0.0, "encoder": layers, "decoder": layers},
    }
    seqtasks.train(config, folder / "model", training=TRAINING | steps(260))
    return folder


def tuned(folder: Path, out: Path, **options: Any) -> seqtasks.FinetuningResult:
    settings = TRAINING | steps(120) | {"learning_rate": 0.004, "l2_sp": options.pop("l2_sp", 0.0)}
    files = folder / "model", folder / "new.tsv", out
    return seqtasks.finetune(*files, validation=[folder / "new-test.tsv"], training=settings, **options)


def test_old_data_keep_a_translator_from_forgetting(translator: Path, tmp_path: Path) -> None:
    """Without old data it forgets all, pulled back some of it, with them nothing; and that is what it tells."""
    found = {
        "plain": tuned(translator, tmp_path / "plain"),
        "pulled": tuned(translator, tmp_path / "pulled", l2_sp=10.0),
        "mixed": tuned(translator, tmp_path / "mixed", mix=[translator / "old.tsv"]),
    }
    kept = {}
    for name, each in found.items():
        assert each.own_validation is not None
        assert each.own_validation.before[0].value > 95
        assert each.new_domain.before[0].value < 10
        assert each.new_domain.after[0].value > 60
        kept[name] = each.own_validation.after[0].value
    assert kept["plain"] < 30 < 30 + kept["plain"] < kept["pulled"]
    assert kept["mixed"] > 95
    mixed = found["mixed"]
    assert mixed.own_validation is not None
    for change, file in ((mixed.new_domain, "new-test.tsv"), (mixed.own_validation, "old-test.tsv")):
        for scores, model in ((change.before, translator / "model"), (change.after, tmp_path / "mixed")):
            truth = seqtasks.evaluate(model, translator / file, beam_size=1, dtype="float32", threads=1)
            assert scores[0] == truth.scores[0]


def write_reviews(path: Path, words: dict[str, str], count: int, seed: int) -> Path:
    """Texts of fillers with one word that says what they are."""
    chance = random.Random(seed)
    rows = ["label\ttext\n"]
    for _ in range(count):
        label = chance.choice(sorted(words))
        text = [*chance.choices(FILLERS, k=6), words[label]]
        chance.shuffle(text)
        rows.append(f"{label}\t{' '.join(text)}\n")
    path.write_text("".join(rows), encoding="utf-8")
    return path


def test_old_data_keep_a_classifier_from_forgetting(tmp_path: Path) -> None:
    """In the new domain a word means the opposite of what it meant, if the text does not say that it is the old one."""
    old = write_reviews(tmp_path / "old.tsv", {"pos": "film great", "neg": "film awful"}, 300, 1)
    new = write_reviews(tmp_path / "new.tsv", {"pos": "song awful", "neg": "song great"}, 300, 2)
    config = {
        "task": "classification",
        "text": {"kind": "words", "min_freq": 1, "language": "en"},
        "data": {"train": [{"path": str(old)}], "validation_split": 0.2},
        "model": {
            "hidden_size": 16, "embedding_dropout": 0.0,
            "encoder": {"kind": "lstm", "hidden_size": 16, "num_layers": 1, "dropout": 0.0},
        },
    }  # fmt: skip
    seqtasks.train(config, tmp_path / "model", training=TRAINING | steps(80))
    plain, mixed = (
        seqtasks.finetune(
            tmp_path / "model", new, tmp_path / str(len(mix)), mix=mix, own_validation=[old],
            training=TRAINING | steps(120) | {"l2_sp": 0.0},
        )
        for mix in ([], [old])
    )  # fmt: skip
    for found in (plain, mixed):
        assert found.own_validation is not None
        assert found.own_validation.before[0].value > 95
        assert found.new_domain.before[0].value < 20
        assert found.new_domain.after[0].value > 90
    assert plain.own_validation is not None
    assert mixed.own_validation is not None
    assert plain.own_validation.after[0].value < 60
    assert mixed.own_validation.after[0].value > 90
    truth = seqtasks.evaluate(tmp_path / "1", old, dtype="float32", threads=1)
    assert mixed.own_validation.after == truth.scores
