"""A comparison with a peer: both sides take turns in one run, and what came out is one JSON file of `results/`.

`report.py` makes RESULTS.md of these files.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
SEQTASKS, PEER = "seqtasks", "peer"


def turns(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds that each side takes, round by round: one after the other, after a round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds + 1):
        for name, work in sides.items():
            started = time.perf_counter()
            work()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    """The median, the lowest and the highest of some measurements."""
    return {
        "median": round(statistics.median(values), digits),
        "lowest": round(min(values), digits),
        "highest": round(max(values), digits),
    }


def record(
    name: str,
    *,
    measure: str,
    unit: str,
    seqtasks: Mapping[str, Any],
    peer: Mapping[str, Any],
    ratio: float,
    at_least: float | None = None,
    at_most: float | None = None,
    packages: Sequence[str] = (),
    setup: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Print a comparison as JSON, and keep it as `results/NAME.json`.

    Args:
        name: the file's name.
        measure: what was measured, in words, as a row of a table begins.
        unit: of both sides' `value`, such as `sentences/s`.
        seqtasks: what this project did: at least `name` and `value`; quality and spread beside them.
        peer: the same of the peer.
        ratio: the first value by the second.
        at_least: the ratio that is wanted, where more is better.
        at_most: the same where less is better.
        packages: whose versions are told, besides seqtasks and torch; those of this environment.
        setup: sizes, threads, rounds, data: what one has to know to believe it.
    """
    result: dict[str, Any] = {
        "measure": measure,
        "unit": unit,
        "seqtasks": dict(seqtasks),
        "peer": dict(peer),
        "ratio": round(ratio, 3),
        "at_least": at_least,
        "at_most": at_most,
        "setup": dict(setup or {}),
        "command": " ".join(["python", *_program(), *map(_short, sys.argv[1:])]),
        "machine": machine(),
        "versions": versions_of(("seqtasks", "torch", *packages)),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, ensure_ascii=False))
    return result


def machine() -> dict[str, Any]:
    """The processor, its cores that this process may use, and the Python."""
    found = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "processor": found[0] if found else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def versions_of(packages: Sequence[str]) -> dict[str, str]:
    """The versions of packages that are installed beside this process."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _program() -> list[str]:
    """How this program was started: as a module, or as a file."""
    spec = sys.modules["__main__"].__spec__
    return [_short(sys.argv[0])] if spec is None else ["-m", spec.name.removesuffix(".__main__")]


def _short(argument: str) -> str:
    """A path of the project from its top, other paths without the folders that only one machine has."""
    path = Path(argument)
    if not path.is_absolute():
        return argument
    top = Path(__file__).parents[1]
    return str(path.relative_to(top)) if path.is_relative_to(top) else f".../{path.name}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).is_file() else []
