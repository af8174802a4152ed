"""Asks two versions of seqtasks the same, and says where the answers differ: texts, tokens, labels, scores.

    git worktree add ../old 27b483f    # and an environment for it, with its packages
    python tests/compare_with.py --old ../old ../old/.venv/bin/python --new . .venv/bin/python

Each version answers in processes of its own, in float32 with one thread, with the models in its own checkout. Prints a
line a model; exits with 1 where any answer differs. With `--record FILE` the answers of the old version are written
there, and nothing is compared.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.answers import Question, all_differences, answers, questions, worded

SHOWN = 5
"""Differences of a model that are printed."""


@dataclass(frozen=True)
class Version:
    """A checkout, and the Python that runs it."""

    checkout: Path
    python: str

    def ask(self, question: Question, model: str, inputs: Path) -> list[Any]:
        """The objects that it answers with."""
        directory = str(self.checkout / model)
        words = worded(question, directory, self.help(question.arguments[0]))
        return list(answers(self.run(*words, stdin=question.stdin), inputs))

    def ask_all(self, questions: Sequence[Question], model: str, inputs: Path) -> list[list[Any]]:
        return [self.ask(question, model, inputs) for question in questions]

    @functools.cache  # noqa: B019  # lives as long as the program
    def help(self, command: str) -> str:
        return self.run(command, "--help")

    def run(self, *words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [self.python, "-m", "seqtasks", *words],
            cwd=self.checkout,
            env=os.environ | {"PYTHONPATH": str(self.checkout), "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{self.checkout}: seqtasks {' '.join(words)}\n{done.stderr}")
        return done.stdout


def version(checkout: str, python: str) -> Version:
    return Version(Path(checkout).resolve(), os.path.abspath(python))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--old", nargs=2, metavar=("CHECKOUT", "PYTHON"), required=True)
    parser.add_argument("--new", nargs=2, metavar=("CHECKOUT", "PYTHON"))
    parser.add_argument("--count", type=int, default=200, help="Inputs for each model.")
    parser.add_argument("--model", action="append", help="One of the models, by a part of its directory.")
    parser.add_argument("--tolerance", type=float, default=0.0, help="What numbers may differ by.")
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQTASKS_DATA"), help="A folder of data sets.")
    parser.add_argument("--record", type=Path, metavar="FILE", help="Write the answers of the old version.")
    given = parser.parse_args()
    if (given.new is None) == (given.record is None):
        parser.error("give either --new or --record")
    old = version(*given.old)
    with tempfile.TemporaryDirectory() as name:
        inputs = Path(name) / "inputs"
        asked = questions(inputs, given.count, given.data)
        chosen = {model: calls for model, calls in asked.items() if any(each in model for each in given.model or [""])}
        if given.record is not None:
            recorded = {model: old.ask_all(calls, model, inputs) for model, calls in chosen.items()}
            given.record.write_text(as_json(recorded), encoding="utf-8")
            return 0
        return compare(old, version(*given.new), chosen, inputs, given.tolerance)


def as_json(recorded: dict[str, list[list[Any]]]) -> str:
    """An answer a line, numbers to six places."""
    parts = []
    for model, calls in recorded.items():
        lines = [json.dumps([rounded(each) for each in call], ensure_ascii=False) for call in calls]
        parts.append(f"{json.dumps(model)}: [\n" + ",\n".join(lines) + "]")
    return "{" + ",\n".join(parts) + "}\n"


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value


def compare(old: Version, new: Version, asked: dict[str, list[Question]], inputs: Path, tolerance: float) -> int:
    """Prints the table; 1 where anything differs."""
    different = False
    print(f"{'model':42} {'answers':>8} {'differences':>12} {'seconds':>8}")
    for model, calls in asked.items():
        started = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:  # a process of one thread each
            asking = [pool.submit(version.ask_all, calls, model, inputs) for version in (old, new)]
            theirs, ours = (each.result() for each in asking)
        seconds = time.perf_counter() - started
        found = all_differences(theirs, ours, tolerance=tolerance)
        different |= bool(found)
        print(f"{model:42} {sum(map(len, ours)):8} {len(found):12} {seconds:8.1f}")
        for difference in found[:SHOWN]:
            print(f"    {difference}")
        sys.stdout.flush()
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
