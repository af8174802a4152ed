"""Timing of work that is done several times in one process, and what the benchmarks that do so share."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Annotated, Any

import torch
import typer

from seqtasks.inference.base import Pipeline

Threads = Annotated[int, typer.Option(help="0 = one a core.")]
Rounds = Annotated[int, typer.Option(help="Measurements; the median is the result.")]


def timed(work: Callable[[], Any], rounds: int, unit: str, count: int) -> dict[str, float]:
    """How many of `unit` a second, if one round does `count`: the median of several rounds, after a warm-up."""
    work()
    seconds, processor = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        work()
        seconds.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return {
        f"{unit}_per_second": round(count / statistics.median(seconds), 1),
        "fastest": round(count / min(seconds), 1),
        "slowest": round(count / max(seconds), 1),
        unit: count,
        "seconds": round(statistics.median(seconds), 2),
        "processor_seconds": round(statistics.median(processor), 2),
    }


def conditions(predictor: Pipeline) -> dict[str, Any]:
    """What a loaded model computes with."""
    return {"threads": torch.get_num_threads(), "dtype": str(predictor.dtype).removeprefix("torch.")}
