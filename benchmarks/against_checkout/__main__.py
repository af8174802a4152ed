"""Is this checkout as fast as another one? Small measures, by turns: each ratio with its 95 % interval.

    python -m benchmarks.against_checkout path/to/27b483f --data path/to/data

The other checkout stands at commit 27b483f with an environment of its own (`.venv`). Each measure has a process of each
checkout, with one thread on the same core, loaded and warm, which do the same work by turns, at least 15 times; cold
starts are new processes. A process keeps a speed of its own, some percent from that of the next one that runs the same
program, by where its memory happens to lie: after some turns both are started anew, and the mean of their turns counts
as one. The logarithms of these ratios give the mean ratio (this checkout by the other) and the interval of Student's t.
A measure is as fast as wanted when the interval lies below 1.05. With `--itself` the other checkout is measured against
itself, which shows what the machine alone does. Takes about an hour; a quiet machine gives narrow intervals.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from benchmarks.comparison import RESULTS, machine, spread, versions_of

WORKER = Path(__file__).with_name("worker.py")
OTHER, THIS = "checkout_27b483f", "this_checkout"
LIMIT = 1.05
COLD = {"startup-help": (["--help"], ""), "startup-translate": (["translate"], "A dog runs across the grass.\n")}
"""Arguments and input of new processes."""
LOADED = (
    "translation-beam-5",
    "translation-greedy",
    "translation-single",
    "captions",
    "tagging",
    "classification",
    "generation",
    "training-transformer",
    "training-lstm",
    "training-characters",
    "training-tagging",
    "training-classification",
)
"""The measures of the adapters."""


class Side(NamedTuple):
    """A checkout: its interpreter, and the adapter that knows its names."""

    python: Path
    adapter: str


class Round(NamedTuple):
    seconds: float
    processor: float


class Ratio(NamedTuple):
    """The geometric mean of ratios, with its 95 % interval."""

    mean: float
    low: float
    high: float


def ratio_of(these: Sequence[float], others: Sequence[float], turns: int) -> Ratio:
    """The ratio of paired measurements, of which the same processes did `turns` at a time."""
    paired = [math.log(this / other) for this, other in zip(these, others, strict=True)]
    logs = [statistics.mean(paired[start : start + turns]) for start in range(0, len(paired), turns)]
    mean = statistics.mean(logs)
    half = student_t(len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs)) if len(logs) > 1 else math.inf
    return Ratio(math.exp(mean), math.exp(mean - half), math.exp(min(mean + half, 700)))


def student_t(freedom: int) -> float:
    """The 97.5 % quantile of Student's t distribution (Abramowitz & Stegun 26.7.5; 0.05 % off for 5 degrees)."""
    z = statistics.NormalDist().inv_cdf(0.975)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / math.pow(freedom, power) for power, term in enumerate(terms))


def environment() -> dict[str, str]:
    """One thread, and no path but that of the interpreter."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": "", "PYTHONSAFEPATH": ""}


@contextmanager
def loaded(side: Side, measure: str, data: Path) -> Iterator[Callable[[], Round]]:
    """A process that has loaded what a measure needs; what it gives does a round."""
    command = [str(side.python), "-W", "ignore", str(WORKER), side.adapter, measure, str(data)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def answer() -> Any:
            if not (line := answers.readline()):
                raise SystemExit(f"{measure} failed with {side.python}: its error stands above.")
            return json.loads(line)

        def work() -> Round:
            print(file=questions, flush=True)
            return Round(**answer())

        answer()
        yield work
        questions.close()


def cold(side: Side, measure: str) -> Callable[[], Round]:
    """Starts the command line in a new process, a round each time."""
    arguments, text = COLD[measure]

    def work() -> Round:
        used = os.times()
        started = time.perf_counter()
        subprocess.run([str(side.python), "-m", "seqtasks", *arguments], check=True, input=text, text=True,
                       capture_output=True, env=environment())  # fmt: skip
        seconds = time.perf_counter() - started
        now = os.times()
        return Round(seconds, now.children_user + now.children_system - used.children_user - used.children_system)

    work()
    return work


def measured(measure: str, this: Side, other: Side, data: Path, rounds: int, turns: int) -> dict[str, Any]:
    """Both sides by turns, each first in every second round."""
    found: dict[str, list[Round]] = {"this": [], "other": []}
    group = rounds if measure in COLD else turns
    for first in range(0, rounds, group):
        with ExitStack() as stack:
            works = {
                name: cold(side, measure) if measure in COLD else stack.enter_context(loaded(side, measure, data))
                for name, side in (("this", this), ("other", other))
            }
            for number in range(first, min(first + group, rounds)):
                for name in works if number % 2 else reversed(works):
                    found[name].append(works[name]())
    result: dict[str, Any] = {"measure": measure}
    for clock in Round._fields:
        sides = {name: [getattr(each, clock) for each in found[name]] for name in found}
        ratio = ratio_of(sides["this"], sides["other"], 1 if measure in COLD else turns)
        result[clock] = {
            **{name: spread(values, 4) for name, values in sides.items()},
            "ratio": round(ratio.mean, 4),
            "interval": [round(ratio.low, 4), round(ratio.high, 4)],
            f"below {LIMIT}": ratio.high < LIMIT,
        }
    return result


def main(
    other: Annotated[Path, typer.Argument(help="The other checkout.", exists=True, file_okay=False)],
    data: Annotated[Path, typer.Option(help="The folder that holds multi30k, flickr8k, char and so on.")],
    rounds: Annotated[int, typer.Option(help="Turns of each side.", min=2)] = 45,
    turns: Annotated[int, typer.Option(help="Rounds after which processes are started anew.", min=1)] = 3,
    only: Annotated[str, typer.Option(help="Some of the measures, separated by commas.")] = ",".join((*COLD, *LOADED)),
    itself: Annotated[bool, typer.Option("--itself", help="The other checkout on both sides.")] = False,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the figures go.")] = RESULTS
    / "against"
    / "27b483f.json",
) -> None:
    """Measure both checkouts by turns."""
    chosen = only.split(",")
    if unknown := set(chosen) - {*COLD, *LOADED}:
        raise typer.BadParameter(
            f"there is no {', '.join(sorted(unknown))} (there are {', '.join((*COLD, *LOADED))})", param_hint="--only"
        )
    python = other / ".venv" / "bin" / "python"
    if not python.is_file():
        raise typer.BadParameter(f"{other} has no environment: {python} is missing", param_hint="OTHER")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    there = Side(python, OTHER)
    this = there if itself else Side(Path(sys.executable), THIS)
    results = []
    for measure in chosen:
        result = measured(measure, this, there, data.resolve(), rounds, turns)
        results.append(result)
        told = (
            f"{clock} {found['ratio']:.3f} ({found['interval'][0]:.3f} to {found['interval'][1]:.3f})"
            f"{'' if found[f'below {LIMIT}'] else ' !'}"
            for clock, found in ((clock, result[clock]) for clock in Round._fields)
        )
        print(f"{measure:<24} {result['seconds']['this']['median']:7.3f} s; {'; '.join(told)}", flush=True)
    values = {
        "other": "27b483f", "itself": itself, "rounds": rounds, "turns": turns, "machine": machine(),
        "versions": versions_of(("seqtasks", "torch")), "measures": results,
    }  # fmt: skip
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    if slow := [result["measure"] for result in results if not result["seconds"][f"below {LIMIT}"]]:
        print(f"Not shown to be below {LIMIT}: {', '.join(slow)}")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
