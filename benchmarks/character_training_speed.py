"""Characters a second in training: a language model of ours, and `torch.nn.LSTM` of the same size in a bare loop.

    python -m benchmarks.character_training_speed path/to/tinyshakespeare.txt

Both read the same number of characters side by side, in windows whose states go on, with the same dropout, precision,
optimizer and limit of the gradient; they take turns. The bare loop has a thread a core, ours the processes of a
training.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

import torch
import typer
from torch import nn

from benchmarks.comparison import PEER, SEQTASKS, record, spread, turns
from benchmarks.timing import Rounds
from seqtasks.config.training import TrainingConfig
from seqtasks.data.documents.text_corpus import TextSource
from seqtasks.device import available_cores, configure_runtime
from seqtasks.encoders import LstmEncoder
from seqtasks.models import LanguageModel
from seqtasks.tasks import LanguageModelingTask
from seqtasks.tasks.language_modeling.task import TextData
from seqtasks.training.events import StepEvent
from seqtasks.training.trainer import Trainer

LEARNING_RATE, CLIP_NORM = 3e-3, 1.0
FOREVER = 10**9


class Size(NamedTuple):
    embedding: int
    dim: int
    layers: int
    dropout: float
    lanes: int
    window: int


def ours(text: Path, size: Size, out: Path) -> Iterator[float]:
    """The loss of an update a step, by the trainer."""
    encoder = LstmEncoder.Config(
        hidden_size=size.dim, num_layers=size.layers, bidirectional=False, dropout=size.dropout
    )
    config = LanguageModelingTask.Config(
        data=TextData(train=[TextSource(path=text)], num_streams=size.lanes, bptt_len=size.window),
        model=LanguageModel.Config(
            hidden_size=size.embedding, tie_embeddings=False, embedding_dropout=0.0, encoder=encoder
        ),
    )
    settings = TrainingConfig(
        max_steps=FOREVER, lr_scheduler="constant", warmup_steps=0, learning_rate=LEARNING_RATE,
        max_grad_norm=CLIP_NORM,
        averaging="none", eval_steps=FOREVER, save_steps=FOREVER, device="cpu",
    )  # fmt: skip
    prepared = LanguageModelingTask.prepare(config, seed=1)
    trainer = Trainer(prepared.task, settings, out=out, seed=1, config_toml="", data=prepared.data)
    return (report.loss for report in trainer.run() if isinstance(report, StepEvent))


def bare(text: Path, size: Size) -> Iterator[float]:
    """The same: what one would write first."""
    characters = text.read_text(encoding="utf-8")
    number = {character: place for place, character in enumerate(sorted(set(characters)))}
    stream = torch.tensor([number[character] for character in characters])
    lanes = stream[: len(stream) // size.lanes * size.lanes].view(size.lanes, -1)
    embedding = nn.Embedding(len(number), size.embedding)
    lstm = nn.LSTM(size.embedding, size.dim, size.layers, batch_first=True, dropout=size.dropout)
    output = nn.Sequential(nn.Dropout(size.dropout), nn.Linear(size.dim, len(number)))
    parameters = [*embedding.parameters(), *lstm.parameters(), *output.parameters()]
    optimizer = torch.optim.AdamW(parameters, LEARNING_RATE)
    while True:
        state = None
        for window in torch.split(lanes, size.window, dim=1)[:-1]:
            with torch.autocast("cpu", torch.bfloat16):
                states, state = lstm(embedding(window[:, :-1]), state)
                logits = output(states)
            loss = nn.functional.cross_entropy(logits.float().flatten(0, 1), window[:, 1:].flatten())
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
            optimizer.step()
            state = tuple(part.detach() for part in state)
            yield loss.item()


def main(
    text: Path,
    embedding: int = 128,
    dim: int = 512,
    layers: int = 2,
    dropout: float = 0.5,
    lanes: int = 64,
    window: int = 100,
    updates: Annotated[int, typer.Option(help="In a round of each.")] = 20,
    rounds: Rounds = 5,
) -> None:
    """Compare both on a text."""
    size = Size(embedding, dim, layers, dropout, lanes, window)
    with TemporaryDirectory() as folder:
        steps = {SEQTASKS: ours(text, size, Path(folder)), PEER: bare(text, size)}
        threads = {SEQTASKS: 1, PEER: available_cores()}
        losses: dict[str, float] = {}

        def work(side: str) -> Callable[[], None]:
            def train() -> None:
                torch.set_num_threads(threads[side])
                losses[side] = statistics.mean(islice(steps[side], updates))

            return train

        seconds = turns({side: work(side) for side in steps}, rounds)
    results = {}
    for side, each in seconds.items():
        speed = spread([updates * lanes * window / value for value in each], 0)
        results[side] = {"value": speed["median"], "spread": speed, "loss of the last round": round(losses[side], 3)}
    record(
        "character-training",
        measure="training on characters, LSTM",
        unit="characters/s",
        seqtasks={"name": SEQTASKS, **results[SEQTASKS]},
        peer={"name": "torch.nn.LSTM in a bare loop", **results[PEER]},
        ratio=statistics.median(seconds[PEER]) / statistics.median(seconds[SEQTASKS]),
        at_least=0.9,
        setup={**size._asdict(), "threads": threads[PEER], "updates a round": updates, "rounds": rounds},
    )


if __name__ == "__main__":
    configure_runtime(0)
    typer.run(main)
