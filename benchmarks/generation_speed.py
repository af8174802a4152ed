"""Characters that a loaded language model writes in a second, one text as it is made.

    python benchmarks/generation_speed.py shakespeare

Prints one JSON object. Run it on a quiet machine: `processor_seconds` far below `seconds` tells that something else
took the processor. How fast it learns stands in the `metrics.jsonl` of a training.
"""

from __future__ import annotations

import json
from typing import Annotated

import typer
from timing import Rounds, Threads, conditions, timed

import seqtasks
from seqtasks.inference.text_generation import TextGenerationPipeline


def main(
    model: str,
    prompt: str = "",
    length: Annotated[int, typer.Option(help="Tokens to write.")] = 1000,
    threads: Threads = 1,
    rounds: Rounds = 5,
) -> None:
    """Time a language model."""
    predictor = seqtasks.load(model, threads=threads)
    assert isinstance(predictor, TextGenerationPipeline)
    options = {"length": length, "min_length": str(length)}
    characters = len("".join(predictor.stream(prompt, **options)))
    result = {
        "writing": timed(lambda: list(predictor.stream(prompt, **options)), rounds, "characters", characters),
        **conditions(predictor),
        "decoding": predictor.decoding(**options).signature(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    typer.run(main)
