"""Speed of a loaded model, a command for each task; prints one JSON object.

    python -m benchmarks.speed translation benchmarks/models/multi30k-en-de test_2016_flickr.en --beam 5
    python -m benchmarks.speed captions captions path/to/flickr8k/Images --beam 3
    python -m benchmarks.speed video captions assets/clip.mp4 --beam 3
    python -m benchmarks.speed tagging pos-en path/to/en_ewt-ud-dev.conllu
    python -m benchmarks.speed classification sentiment path/to/test.tsv.gz
    python -m benchmarks.speed generation shakespeare

Each figure is the median of several rounds after one that does not count. Loading the model is not part of it, reading
files of images and videos is. Run it on a quiet machine: `processor_seconds` far below `seconds` times the number of
threads (or workers) shows that something else used the processor.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

import seqtasks
from benchmarks.timing import Rounds, Threads, conditions, timed
from seqtasks.data.documents.readers import DocumentSource, read_documents
from seqtasks.data.examples import ReadReport
from seqtasks.data.tagging.readers import read_sentences
from seqtasks.device import configure_runtime
from seqtasks.image.folders import find_images
from seqtasks.video.reader import StrideSampler, open_video

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Many = Annotated[int, typer.Option(help="Inputs in one call.")]
Single = Annotated[int, typer.Option(help="Inputs one at a time.")]


@app.command()
def translation(
    model: str,
    source: Annotated[Path, typer.Argument(help="Sentences, one a line.")],
    beam: int = 5,
    workers: Annotated[int, typer.Option(help="Processes of one thread each.")] = 2,
    copies: Annotated[int, typer.Option(help="How often the sentences stand in the input.")] = 3,
    rounds: Rounds = 5,
    penalty: str | None = None,
    max_length: str | None = None,
) -> None:
    """Sentences a second of a translation model in worker processes."""
    sentences = source.read_text(encoding="utf-8").splitlines() * copies
    options: dict[str, Any] = {"beam": beam, "penalty": penalty, "max_length": max_length}
    predictor = seqtasks.load(model, task="translation", threads=1)
    context = multiprocessing.get_context("fork")
    together = context.Barrier(workers + 1)
    times = context.Queue()

    def work(share: list[str]) -> None:
        configure_runtime(threads=1)
        predictor.translate(share[:100], **options)
        for _ in range(rounds):
            together.wait()
            started = time.process_time()
            predictor.translate(share, **options)
            times.put(time.process_time() - started)
            together.wait()

    processes = [context.Process(target=work, args=(sentences[number::workers],)) for number in range(workers)]
    for process in processes:
        process.start()
    seconds, processor = [], []
    for _ in range(rounds):
        together.wait()
        started = time.perf_counter()
        together.wait()
        seconds.append(time.perf_counter() - started)
        processor.append(sum(times.get() for _ in processes))
    for process in processes:
        process.join()
    result: dict[str, Any] = {
        "sentences_per_second": round(len(sentences) / statistics.median(seconds), 1),
        "fastest": round(len(sentences) / min(seconds), 1),
        "slowest": round(len(sentences) / max(seconds), 1),
        "sentences": len(sentences),
        "seconds": round(statistics.median(seconds), 2),
        "processor_seconds": round(statistics.median(processor), 2),
        "workers": workers,
        "dtype": str(predictor.dtype).removeprefix("torch."),
        "decoding": predictor.decoding(**options).signature(),
    }
    print(json.dumps(result))


@app.command()
def captions(
    model: str,
    images: Annotated[Path, typer.Argument(help="A folder of images.")],
    beam: int = 3,
    threads: Threads = 0,
    many: Many = 512,
    single: Single = 64,
    rounds: Rounds = 5,
) -> None:
    """Images a second of a captioning model, from JPEG files to sentences."""
    files = list(islice(find_images([images]), many))
    predictor = seqtasks.load(model, task="captioning", threads=threads)
    result = {
        **both_ways(lambda batch: predictor.caption(batch, beam_size=beam), files, single, rounds, "images"),
        **conditions(predictor),
        "decoding": predictor.decoding(beam_size=beam).signature(),
    }
    print(json.dumps(result))


@app.command()
def video(
    model: str,
    clip: Annotated[Path, typer.Argument(help="A video, an animated image or a folder of numbered frames.")],
    beam: int = 3,
    frame_step: Annotated[int, typer.Option(help="Caption every n-th frame.")] = 1,
    threads: Threads = 0,
    rounds: Rounds = 5,
) -> None:
    """Frames a second of a captioning model: in batches, and live, each frame before the next one is read."""
    predictor = seqtasks.load(model, task="captioning", threads=threads)
    choice = StrideSampler(frame_step)
    frames = sum(1 for _ in open_video(clip).frames(choice))

    def describe(together: int | None) -> None:
        for _ in predictor.caption_frames(open_video(clip).frames(choice), beam_size=beam, together=together):
            pass

    result = {
        "batches": timed(lambda: describe(None), rounds, "frames", frames),
        "live": timed(lambda: describe(1), rounds, "frames", frames),
        **conditions(predictor),
        "decoding": predictor.decoding(beam_size=beam).signature(),
    }
    print(json.dumps(result))


@app.command()
def tagging(
    model: str,
    sentences: Annotated[Path, typer.Argument(help="A CoNLL-U file.")],
    threads: Threads = 0,
    rounds: Rounds = 5,
) -> None:
    """Words a second of a tagger, in sentences that are split into words already."""
    predictor = seqtasks.load(model, task="tagging", threads=threads)
    words = [sentence.words for sentence in read_sentences(sentences, ReadReport())]
    result = {
        "tagging": timed(lambda: predictor.tag(words), rounds, "words", sum(map(len, words))),
        **conditions(predictor),
    }
    print(json.dumps(result))


@app.command()
def classification(
    model: str,
    documents: Annotated[Path, typer.Argument(help="Labelled documents: TSV, CSV, JSON Lines, or a folder per class.")],
    threads: Threads = 0,
    many: Many = 2000,
    single: Single = 100,
    rounds: Rounds = 5,
) -> None:
    """Documents a second of a classifier."""
    read = read_documents(DocumentSource(path=documents), ReadReport())
    texts = [document.text for document in islice(read, many)]
    predictor = seqtasks.load(model, task="classification", threads=threads)
    result = {
        **both_ways(predictor.classify, texts, single, rounds, "documents"),
        "words": sum(len(text.split()) for text in texts),
        "characters": sum(map(len, texts)),
        **conditions(predictor),
    }
    print(json.dumps(result))


@app.command()
def generation(
    model: str,
    prompt: str = "",
    length: Annotated[int, typer.Option(help="Tokens to generate.")] = 1000,
    threads: Threads = 1,
    rounds: Rounds = 5,
) -> None:
    """Characters a second of a language model, one streamed text."""
    predictor = seqtasks.load(model, task="language-modeling", threads=threads)
    options: dict[str, Any] = {"max_new_tokens": length, "min_length": str(length)}
    characters = len("".join(predictor.stream(prompt, **options)))
    result = {
        "writing": timed(lambda: list(predictor.stream(prompt, **options)), rounds, "characters", characters),
        **conditions(predictor),
        "decoding": predictor.decoding(**options).signature(),
    }
    print(json.dumps(result))


def both_ways(
    predict: Callable[[Any], object], inputs: Sequence[Any], single: int, rounds: int, unit: str
) -> dict[str, Any]:
    """The speed with all inputs in one call, and that of the first ones, a call each."""

    def one_at_a_time() -> None:
        for each in inputs[:single]:
            predict([each])

    return {
        "many": timed(lambda: predict(inputs), rounds, unit, len(inputs)),
        "one_at_a_time": timed(one_at_a_time, rounds, unit, min(single, len(inputs))),
    }


if __name__ == "__main__":
    app()
