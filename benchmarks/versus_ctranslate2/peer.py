"""CTranslate2 at its best setting on a processor, for the scripts that put it beside a model of ours.

int8, workers of one thread each, batches of 32 sentences out of texts that it sorts by length itself, and a search that
ends with the first beam of finished hypotheses (patience 1, the fastest). Texts go through the same SentencePiece model
as ours, all at once, with as many threads as there are workers. It lives in a process of its own, so that nothing
which seqtasks sets up for itself (memory, threads) touches it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer

from seqtasks.decoding import DecodingConfig, LengthLimit
from seqtasks.export import write_ctranslate2
from seqtasks.export.supported_decoding import search_options
from seqtasks.inference.translation import TranslationPipeline
from seqtasks.loading import open_models
from seqtasks.tasks import TranslationTask
from seqtasks.text import SubwordTokenizer, normalize
from seqtasks.text.tokenizers.subword import prepare

COMPUTE_TYPE, BATCH, PATIENCE = "int8", 32, 1.0
SETTING = {"compute_type": COMPUTE_TYPE, "intra_threads": 1, "patience": PATIENCE}


class Peer:
    """A model of ours as CTranslate2 runs it, with the rules of `decoding`."""

    def __init__(self, folder: Path, decoding: DecodingConfig, workers: int) -> None:
        from ctranslate2 import Translator

        self.workers = workers
        self.translator = Translator(
            str(folder), device="cpu", compute_type=COMPUTE_TYPE, inter_threads=workers, intra_threads=1
        )
        source, target = (folder / f"{name}{SubwordTokenizer.extension}" for name in ("source", "target"))
        self.source = SubwordTokenizer.load(source, SubwordTokenizer.Config()).model
        self.target = (
            SubwordTokenizer.load(target, SubwordTokenizer.Config()).model if target.is_file() else self.source
        )
        self.options = {**search_options(decoding, None), "patience": PATIENCE}
        self.limit = LengthLimit.parse(decoding.max_length)

    def translate(self, texts: Sequence[str]) -> list[str]:
        """All at once; the length limit is that of the longest text."""
        prepared = [prepare(text) for text in texts]
        tokens = self.source.encode(prepared, out_type=str, num_threads=self.workers)
        longest = max(map(len, tokens)) + 1
        found = self.translator.translate_batch(
            tokens,
            max_batch_size=BATCH,
            max_decoding_length=self.limit(longest),
            **self.options,
        )
        written = self.target.decode([each.hypotheses[0] for each in found], num_threads=self.workers)
        return [normalize(text) for text in written]


_peer: Peer | None = None


def start(folder: Path, decoding: DecodingConfig, workers: int) -> None:
    global _peer
    _peer = Peer(folder, decoding, workers)


def translate(texts: Sequence[str]) -> list[str]:
    """In the process of the peer: all texts at once."""
    assert _peer is not None
    return _peer.translate(texts)


def translate_singly(texts: Sequence[str]) -> tuple[list[str], list[float]]:
    """In the process of the peer: one text after the other, with the seconds that each took."""
    assert _peer is not None
    written, seconds = [], []
    for text in texts:
        started = time.perf_counter()
        written += _peer.translate([text])
        seconds.append(time.perf_counter() - started)
    return written, seconds


@contextmanager
def ctranslate2_process(model: str, workers: int, **options: Any) -> Iterator[ProcessPoolExecutor]:
    """A process for `translate` and `translate_singly`, with the model in the form of CTranslate2."""
    task, pipeline = open_models([model], "translation", device="cpu", dtype="float32", threads=1)
    assert isinstance(task, TranslationTask)
    assert isinstance(pipeline, TranslationPipeline)
    if not isinstance(pipeline.source, SubwordTokenizer):
        raise typer.BadParameter(f"{model} does not read subwords", param_hint="MODEL")
    decoding = pipeline.decoding(**options)
    with TemporaryDirectory() as place:
        folder = Path(place) / "model"
        write_ctranslate2(task, pipeline.models[0], decoding, "", folder)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(
            1, mp_context=context, initializer=start, initargs=(folder, decoding, workers)
        ) as pool:
            yield pool
