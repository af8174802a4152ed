"""What a large training and a large translation would take, from what is measured here on a small part of them.

    python -m benchmarks.planning path/to/tatoeba/en-de.train.tsv.gz --model en-de

Measures on one core what a sentence pair costs on its way into a batch, and what a line costs in translation; the rest
is arithmetic, with the numbers of a cluster as options: those are assumptions, and stand in the output as such.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer

import seqtasks
from benchmarks.flop_counts import Size, operations_of_update
from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.pair_store import PairStore, write_store
from seqtasks.data.parallel.readers import read_texts
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.tasks.translation.stored_loader import StoredPairLoader
from seqtasks.tasks.translation.task import TranslationTask

LINES = 400


@dataclass
class Costs:
    """Seconds of one core, and bytes, for each pair."""

    read: float
    stored: float
    tokenize: float
    kept: float
    find: float
    sort: float
    collate: float
    tokens: float
    """Of the longer side."""


def measure_pairs(file: Path) -> Costs:
    """What becomes of the pairs of a file until they are in a batch."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "store").mkdir()
        started = time.perf_counter()
        source = ParallelSource(path=file)
        write_store(read_texts(source, ReadReport(), ("en", "de")), folder / "store", ReadReport())
        read = time.perf_counter() - started
        pairs = len(PairStore(folder / "store"))
        stored = sum(each.stat().st_size for each in (folder / "store").iterdir())
        configuration = TranslationTask.Config.model_validate({
            "text": {"kind": "subwords", "vocab_size": 16_000},
            "data": {"train": [{"path": str(file)}], "keep_in_memory": False, "cache_dir": str(folder / "cache")},
            "model": {"encoder": {"kind": "transformer"}, "decoder": {"kind": "transformer"}},
        })  # fmt: skip
        task = TranslationTask.prepare(configuration, 1).task
        loader = task.batches(4_000, 1)
        assert isinstance(loader, StoredPairLoader)
        seconds = []
        for _ in range(2):  # the second time all is found
            chunk = next(loader.chunks(0, 0))
            started = time.perf_counter()
            for _ in loader.tokenize(chunk):
                pass
            seconds.append((time.perf_counter() - started) / len(chunk.drawn))
        started = time.perf_counter()
        batches = loader.batches_of(chunk)
        sort = (time.perf_counter() - started) / len(chunk.drawn)
        started, rows = time.perf_counter(), 0
        for batch in islice(batches, 200):
            loader.collate(chunk, batch, np.random.default_rng(1))
            rows += len(batch)
        collate = (time.perf_counter() - started) / rows
        on_disk = sum(each.stat().st_size for each in (folder / "cache" / "tokens").rglob("tokens.bin"))
        tokens = float(np.maximum(chunk.lengths[0] + 1, chunk.lengths[1] + 2).mean())
        kept = on_disk / len(chunk.drawn) + 16
        return Costs(read / pairs, stored / pairs, seconds[0], kept, seconds[1], sort, collate, tokens)


def measure_lines(file: Path, model: str, beam: int) -> float:
    """Seconds of one core for a line."""
    pairs = read_texts(ParallelSource(path=file), ReadReport(), ("en", "de"))
    lines = [pair.source for pair in islice(pairs, 20_000, 20_000 + LINES)]
    pipeline = seqtasks.load(model, task="translation", device="cpu", threads=1)
    pipeline.translate(lines[:32], beam_size=beam)
    started = time.perf_counter()
    pipeline.translate(lines, beam_size=beam)
    return (time.perf_counter() - started) / len(lines)


def main(
    file: Annotated[Path, typer.Argument(help="A table of pairs, English and German.")],
    model: Annotated[str, typer.Option(help="A translator of such pairs.")] = "en-de",
    pairs: Annotated[float, typer.Option(help="To train on.")] = 100e6,
    gpus: Annotated[str, typer.Option(help="Numbers of GPUs that train.")] = "1,8,64,512",
    gpus_a_machine: int = 8,
    batch_tokens: Annotated[int, typer.Option(help="For each GPU.")] = 25_000,
    epochs: float = 5,
    teraflops: Annotated[float, typer.Option(help="Assumed: what a GPU does of them in such a training.")] = 300,
    gigabytes: Annotated[float, typer.Option(help="Assumed: a second, between machines, for each GPU.")] = 12,
    gpu_hour: Annotated[float, typer.Option(help="Assumed price.")] = 2.5,
    lines: Annotated[float, typer.Option(help="To translate.")] = 1e9,
    cores: Annotated[int, typer.Option(help="That translate.")] = 2_048,
    core_hour: Annotated[float, typer.Option(help="Assumed price.")] = 0.04,
) -> None:
    """Prints both plans."""
    costs = measure_pairs(file)
    print(
        f"measured, one core, for a pair: reading {1e6 * costs.read:.1f} µs, tokenizing {1e6 * costs.tokenize:.1f} µs "
        f"once, finding it again {1e6 * costs.find:.2f} µs, sorting {1e6 * costs.sort:.2f} µs, a row of a batch "
        f"{1e6 * costs.collate:.1f} µs; {costs.stored:.0f} bytes of text and index, {costs.kept:.0f} of token ids"
    )
    print(
        f"once, for {pairs:,.0f} pairs: reading {pairs * costs.read / 3600:.2f} h of one core, tokenizing "
        f"{pairs * costs.tokenize / 3600:.1f} h, on each machine, which the ranks of it share; "
        f"{pairs * costs.stored / 1e9:.0f} GB of texts, {pairs * costs.kept / 1e9:.0f} GB of token ids"
    )
    for number in map(int, gpus.split(",")):
        plan_training(costs, pairs, number, gpus_a_machine, batch_tokens, epochs, teraflops, gigabytes, gpu_hour)
    for beam in (1, 5):
        seconds = measure_lines(file, model, beam)
        hours = lines * seconds / 3600
        print(
            f"translation of {lines:,.0f} lines, beam {beam}: {1 / seconds:,.0f} lines a second and core (measured); "
            f"{hours:,.0f} core hours, {hours / cores:,.1f} h on {cores:,} cores, {hours * core_hour:,.0f} of money"
        )


def plan_training(
    costs: Costs, pairs: float, gpus: int, gpus_a_machine: int, batch_tokens: int, epochs: float, teraflops: float,
    gigabytes: float, gpu_hour: float,
) -> None:  # fmt: skip
    """Prints the time of each part of an update, and what is the longest."""
    size, vocabulary = Size(1_024, 4_096, 6, 16), 32_000
    parameters = 6 * (4 + 8) * size.dim**2 + 6 * (8 + 8) * size.dim**2 + vocabulary * size.dim
    length = round(costs.tokens)
    rows = batch_tokens // length
    compute = operations_of_update(size, vocabulary, [length] * rows, [length] * rows) / (teraflops * 1e12)
    exchange = 2 * 4 * parameters * (gpus - 1) / gpus / (gigabytes * 1e9) if gpus > gpus_a_machine else 0.0
    all_rows = rows * gpus
    data = all_rows * (costs.find + costs.sort) + rows * costs.collate
    first = data + all_rows * costs.tokenize / gpus_a_machine
    updates = epochs * pairs / all_rows
    step = max(compute, exchange, data)
    slowest = {compute: "computing", exchange: "exchanging gradients", data: "making the batch"}[step]
    print(
        f"{gpus} GPUs, {parameters / 1e6:.0f} M parameters, {rows:,} pairs each: computing {1e3 * compute:.0f} ms "
        f"({teraflops:.0f} TFLOP/s assumed), exchanging gradients {1e3 * exchange:.0f} ms ({gigabytes:.0f} GB/s "
        f"between machines assumed), making the batch {1e3 * data:.0f} ms, while tokenizing {1e3 * first:.0f} ms; all "
        f"three go on side by side: {slowest}. {updates:,.0f} updates for {epochs:g} epochs, "
        f"{updates * step / 3600:.1f} h, {updates * step / 3600 * gpus * gpu_hour:,.0f} of money",
        flush=True,
    )


if __name__ == "__main__":
    typer.run(main)
