"""Bulk inference: streams of any length in constant memory, with several worker processes where asked for.

    for translation in translate_stream(seqtasks.load("en-de"), open("input.txt"), num_workers=4):
        print(translation.text)

Results come in the order of what was put in, as soon as they are there.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.image.loading import ImageError
    from seqtasks.inference.captioning import CaptioningPipeline
    from seqtasks.inference.captioning.image_inputs import ImageInput
    from seqtasks.inference.classification import ClassificationPipeline
    from seqtasks.inference.outputs import Caption, Classification, TaggedSentence, Translation
    from seqtasks.inference.tagging import TaggingPipeline
    from seqtasks.inference.translation import TranslationPipeline

BATCH_SIZE, WORKER_BATCH_SIZE = 2_000, 500
"""Items in a batch, without and with worker processes."""
PREFETCH = 2
"""Batches for each worker that are read before the first of them is done."""
PATIENCE = 1.0
"""Seconds after which a worker looks whether its parent is still there."""

Item = TypeVar("Item")
Result = TypeVar("Result")
Pipeline = TypeVar("Pipeline")
Loadable: TypeAlias = Pipeline | Callable[[], Pipeline]
"""A pipeline, or a function that loads one."""


@dataclass(frozen=True)
class Batch(Generic[Item]):
    """Consecutive items of a stream, which are processed together."""

    first: int
    """Number of the first item in the whole stream, from 0."""
    items: list[Item]
    pause: bool = False
    """The stream had no more to give at once: somebody may be waiting for the results."""


def batched(items: Iterable[Item], size: int) -> Iterator[Batch[Item]]:
    """The items in batches of `size`; the last one may be smaller."""
    first, coming = 0, iter(items)
    while batch := list(islice(coming, size)):
        yield Batch(first, batch)
        first += len(batch)


def map_batches(
    process: Callable[[Pipeline, Batch[Item]], Result],
    pipeline: Loadable[Pipeline],
    batches: Iterable[Batch[Item]],
    *,
    num_workers: int = 1,
) -> Iterator[tuple[Batch[Item], Result]]:
    """Processes batches and yields each with its result, in their order.

    Args:
        process: Computes the result of a batch; with several workers a function that can be pickled.
        pipeline: A pipeline on the CPU, or a function that loads one. With several workers a pipeline is shared by
            forked processes, so that its weights are in memory once; where there is no fork it is copied. A function is
            called once in each process.
        batches: Taken as they are needed; a few of them are in memory at a time.
        num_workers: Processes of one thread each; 1 is this process.

    Raises:
        SeqtasksError: A worker process died, or the pipeline has an engine of its own.
    """
    if num_workers == 1:
        loaded = load_pipeline(pipeline)
        for batch in batches:
            yield batch, process(loaded, batch)
        return
    if getattr(pipeline, "engine", None) is not None:  # whose threads are gone in a process that is forked
        raise SeqtasksError(
            "The engine ctranslate2 cannot be shared by several workers.", "Use one worker: it has threads."
        )
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    others = multiprocessing.active_children()
    life = (process, pipeline, os.getpid())
    with ProcessPoolExecutor(num_workers, context, initializer=start_worker, initargs=life) as pool:
        try:
            waiting: deque[tuple[Batch[Item], Future[Any]]] = deque()
            for batch in batches:
                waiting.append((batch, pool.submit(work, batch)))
                while waiting and (batch.pause or len(waiting) >= PREFETCH * num_workers):
                    yield waiting[0][0], waiting.popleft()[1].result()
            for batch, future in waiting:
                yield batch, future.result()
        except BrokenProcessPool:
            raise SeqtasksError(
                "A worker process died and processing stopped.", "It may have run out of memory: use fewer workers."
            ) from None
        finally:
            for worker in multiprocessing.active_children():
                if worker not in others:
                    worker.terminate()


def load_pipeline(pipeline: Loadable[Pipeline]) -> Pipeline:
    """The pipeline itself, or what the function that loads it gives."""
    from seqtasks.inference import base

    # a pipeline can be called too
    return pipeline() if callable(pipeline) and not isinstance(pipeline, base.Pipeline) else pipeline


_process: Callable[[Batch[Any]], Any] | None = None
"""What a worker process does with a batch."""


def start_worker(process: Callable[[Any, Batch[Any]], Any], pipeline: Any, parent: int) -> None:
    """Prepares a worker process for `work`; `parent` is the process that has the results."""
    global _process
    from seqtasks.device import configure_runtime

    Thread(target=end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker without a traceback
    configure_runtime(threads=1)
    _process = partial(process, load_pipeline(pipeline))


def end_with(parent: int) -> None:
    """Ends this process soon after its parent.

    A parent that is killed tells nobody, and the pipe to it stays open, because the workers hold its other side too.
    """
    while os.getppid() == parent:
        time.sleep(PATIENCE)
    os._exit(1)


def work(batch: Batch[Any]) -> Any:
    """Runs in a worker process: the result of a batch, by what `start_worker` has prepared."""
    assert _process is not None
    return _process(batch)


def translate_batch(
    translator: TranslationPipeline, batch: Batch[str], options: dict[str, Any], *, target_prefix: bool = False
) -> list[Translation]:
    """Translates texts. With `target_prefix` a tab separates each text from the beginning of its translation."""
    if not target_prefix:
        return translator.translate(batch.items, first_number=batch.first, **options)
    parts = [line.partition("\t") for line in batch.items]
    texts, prefixes = [part[0] for part in parts], [part[2] for part in parts]
    return translator.translate(texts, prefixes=prefixes, first_number=batch.first, **options)


def caption_batch(
    captioner: CaptioningPipeline, batch: Batch[ImageInput], options: dict[str, Any]
) -> list[Caption | ImageError]:
    """Captions of a batch, with an error in the place of an image that cannot be read; workers find it by its name."""
    return list(captioner.iter_captions(batch.items, first_number=batch.first, **options))


def run_batch(pipeline: Callable[[Any], list[Result]], batch: Batch[Any]) -> list[Result]:
    """What a pipeline gives for a batch; workers find it by its name."""
    return pipeline(batch.items)


def translate_stream(
    translator: Loadable[TranslationPipeline], texts: Iterable[str], *, num_workers: int = 1, **options: Any
) -> Iterator[Translation]:
    """A translation for each text, in their order.

    Args:
        translator: As the `pipeline` of `map_batches`.
        texts: Taken as they are needed.
        num_workers: Processes of one thread each; 1 is this process.
        **options: Those of `TranslationPipeline.translate`.

    Raises:
        SeqtasksError: A worker process died.
    """
    return stream(partial(translate_batch, options=options), translator, texts, num_workers)


def caption_stream(
    captioner: Loadable[CaptioningPipeline], images: Iterable[ImageInput], *, num_workers: int = 1, **options: Any
) -> Iterator[Caption | ImageError]:
    """A caption for each image, in their order, or why it cannot be read.

    Args:
        captioner: As the `pipeline` of `map_batches`.
        images: Taken as they are needed.
        num_workers: Processes of one thread each; 1 is this process.
        **options: Those of `CaptioningPipeline.caption`.

    Raises:
        SeqtasksError: A worker process died.
    """
    return stream(partial(caption_batch, options=options), captioner, images, num_workers)


def tag_stream(
    tagger: Loadable[TaggingPipeline], sentences: Iterable[Any], *, num_workers: int = 1
) -> Iterator[TaggedSentence]:
    """Each sentence with its labels, in their order.

    Args:
        tagger: As the `pipeline` of `map_batches`.
        sentences: Texts, or lists of words; taken as they are needed.
        num_workers: Processes of one thread each; 1 is this process.

    Raises:
        SeqtasksError: A worker process died.
    """
    return stream(run_batch, tagger, sentences, num_workers)


def classify_stream(
    classifier: Loadable[ClassificationPipeline], texts: Iterable[str], *, num_workers: int = 1
) -> Iterator[Classification]:
    """The labels of each text, in their order.

    Args:
        classifier: As the `pipeline` of `map_batches`.
        texts: Taken as they are needed.
        num_workers: Processes of one thread each; 1 is this process.

    Raises:
        SeqtasksError: A worker process died.
    """
    return stream(run_batch, classifier, texts, num_workers)


def stream(
    process: Callable[[Pipeline, Batch[Item]], list[Result]],
    pipeline: Loadable[Pipeline],
    items: Iterable[Item],
    num_workers: int,
) -> Iterator[Result]:
    """The results of all items, one after the other.

    Args:
        process: Computes the results of a batch; with several workers a function that can be pickled.
        pipeline: As in `map_batches`.
        items: Taken as they are needed.
        num_workers: Processes of one thread each; 1 is this process.

    Raises:
        SeqtasksError: A worker process died.
    """
    size = BATCH_SIZE if num_workers == 1 else WORKER_BATCH_SIZE
    for _, results in map_batches(process, pipeline, batched(items, size), num_workers=num_workers):
        yield from results
