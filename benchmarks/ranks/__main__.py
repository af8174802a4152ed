"""Losses and scores of 1, 2 and 4 ranks, and of 2 ranks on 2 nodes, beside each other; and their speed.

    python -m benchmarks.ranks path/to/data --plot ranks.png
    python -m benchmarks.ranks path/to/data --speed

Each training takes 200 updates in float32 on real data: Multi30k (LSTM, Transformer), Flickr8k, tiny Shakespeare with
carried states. Without dropout the losses of every number of ranks are compared with those of one process, and the
scores of the validation at the end; with dropout their curves are drawn. `--speed` trains with 2 ranks of one thread
and with `num_processes = 2` by turns and prints the ratio of the updates per second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import geometric_mean
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from benchmarks.ranks.configurations import configurations

WORKER = str(Path(__file__).with_name("worker.py"))
RANKS = (1, 2, 4)


def train(text: str, ranks: int, folder: Path, processes: int = 0) -> dict[str, Any]:
    """What the first rank saw."""
    configuration = folder / "run.toml"
    alone = f"num_processes = {processes or 1}" if ranks == 1 else "num_processes = 0"
    configuration.write_text(text.replace("num_processes = 0", alone), encoding="utf-8")
    with TemporaryDirectory(dir=folder) as out:
        arguments = [WORKER, str(configuration), str(Path(out, "model")), str(Path(out, "result.json"))]
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(ranks)] if ranks > 1 else []
        command = [sys.executable, *launcher, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"})
        found: dict[str, Any] = json.loads(Path(out, "result.json").read_text(encoding="utf-8"))
    return found


def compare(data: Path, folder: Path) -> None:
    """Prints by how much the losses and scores differ without dropout."""
    for name, text in configurations(data, folder, 0.0).items():
        runs = {ranks: train(text, ranks, folder) for ranks in RANKS}
        wanted = runs.pop(1)
        for ranks, run in runs.items():
            most = max(abs(ours - theirs) for ours, theirs in zip(run["losses"], wanted["losses"], strict=True))
            print(f"{name}, {ranks} ranks: {len(run['losses'])} losses differ by at most {most:.1e}")
            print(f"    scores {run['scores'][-1]}, of one process {wanted['scores'][-1]}", flush=True)


def plot(data: Path, folder: Path, file: Path) -> None:
    """Draws the losses of every number of ranks with dropout."""
    from matplotlib import pyplot as plt

    texts = configurations(data, folder, 0.2)
    figure, axes = plt.subplots(1, len(texts), figsize=(4 * len(texts), 3.2), layout="constrained")
    for axis, (name, text) in zip(axes, texts.items(), strict=True):
        for ranks, style in zip(RANKS, ("-", "--", ":"), strict=True):
            losses = train(text, ranks, folder)["losses"]
            axis.plot(range(1, len(losses) + 1), losses, style, linewidth=1.2, label=f"{ranks} rank{'s' * (ranks > 1)}")
        axis.set(title=name, xlabel="update", ylabel="train loss")
        axis.legend()
    figure.savefig(file, dpi=110)
    print(f"plotted: {file}")


def speed(data: Path, folder: Path, rounds: int) -> None:
    """Prints the speed of two ranks as a ratio to that of two forked processes."""
    for name, text in configurations(data, folder, 0.1).items():
        ratios = []
        for _ in range(rounds):
            ranks, forked = train(text, 2, folder), train(text, 1, folder, processes=2)
            ratios.append(forked["seconds"] / ranks["seconds"])
        print(f"{name}: {geometric_mean(ratios):.3f} of the speed ({', '.join(f'{each:.3f}' for each in ratios)})")
        sys.stdout.flush()


def main(
    data: Annotated[Path, typer.Argument(help="The folder that holds multi30k, flickr8k and char.")],
    plotted: Annotated[Path | None, typer.Option("--plot", help="An image file.")] = None,
    by_turns: Annotated[bool, typer.Option("--speed", help="Measure the speed instead.")] = False,
    rounds: Annotated[int, typer.Option(help="Of the speed.")] = 5,
) -> None:
    """Compares ranks with one process."""
    with TemporaryDirectory() as name:
        if by_turns:
            speed(data.resolve(), Path(name), rounds)
            return
        compare(data.resolve(), Path(name))
        if plotted is not None:
            plot(data.resolve(), Path(name), plotted)


if __name__ == "__main__":
    typer.run(main)
