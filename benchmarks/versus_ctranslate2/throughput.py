"""Sentences a second in translation: a model of ours, and CTranslate2 with a Transformer that we trained.

    python -m benchmarks.versus_ctranslate2.throughput benchmarks/models/multi30k-en-de \
        path/to/multi30k/test_2016_flickr.en path/to/multi30k/test_2016_flickr.de --beam 5

Both get the same texts, 20 copies of a file, and give texts: tokens are made and put together inside the timing. Both
have two workers of one thread each, loaded and warm: ours are the processes of `seqtasks translate --workers 2`, which
cuts the file into the same windows, or with `--engine ctranslate2` its threads; CTranslate2 has its best setting (see
`peer.py`). They take turns. MODEL, a Transformer, is what CTranslate2 runs; ours is the same, or another
one of ours with `--ours`. BLEU of both, without case, is that of the distinct sentences.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import statistics
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

import seqtasks
from benchmarks.comparison import PEER, SEQTASKS, record, spread, turns
from benchmarks.timing import Rounds
from benchmarks.versus_ctranslate2.options import Chosen, Dtype, Engine, EngineName, decoding_options
from benchmarks.versus_ctranslate2.peer import BATCH, SETTING, ctranslate2_process
from benchmarks.versus_ctranslate2.peer import translate as translate_by_peer
from seqtasks.inference.bulk import start_worker, translate_batch, work
from seqtasks.inference.line_batcher import WORKER_BATCH_BYTES, WORKER_BATCH_LINES, LineBatcher
from seqtasks.inference.outputs import Translation
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.metrics.translation import translation_scores

WORKERS = 2


@contextmanager
def our_translation(
    predictor: TranslationPipeline, options: dict[str, Any], engine: EngineName
) -> Iterator[Callable[[io.BytesIO], Iterable[list[Translation]]]]:
    """Translates a file in windows, as `seqtasks translate` does: in processes, or in threads of CTranslate2."""
    process = partial(translate_batch, options=options)
    if engine == "ctranslate2":
        yield lambda file: (process(predictor, batch) for batch in LineBatcher([file]))
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(
        WORKERS, mp_context=context, initializer=start_worker, initargs=(process, predictor, os.getpid())
    ) as workers:
        yield lambda file: workers.map(work, LineBatcher([file], lines=WORKER_BATCH_LINES, size=WORKER_BATCH_BYTES))


def main(
    model: Annotated[str, typer.Argument(help="The Transformer that CTranslate2 runs.")],
    source: Annotated[Path, typer.Argument(help="Sentences, a line each.")],
    reference: Annotated[Path, typer.Argument(help="Their translations.")],
    beam: int = 5,
    copies: Annotated[int, typer.Option(help="How often the sentences stand in the input.")] = 20,
    rounds: Rounds = 5,
    ours: Annotated[str | None, typer.Option(help="Our model, where it is not MODEL.")] = None,
    engine: Engine = "torch",
    chosen: Chosen = None,
    dtype: Dtype = "auto",
) -> None:
    """Compare both on the sentences of a file."""
    distinct = source.read_text(encoding="utf-8").splitlines()
    references = reference.read_text(encoding="utf-8").splitlines()
    sentences = distinct * copies
    threads = 1 if engine == "torch" else WORKERS
    predictor = seqtasks.load(
        ours or model, task="translation", device="cpu", dtype=dtype, threads=threads, engine=engine
    )
    options = decoding_options(chosen, beam)
    text = "".join(f"{sentence}\n" for sentence in sentences).encode()
    written: dict[str, list[str]] = {}

    def translate_ours() -> None:
        found = translate(io.BytesIO(text))
        written[SEQTASKS] = [translation.text for window in found for translation in window]

    with (
        our_translation(predictor, options, engine) as translate,
        ctranslate2_process(model, WORKERS, beam_size=beam) as peer,
    ):

        def translate_peer() -> None:
            written[PEER] = peer.submit(translate_by_peer, sentences).result()

        seconds = turns({SEQTASKS: translate_ours, PEER: translate_peer}, rounds)
    speeds = {side: spread([len(sentences) / each for each in times], 1) for side, times in seconds.items()}
    scores = {
        side: translation_scores(texts[: len(distinct)], references, lowercase=True, metrics=("bleu",))[0]
        for side, texts in written.items()
    }
    results = {
        side: {"value": speeds[side]["median"], "spread": speeds[side], "bleu": round(scores[side].value, 2)}
        for side in (SEQTASKS, PEER)
    }
    search = "greedy" if beam == 1 else f"beam {beam}"
    way = "" if engine == "torch" else f", engine {engine}"
    record(
        f"translation-{search}{way}".replace(", ", "-").replace(" ", "-"),
        measure=f"translation, {source.name} x {copies}, {search}{way}",
        unit="sentences/s",
        seqtasks={
            "name": f"seqtasks, {Path(ours or model).name}",
            **results[SEQTASKS],
            "precision": predictor.precision,
            "decoding": predictor.decoding(**options).signature(),
        },
        peer={"name": f"CTranslate2 int8, {Path(model).name}", **results[PEER], **SETTING, "batch": BATCH},
        ratio=statistics.median(seconds[PEER]) / statistics.median(seconds[SEQTASKS]),
        at_least=1.0,
        packages=("ctranslate2", "sentencepiece", "sacrebleu"),
        setup={
            "sentences": len(sentences),
            "distinct": len(distinct),
            "workers": WORKERS,
            "threads of a worker": 1,
            "rounds": rounds,
            "bleu": scores[SEQTASKS].signature,
        },
    )


if __name__ == "__main__":
    typer.run(main)
