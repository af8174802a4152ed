"""Small models learn tasks that need what they are made of: attention to find a place, an order to count by."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.trained import trained

from seqtasks.data.examples import Pair
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.decoders import LstmDecoder, TransformerDecoder
from seqtasks.encoders import GruEncoder, LstmEncoder, TransformerEncoder
from seqtasks.models import EncoderDecoder
from seqtasks.registry import ConfigModel
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.task import TranslationData
from seqtasks.text import CharacterTokenizer, WordTokenizer

LETTERS = "abcdefgh"
WORDS = ("north", "east", "south", "west", "up", "down", "left", "right", "near", "far")

LSTM = LstmDecoder.Config(hidden_size=64, num_layers=1, dropout=0.0)
TRANSFORMER = TransformerDecoder.Config(num_layers=1, num_heads=4, ffn_dim=96, dropout=0.0)


def characters(chance: random.Random) -> list[str]:
    return chance.choices(LETTERS, k=chance.randint(3, 7))


def words(chance: random.Random) -> list[str]:
    return chance.choices(WORDS, k=chance.randint(3, 6))


def copy(items: list[str]) -> list[str]:
    return items


def reverse(items: list[str]) -> list[str]:
    return items[::-1]


def pairs(draw: Callable[..., list[str]], change: Callable[..., list[str]], between: str, count: int) -> list[Pair]:
    """Distinct pairs of texts, in an order that does not depend on their lengths."""
    chance = random.Random(1)
    found: dict[str, Pair] = {}
    while len(found) < count:
        items = draw(chance)
        found[between.join(items)] = Pair(between.join(items), between.join(change(items)))
    shuffled = list(found.values())
    chance.shuffle(shuffled)
    return shuffled


SELF_ATTENTION = TransformerEncoder.Config(num_layers=1, ffn_dim=96, dropout=0.0)
READS_LSTM = LstmEncoder.Config(hidden_size=64, num_layers=1, dropout=0.0)
READS_GRU = GruEncoder.Config(hidden_size=64, num_layers=1, dropout=0.0)
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("encoder", "decoder", "draw", "change", "steps", "rate"),
    [
        pytest.param(SELF_ATTENTION, TRANSFORMER, characters, copy, 350, 3e-3, id="transformer-copy"),
        pytest.param(SELF_ATTENTION, TRANSFORMER, words, reverse, 600, 4e-3, id="transformer-reverse", marks=SLOW),
        pytest.param(READS_LSTM, LSTM, characters, reverse, 600, 6e-3, id="lstm-reverse", marks=SLOW),
        pytest.param(READS_GRU, LSTM, words, reverse, 300, 6e-3, id="gru-reverse", marks=SLOW),
    ],
)
def test_learned(
    tmp_path: Path,
    encoder: ConfigModel,
    decoder: ConfigModel,
    draw: Callable[..., list[str]],
    change: Callable[..., list[str]],
    steps: int,
    rate: float,
) -> None:
    between = " " if draw is words else ""
    everything = pairs(draw, change, between, 6000)
    unseen, train = everything[:200], everything[200:]
    file = tmp_path / "train.tsv"
    file.write_text("".join(f"{pair.source}\t{pair.target}\n" for pair in train), encoding="utf-8")
    config = TranslationTask.Config(
        text=WordTokenizer.Config() if draw is words else CharacterTokenizer.Config(),
        data=TranslationData(train=[ParallelSource(path=file)], validation_split=20),
        model=EncoderDecoder.Config(
            hidden_size=48, embedding_dropout=0.0, label_smoothing=0.0, encoder=encoder, decoder=decoder
        ),
    )
    prepared = TranslationTask.prepare(config, seed=1)
    task = prepared.task
    assert isinstance(task, TranslationTask)
    settings = {"steps": steps, "batch_tokens": 500, "learning_rate": rate, "warmup": 50, "ema_decay": 0.98}
    model = trained(prepared, tmp_path / "out", **settings).model
    assert isinstance(model, EncoderDecoder)
    translations = task.pipeline([model]).translate([pair.source for pair in unseen], beam_size=1)
    right = sum(found.text == pair.target for found, pair in zip(translations, unseen, strict=True))
    assert right >= 0.99 * len(unseen)
