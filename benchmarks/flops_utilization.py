"""The share of the processor's rate of bfloat16 matrix products that Transformer training reaches, at a width of 512.

    python -m benchmarks.flops_utilization path/to/multi30k

The rate is that of large square matrices in torch (oneDNN), a thread a core, of the size that is fastest; the updates
are those of our trainer as it runs by itself: its precision, its processes, dropout, clipping, AdamW, averaged weights
and making the batches included. What an update asks for is counted from the lengths of its sentences: `useful` without
padding, which is the share, and `computed` with it. Rates and updates take turns. The folder holds `train.en`,
`train.de`, `val.en` and `val.de`.
"""

from __future__ import annotations

import statistics
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import torch
import typer

from benchmarks.comparison import record, spread
from benchmarks.flop_counts import Size, matrix_rate, operations_of_rectangle, operations_of_update
from benchmarks.timing import Rounds
from seqtasks.config.training import TrainingConfig
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.decoders import TransformerDecoder
from seqtasks.device import available_cores
from seqtasks.encoders import TransformerEncoder
from seqtasks.models import EncoderDecoder
from seqtasks.special_tokens import PAD
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.data import TranslationData
from seqtasks.text import SubwordTokenizer
from seqtasks.training.events import StepEvent
from seqtasks.training.trainer import Trainer

SEED = 1
FOREVER = 10**9
GIGA = 1e9


def configuration(data: Path, size: Size, vocabulary: int) -> TranslationTask.Config:
    """A Transformer of this size between the two languages of a folder."""
    layers: dict[str, Any] = {
        "num_layers": size.layers,
        "num_heads": size.heads,
        "ffn_dim": size.ffn_dim,
        "dropout": 0.1,
    }
    train, validation = (
        ParallelSource(source=data / f"{part}.en", target=data / f"{part}.de") for part in ("train", "val")
    )
    return TranslationTask.Config(
        text=SubwordTokenizer.Config(vocab_size=vocabulary),
        data=TranslationData(train=[train], validation=[validation]),
        model=EncoderDecoder.Config(
            hidden_size=size.dim,
            encoder=TransformerEncoder.Config(**layers),
            decoder=TransformerDecoder.Config(**layers),
        ),
    )


def main(
    data: Path,
    dim: int = 512,
    ffn_dim: int = 2048,
    layers: int = 6,
    heads: int = 8,
    vocabulary: int = 8000,
    batch_tokens: int = 4096,
    matrices: Annotated[list[int] | None, typer.Option(help="Widths of the square matrices.")] = None,
    updates: Annotated[int, typer.Option(help="In a round.")] = 8,
    rounds: Rounds = 5,
) -> None:
    """Measure on the sentence pairs of Multi30k."""
    size = Size(dim, ffn_dim, layers, heads)
    settings = TrainingConfig(
        max_steps=FOREVER, batch_tokens=batch_tokens, eval_steps=FOREVER, save_steps=FOREVER, device="cpu"
    )
    prepared = TranslationTask.prepare(configuration(data, size, vocabulary), SEED)
    task = prepared.task
    assert isinstance(task, TranslationTask)
    cores = available_cores()
    rates: dict[int, list[float]] = {width: [] for width in matrices or (1024, 2048, 4096)}
    useful, computed, tokens, seconds = [], [], [], []
    with TemporaryDirectory() as folder:
        trainer = Trainer(task, settings, out=Path(folder), seed=SEED, config_toml="", data=prepared.data)
        training_threads = torch.get_num_threads()
        steps = (report for report in trainer.run() if isinstance(report, StepEvent))
        batches = iter(task.batches(batch_tokens, SEED))  # the trainer's own: they follow from the seed
        for turn in range(rounds + 1):
            torch.set_num_threads(cores)
            found = {width: matrix_rate(width, torch.bfloat16) / GIGA for width in rates}
            torch.set_num_threads(training_threads)
            started = time.perf_counter()
            counts = [report.num_tokens for report in islice(steps, updates)]
            elapsed = time.perf_counter() - started
            shapes = [
                ((batch.source != PAD).sum(1).tolist(), batch.target_mask[:, 1:].sum(1).tolist())
                for batch in islice(batches, updates)
            ]
            assert counts == [sum(targets) for _, targets in shapes]
            if turn:
                for width, rate in found.items():
                    rates[width].append(rate)
                asked = [
                    sum(count(size, task.target.size, *shape) for shape in shapes) / elapsed / GIGA
                    for count in (operations_of_update, operations_of_rectangle)
                ]
                useful.append(asked[0])
                computed.append(asked[1])
                tokens.append(sum(counts) / elapsed)
                seconds.append(elapsed / updates)
    best = max(rates, key=lambda width: statistics.median(rates[width]))
    rate = statistics.median(rates[best])
    record(
        "matrix-rate",
        measure=f"share of the bfloat16 matrix rate in Transformer training, width {dim}",
        unit="GFLOP/s",
        seqtasks={
            "name": f"training, {layers}+{layers} layers",
            "value": spread(useful, 1)["median"],
            "spread": spread(useful, 1),
            "computed, with padding": spread(computed, 1),
            "computed share": round(statistics.median(computed) / rate, 3),
            "target tokens a second": spread(tokens, 0),
            "seconds an update": spread(seconds),
        },
        peer={"name": f"torch.mm, {best} x {best}", "value": spread(rates[best], 1)["median"],
              "spread": spread(rates[best], 1)},
        ratio=statistics.median(useful) / rate,
        at_least=0.4,
        setup={
            **size._asdict(),
            "vocabulary": task.target.size,
            "batch_tokens": batch_tokens,
            "training": f"{trainer.processes.count} processes of "
            f"{training_threads} thread, {str(trainer.dtype).removeprefix('torch.')}",
            "threads of the matrix product": cores,
            "updates a round": updates,
            "rounds": rounds,
            "other sizes": {width: spread(each, 1) for width, each in rates.items() if width != best},
        },
    )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
