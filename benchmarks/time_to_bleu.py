"""Minutes from raw sentence pairs to a translator of 35 BLEU on Multi30k English-German.

    python -m benchmarks.time_to_bleu path/to/multi30k

Runs `recipes/translate_multi30k.py --model quick` as anyone would, in a new folder: the clock starts before the process
and stops when the recipe goes on from training to evaluation, with the model on disk; reading the text, learning the
subwords, all updates and validations are part of it. Then the model translates `test_2016_flickr`, beam 5, and the BLEU
(lower-cased, 13a) has to reach what was wanted, or there is no result.

JoeyNMT's figures are not of this run: its Transformer of 4+4 layers, width 128, was at 7.1 BLEU on the same part when
it had trained for 12 minutes on two quiet cores, and was stopped there. The ratio is to the minutes that are allowed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

import seqtasks
from benchmarks.comparison import record

RECIPE = Path(__file__).parents[1] / "recipes" / "translate_multi30k.py"
EVALUATION = ">>> seqtasks.evaluate("
"""How the recipe says that training is over."""
WANTED_MINUTES = 8.0


def train(data: Path, model: str, out: Path, settings: list[str]) -> float:
    """Runs the recipe; returns the minutes until the model was there."""
    chosen = [word for setting in settings for word in ("--set", setting)]
    command = [sys.executable, str(RECIPE), str(data), "--model", model, "--output", str(out), *chosen]
    minutes = None
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if minutes is None and line.startswith(EVALUATION):
                minutes = (time.perf_counter() - started) / 60
            print(line, end="", file=sys.stderr, flush=True)
    if running.returncode or minutes is None:
        raise SystemExit(f"The recipe failed with code {running.returncode}.")
    return minutes


def main(
    data: Path,
    bleu: Annotated[float, typer.Option(help="What has to be reached.")] = 35.0,
    model: Annotated[str, typer.Option(help="A model of the recipe.")] = "quick",
    beam: int = 5,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="a.b=c", help="Any setting of it.")] = None,
    peer_minutes: Annotated[float, typer.Option(help="How long JoeyNMT trained.")] = 12.0,
    peer_bleu: Annotated[float, typer.Option(help="What it had reached.")] = 7.1,
) -> None:
    """Train once, and look whether the model is good enough."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        minutes = train(data.resolve(), model, out, settings or [])
        test = [data / f"test_2016_flickr.{language}" for language in ("en", "de")]
        score = seqtasks.evaluate(out, test, beam_size=beam, lowercase=True).scores[0]
    reached = score.value
    if reached < bleu:
        raise SystemExit(f"{reached:.2f} BLEU after {minutes:.2f} minutes: {bleu} were wanted.")
    record(
        "time-to-bleu",
        measure=f"raw Multi30k text to {bleu:g} BLEU",
        unit="minutes",
        seqtasks={"name": f"seqtasks, recipe {model}", "value": round(minutes, 2), "bleu": round(reached, 2)},
        peer={"name": "JoeyNMT 2.3, stopped", "value": peer_minutes, "bleu": peer_bleu},
        ratio=minutes / WANTED_MINUTES,
        at_most=1.0,
        packages=("sentencepiece", "sacrebleu"),
        setup={
            "ratio": f"minutes by the {WANTED_MINUTES:g} that are allowed",
            "beam": beam,
            "signature": score.signature,
            "settings": settings or "those of the recipe",
            "peer": "Transformer 4+4 x 128, measured before on two quiet cores, stopped at this BLEU; not of this run",
        },
    )


if __name__ == "__main__":
    typer.run(main)
