"""Several processes that translate with one model."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any

from seqtasks.cli.lines import Window
from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Translation
    from seqtasks.inference.translation import TranslationPipeline

AHEAD = 2
"""Windows for each worker that are read before the first of them is done."""

_predictor: TranslationPipeline | None = None


def translate_windows(
    predictor: TranslationPipeline, windows: Iterable[Window], options: dict[str, Any], *, prefixed: bool, workers: int
) -> Iterator[tuple[Window, list[Translation]]]:
    """The windows with their translations, in their order.

    With several workers each is a process that got the predictor as it was forked, so that the weights are in memory
    once; where there is no fork it gets a copy. Raises SeqtasksError when one of them dies.
    """
    if workers == 1:
        for window in windows:
            yield window, translate_window(predictor, window, options, prefixed)
        return
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker, initargs=(predictor,)) as pool:
        try:
            waiting: deque[tuple[Window, Future[list[Translation]]]] = deque()
            for window in windows:
                waiting.append((window, pool.submit(work, window, options, prefixed)))
                while waiting and (window.pause or len(waiting) >= AHEAD * workers):
                    yield waiting[0][0], waiting.popleft()[1].result()
            for window, future in waiting:
                yield window, future.result()
        except BrokenProcessPool:
            raise SeqtasksError(
                "A worker process died; the translation stopped.", "There may be too little memory: use fewer workers."
            ) from None
        finally:
            for process in multiprocessing.active_children():
                process.terminate()


def start_worker(predictor: TranslationPipeline) -> None:
    global _predictor
    from seqtasks.hardware import prepare

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker without a traceback
    prepare(threads=1)
    _predictor = predictor


def work(window: Window, options: dict[str, Any], prefixed: bool) -> list[Translation]:
    assert _predictor is not None
    return translate_window(_predictor, window, options, prefixed)


def translate_window(
    predictor: TranslationPipeline, window: Window, options: dict[str, Any], prefixed: bool
) -> list[Translation]:
    """Translates the lines; when `prefixed` a tab in a line parts the text from how its translation begins."""
    if not prefixed:
        return predictor.translate(window.lines, first_number=window.first, **options)
    parts = [line.partition("\t") for line in window.lines]
    texts, prefixes = [part[0] for part in parts], [part[2] for part in parts]
    return predictor.translate(texts, prefixes=prefixes, first_number=window.first, **options)
