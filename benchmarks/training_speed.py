"""Training beside peers, Multi30k English-German: target tokens a second.

    python -m benchmarks.training_speed path/to/multi30k --model transformer
    python -m benchmarks.training_speed path/to/multi30k --model lstm

The folder holds `train.en` and `train.de`. Each side is a process of its own, a program of `peers/` that runs in its
own environment (FOLDER/transformers, FOLDER/opennmt, FOLDER/marian) on the same cores; they take turns. A turn is some
minutes of training after ten updates that do not count. Counted are target tokens with the end of sentence, without
padding.

| model | |
|---|---|
| `transformer` | 4+4 layers, width 128, feed-forward 256, 4 heads |
| `lstm` | encoder 1 x 256 (128 in each direction), decoder 1 x 256 with attention that is not fed back |

Equal: the text and its joint unigram vocabulary of 10,000, one embedding for source, target and output, dropout 0.3,
label smoothing 0.1, Adam with the same learning rate and a limit of the gradient, batches of about 4,096 tokens of
similar lengths as each toolkit makes and counts them. `loss_at_the_end` tells that they all learn; Marian's is the
mean of ten updates, the others' of the last tenth. Of a peer with several settings each is a side; the ratio is that
of the medians, against the best side. A side that fails is told, with its error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, NamedTuple

import typer

from benchmarks.comparison import SEQTASKS, record, spread
from seqtasks.text import SubwordTokenizer

PEERS = Path(__file__).parent / "peers"
LANGUAGES = ("en", "de")
VOCABULARY = 10_000
START_MINUTES = 10
"""What a side may take beside the minutes that count."""

Model = Literal["transformer", "lstm"]


class Side(NamedTuple):
    toolkit: str
    setting: str | None = None

    @property
    def name(self) -> str:
        return self.toolkit if self.setting is None else f"{self.toolkit} {self.setting}"


OURS = Side(SEQTASKS)
SIDES: dict[Model, tuple[Side, ...]] = {
    "transformer": (
        OURS,
        Side("transformers", "float32"),
        Side("transformers", "bfloat16"),
        Side("opennmt"),
        Side("marian", "synchronous"),
        Side("marian", "asynchronous"),
    ),
    "lstm": (OURS, Side("opennmt")),
}
AT_LEAST: dict[Model, float] = {"transformer": 2.5, "lstm": 5.0}


class FailedError(Exception):
    """A side did not run."""


def learn_vocabulary(data: Path, path: Path) -> None:
    """A joint sentencepiece model of both languages."""
    texts = [
        line for language in LANGUAGES for line in (data / f"train.{language}").read_text(encoding="utf-8").splitlines()
    ]
    SubwordTokenizer.train(texts, SubwordTokenizer.Config(vocab_size=VOCABULARY)).save(path)


def python_of(side: Side, environments: Path) -> str:
    """The Python that a side runs in; raises FailedError where there is none."""
    if side == OURS:
        return sys.executable
    python = environments / side.toolkit / "bin" / "python"
    if not python.is_file():
        raise FailedError(f"there is no environment {side.toolkit}")
    return str(python)


def turn(side: Side, environments: Path, arguments: list[str], threads: int, minutes: float) -> dict[str, Any]:
    """What a side measures in one turn."""
    program = str(PEERS / f"{side.toolkit}_training.py")
    setting = [] if side.setting is None else ["--setting", side.setting]
    try:
        done = subprocess.run(
            [python_of(side, environments), program, *arguments, *setting],
            check=False,
            capture_output=True,
            text=True,
            timeout=60 * (minutes + START_MINUTES),
            env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )
    except subprocess.TimeoutExpired:
        raise FailedError(f"no result after {minutes + START_MINUTES:g} minutes") from None
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise FailedError(f"exit status {done.returncode}: {last}")
    measured: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def summary(turns: list[dict[str, Any]]) -> dict[str, Any]:
    """What a side measured last, with the spread of its speed over all turns."""
    speeds = spread([each["target_tokens_per_second"] for each in turns], digits=1)
    rest = {name: value for name, value in turns[-1].items() if name != "target_tokens_per_second"}
    return {"value": speeds["median"], **speeds, **rest}


def main(
    data: Annotated[Path, typer.Argument(help="Multi30k: train.en and train.de.")],
    model: Annotated[Model, typer.Option()] = "transformer",
    minutes: Annotated[float, typer.Option(help="Of a side in a turn.")] = 1.0,
    threads: Annotated[int, typer.Option(help="Cores, and threads of every side.")] = 2,
    turns: Annotated[int, typer.Option(help="Of every side; the median is the result.")] = 3,
    environments: Annotated[Path, typer.Option(help="Where those of the peers are.")] = PEERS.parent / ".environments",
) -> None:
    """Compare the speed of training."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    measured: dict[Side, list[dict[str, Any]]] = {side: [] for side in SIDES[model]}
    failed: dict[str, str] = {}
    with TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "source.spm"
        learn_vocabulary(data, vocabulary)
        options = {"vocabulary": vocabulary, "model": model, "minutes": minutes, "threads": threads}
        arguments = [str(data), *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
        for number in range(turns):
            for side in SIDES[model]:
                if side.name in failed:
                    continue
                try:
                    measured[side].append(turn(side, environments, arguments, threads, minutes))
                except FailedError as error:
                    failed[side.name] = str(error)
                    print(f"{side.name} failed: {error}", file=sys.stderr)
                else:
                    speed = measured[side][-1]["target_tokens_per_second"]
                    print(f"turn {number + 1}, {side.name}: {speed:,} target tokens/s", file=sys.stderr)
    sides = {side.name: summary(found) for side, found in measured.items() if found and side.name not in failed}
    if OURS.name not in sides or len(sides) == 1:
        raise typer.Exit(1)
    ours = sides.pop(OURS.name)
    best = max(sides, key=lambda name: sides[name]["value"])
    record(
        f"training-{model}",
        measure=f"training, Multi30k, {'Transformer' if model == 'transformer' else 'LSTM'}",
        unit="target tokens/s",
        seqtasks={"name": OURS.name, **ours},
        peer={"name": best, **sides[best]},
        ratio=ours["value"] / sides[best]["value"],
        at_least=AT_LEAST[model],
        setup={
            "threads": threads,
            "turns": turns,
            "minutes": minutes,
            "batch": "about 4,096 tokens",
            "all peers": sides,
            "failed": failed,
        },
    )


if __name__ == "__main__":
    typer.run(main)
