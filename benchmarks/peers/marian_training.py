"""The Marian side of `benchmarks.training_speed`: `pymarian train`, one independent thread a core, whose log is read.

Its threads share the batch of an update (`--setting synchronous`) or make updates of their own (`asynchronous`). A
batch is 4,096 words as Marian counts them (`mini-batch-words`). Speed and times are those of its log, which counts
target tokens with the end of sentence and without padding. Environment: marian.txt beside this file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import side

SHOWN_EVERY = side.WARM_UP
LINE = re.compile(r"Up\. ([\d,]+) .*Cost ([\d.]+) .*Time ([\d.]+)s : ([\d.]+) words/s")


def main() -> None:
    given = side.arguments(__doc__, ["transformer"], ["synchronous", "asynchronous"])
    with TemporaryDirectory() as folder:
        vocabulary = given.vocabulary.resolve()
        process = subprocess.Popen(
            [sys.executable, "-m", "pymarian", "train", *options(given.data, vocabulary, given.threads, given.setting)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            measure(process, 60 * given.minutes)
        finally:
            process.kill()
            process.wait()


def options(data: Path, vocabulary: Path, threads: int, setting: str) -> list[str]:
    """Marian's command line; what is not named keeps its default."""
    chosen: dict[str, list[Any]] = {
        "train-sets": [str((data / f"train.{language}").resolve()) for language in (side.SOURCE, side.TARGET)],
        "vocabs": [str(vocabulary)] * 2,
        "model": ["model.npz"],
        "type": ["transformer"],
        "dim-emb": [128],
        "transformer-dim-ffn": [256],
        "transformer-heads": [4],
        "enc-depth": [4],
        "dec-depth": [4],
        "transformer-dropout": [side.DROPOUT],
        "transformer-preprocess": ["n"],
        "transformer-postprocess": ["da"],
        "transformer-postprocess-top": ["n"],
        "label-smoothing": [side.LABEL_SMOOTHING],
        "cost-type": ["ce-mean-words"],
        "mini-batch-words": [side.BATCH_TOKENS],
        "optimizer-params": [*side.BETAS, 1e-8],
        "learn-rate": [side.LEARNING_RATE],
        "lr-warmup": [side.LEARNING_RATE_WARM_UP],
        "lr-decay-inv-sqrt": [side.LEARNING_RATE_WARM_UP],
        "clip-norm": [1],
        "cpu-threads": [threads],
        "disp-freq": [f"{SHOWN_EVERY}u"],
        "save-freq": ["1000000u"],
        "tempdir": ["."],
        "seed": [1],
    }
    words = [word for name, values in chosen.items() for word in (f"--{name}", *map(str, values))]
    return [*words, "--tied-embeddings-all", "--shuffle-in-ram", *(["--sync-sgd"] if setting == "synchronous" else [])]


def measure(process: subprocess.Popen[str], limit: float) -> None:
    """Reads the log until `limit` seconds are measured, and prints them."""
    assert process.stderr is not None
    tokens = seconds = loss = 0.0
    updates = 0
    for line in process.stderr:
        print(line, end="", file=sys.stderr)
        found = LINE.search(line)
        if found is None or int(found[1].replace(",", "")) <= side.WARM_UP:
            continue
        updates += SHOWN_EVERY
        loss, spent, speed = (float(part) for part in found.groups()[1:])
        tokens += speed * spent
        seconds += spent
        if seconds >= limit:
            side.show(tokens, seconds, updates, loss, versions=side.versions("pymarian"))
            return
    raise SystemExit("Marian ended before its time.")


if __name__ == "__main__":
    main()
