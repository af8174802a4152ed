"""How cost grows: translation by beam, batch, length and vocabulary; training by data and size of the model.

    python -m benchmarks.scaling path/to/multi30k --output benchmarks/scaling/results

SOURCE is the folder of Multi30k, English and German: `train`, `val`, `test_2016_flickr`. Each curve becomes NAME.json
and NAME.png, all of them a README.md. Run it on a quiet machine: about 15 minutes. `--only beam,data` measures some.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

import seqtasks
from benchmarks.comparison import machine, versions_of
from benchmarks.scaling.curves import Curve
from benchmarks.scaling.decoding import CURVES, Decoded, Decoding
from benchmarks.scaling.page import ORDER, write_page
from benchmarks.scaling.plots import draw
from benchmarks.scaling.training import Trained, Training
from benchmarks.timing import Rounds

TRANSFORMER = Path(__file__).parents[1] / "models" / "multi30k-en-de"
TINY = (
    Decoding(beams=(1, 5), batches=(1, 8), lengths=(5, 20), vocabularies=(4_000, 16_000), sentences=8, rows=4),
    Training(pairs=(100, 300), dims=(64, 128), dim=64, updates=1),
)


def main(
    source: Annotated[Path, typer.Argument(help="The folder of Multi30k.", file_okay=False, exists=True)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where numbers, pictures and the page go.")],
    transformer: Annotated[Path, typer.Option(help="The trained Transformer, from English to German.")] = TRANSFORMER,
    only: Annotated[str, typer.Option(help="Some of them, with commas.")] = ",".join(ORDER),
    rounds: Rounds = 3,
    tiny: Annotated[bool, typer.Option("--tiny", help="Few points, little work, to see that all is in place.")] = False,
) -> None:
    """Measure, draw and write."""
    chosen = only.split(",")
    if unknown := set(chosen) - set(ORDER):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(ORDER)}", param_hint="--only")
    decoding, training = TINY if tiny else (Decoding(), Training())
    output.mkdir(parents=True, exist_ok=True)
    if names := [name for name in CURVES if name in chosen]:
        sentences = (source / "test_2016_flickr.en").read_text(encoding="utf-8").splitlines()
        decoded = Decoded(
            seqtasks.load(transformer, task="translation", device="cpu", threads=1), sentences, decoding, rounds
        )
        for name in names:
            keep(CURVES[name](decoded), output)
    trained = Trained(source, training, rounds) if {"data", "model"} & set(chosen) else None
    if trained and "data" in chosen:
        keep(trained.data(), output)
    if trained and "model" in chosen:
        keep(trained.model(), output)


def keep(curve: Curve, output: Path) -> None:
    """Writes a curve, its picture and the page."""
    values = {"curve": curve.as_plain(), "machine": machine(), "versions": versions_of(("seqtasks", "torch"))}
    (output / f"{curve.name}.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    draw(curve, output / f"{curve.name}.png")
    write_page(output)
    print(f"{curve.name}: done at {time.strftime('%H:%M:%S')}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)
