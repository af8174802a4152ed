"""How long one sentence takes: a model of ours, and CTranslate2 with a Transformer that we trained.

    python -m benchmarks.versus_ctranslate2.latency benchmarks/models/multi30k-en-de \
        path/to/multi30k/test_2016_flickr.en path/to/multi30k/test_2016_flickr.de --beam 5

The models are loaded and warm. Each sentence of the file is a call of its own, text in, text out, with one thread; the
sides take turns after 50 sentences. CTranslate2 has its best setting (see `peer.py`). MODEL, a Transformer,
is what CTranslate2 runs; ours is the same, or another one of ours with `--ours`, run by PyTorch or by `--engine
ctranslate2`. Two comparisons come out: at the median and at the 99th percentile of the times of all rounds, each with
the BLEU of both, without case.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import seqtasks
from benchmarks.comparison import PEER, SEQTASKS, record
from benchmarks.timing import Rounds
from benchmarks.versus_ctranslate2.options import Chosen, Dtype, Engine, decoding_options
from benchmarks.versus_ctranslate2.peer import SETTING, ctranslate2_process, translate_singly
from seqtasks.metrics.translation import translation_scores

BLOCK = 50
PERCENTILES = {"median": 50, "99th percentile": 99}

Singly = Callable[[Sequence[str]], tuple[list[str], list[float]]]
"""Translates some texts one at a time: the translations, and the seconds that each took."""


def main(
    model: Annotated[str, typer.Argument(help="The Transformer that CTranslate2 runs.")],
    source: Annotated[Path, typer.Argument(help="Sentences, a line each.")],
    reference: Annotated[Path, typer.Argument(help="Their translations.")],
    beam: int = 5,
    rounds: Rounds = 3,
    ours: Annotated[str | None, typer.Option(help="Our model, where it is not MODEL.")] = None,
    engine: Engine = "torch",
    chosen: Chosen = None,
    dtype: Dtype = "auto",
) -> None:
    """Compare both on the sentences of a file."""
    sentences = source.read_text(encoding="utf-8").splitlines()
    references = reference.read_text(encoding="utf-8").splitlines()
    predictor = seqtasks.load(ours or model, task="translation", device="cpu", dtype=dtype, threads=1, engine=engine)
    options = decoding_options(chosen, beam)

    def translate_ours(texts: Sequence[str]) -> tuple[list[str], list[float]]:
        written, seconds = [], []
        for text in texts:
            started = time.perf_counter()
            written += predictor.translate([text], **options)
            seconds.append(time.perf_counter() - started)
        return [translation.text for translation in written], seconds

    with ctranslate2_process(model, 1, beam_size=beam) as peer:

        def translate_peer(texts: Sequence[str]) -> tuple[list[str], list[float]]:
            return peer.submit(translate_singly, texts).result()

        written, seconds = measure({SEQTASKS: translate_ours, PEER: translate_peer}, sentences, rounds)
    scores = {
        side: translation_scores(texts, references, lowercase=True, metrics=("bleu",))[0]
        for side, texts in written.items()
    }
    times = {
        side: {name: float(np.percentile(each, percentile)) for name, percentile in PERCENTILES.items()}
        for side, each in seconds.items()
    }
    search = "greedy" if beam == 1 else f"beam {beam}"
    way = "" if engine == "torch" else f", engine {engine}"
    for name in PERCENTILES:
        results = {
            side: {
                "value": round(1 / times[side][name], 1),
                "milliseconds": {each: round(1000 * value, 2) for each, value in times[side].items()},
                "bleu": round(scores[side].value, 2),
            }
            for side in (SEQTASKS, PEER)
        }
        record(
            f"latency-{search} {name}{way}".replace(", ", "-").replace(" ", "-"),
            measure=f"one sentence at a time, {source.name}, {search}, {name}{way}",
            unit="sentences/s",
            seqtasks={
                "name": f"seqtasks, {Path(ours or model).name}",
                **results[SEQTASKS],
                "precision": predictor.precision,
                "decoding": predictor.decoding(**options).signature(),
            },
            peer={"name": f"CTranslate2 int8, {Path(model).name}", **results[PEER], **SETTING},
            ratio=times[PEER][name] / times[SEQTASKS][name],
            at_least=1.0,
            packages=("ctranslate2", "sentencepiece", "sacrebleu"),
            setup={
                "sentences": len(sentences),
                "sentences a turn": BLOCK,
                "threads": 1,
                "rounds": rounds,
                "bleu": scores[SEQTASKS].signature,
            },
        )


def measure(
    sides: dict[str, Singly], sentences: Sequence[str], rounds: int
) -> tuple[dict[str, list[str]], dict[str, list[float]]]:
    """The translations of each side, and the seconds of all its rounds; a first block does not count."""
    written: dict[str, list[str]] = {side: [] for side in sides}
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for work in sides.values():
        work(sentences[:BLOCK])
    for turn in range(rounds):
        for first in range(0, len(sentences), BLOCK):
            for side, work in sides.items():
                texts, times = work(sentences[first : first + BLOCK])
                seconds[side] += times
                if not turn:
                    written[side] += texts
    return written, seconds


if __name__ == "__main__":
    typer.run(main)
