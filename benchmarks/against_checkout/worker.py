"""Measures rounds of one measure with the interpreter of a checkout, for `benchmarks.against_checkout`.

    path/to/checkout/.venv/bin/python benchmarks/against_checkout/worker.py ADAPTER MEASURE DATA

Writes a line of JSON when it is ready, then one for each line that it reads: the seconds and the processor's seconds of
a round.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path


def main(adapter: str, measure: str, data: str) -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print is not an answer
    work = import_module(adapter).MEASURES[measure](import_module("inputs").read(Path(data)))
    work()
    print(json.dumps("ready"), file=answers, flush=True)
    for _ in sys.stdin:
        gc.collect()
        started, used = time.perf_counter(), time.process_time()
        work()
        processor, seconds = time.process_time() - used, time.perf_counter() - started
        print(json.dumps({"seconds": seconds, "processor": processor}), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
