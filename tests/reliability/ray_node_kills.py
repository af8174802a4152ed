"""A node of a Ray cluster is killed in the middle of a job: nothing is lost, nothing comes twice.

    python tests/reliability/ray_node_kills.py --lines 200000 --turns 2
    python tests/reliability/ray_node_kills.py --images photos/

The cluster is one of two nodes on this machine, with a core each. Translations have to be byte for byte those of
`--workers 2`, captions those of `seqtasks caption`. `--turns` compares the speeds, without a kill, by turns. `--source`
names a file whose lines are repeated, in place of a few made ones.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # nodes are at 127.0.0.1, on Linux too

from helpers.synthetic import sentence_pairs
from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 200 * 2**20}
LIMIT = 3000.0
"""Seconds for a command."""


@contextmanager
def two_nodes() -> Iterator[tuple[str, Callable[[], None]]]:
    """A cluster's address, and what kills its second node."""
    cluster = Cluster(initialize_head=True, head_node_args=NODE)
    second: Any = cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    try:
        yield cluster.address, lambda: cluster.remove_node(second, allow_graceful=False)
    finally:
        cluster.shutdown()


def run(words: Sequence[str], kill: Callable[[], None] | None = None, when: Callable[[], bool] = bool) -> float:
    """Runs a command, in which `kill` is called as soon as `when` is true; returns the seconds that it took."""
    started = time.monotonic()
    command = [sys.executable, "-m", "seqtasks", *words]
    with subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}) as process:
        while process.poll() is None:
            if kill is not None and when():
                kill()
                print(f"a node was killed after {time.monotonic() - started:.1f} s", flush=True)
                kill = None
            if time.monotonic() - started > LIMIT:
                process.kill()
            time.sleep(0.05)
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit code {process.returncode}")
    if kill is not None:
        sys.exit("the job was over before the node could be killed")
    return time.monotonic() - started


def job(arguments: argparse.Namespace, folder: Path) -> tuple[list[str], list[str], int, int]:
    """The command, what it has without Ray, the number of its parts, and that of its items."""
    if arguments.images:
        count = sum(1 for _ in Path(arguments.images).iterdir())
        return ["caption", arguments.images], ["--threads", "2"], -(-count // 128), count
    lines: Sequence[str] = [source for source, _ in sentence_pairs(2000)]
    if arguments.source:
        lines = [line.split("\t")[0] for line in Path(arguments.source).read_text(encoding="utf-8").splitlines()]
    file = folder / "lines.txt"
    file.write_text("".join(f"{line}\n" for line in islice(cycle(lines), arguments.lines)), encoding="utf-8")
    return ["translate", str(file), "--beam-size", "1"], ["--workers", "2"], arguments.lines // 500, arguments.lines


def main() -> None:
    """Kills a node, compares the bytes, then the speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--source")
    parser.add_argument("--images")
    parser.add_argument("--turns", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    folder = arguments.folder or Path(tempfile.mkdtemp())
    words, alone, parts, items = job(arguments, folder)
    out, expected = folder / "ray.txt", folder / "alone.txt"

    def halfway() -> bool:
        kept = folder / "ray.txt.parts"
        return kept.is_dir() and sum(1 for _ in kept.glob("*.json")) >= max(1, parts // 3)

    first = run([*words, *alone, "-o", str(expected)])
    with two_nodes() as (address, kill):
        seconds = run([*words, "--ray", address, "-o", str(out)], kill, halfway)
    print(f"{items:,} items: {seconds:.1f} s with a node that died, {first:.1f} s without Ray")
    if out.read_bytes() != expected.read_bytes():
        sys.exit("the outputs differ")
    print(f"the same bytes, {out.stat().st_size:,}")
    times: dict[str, list[float]] = {"alone": [], "ray": []}
    for _ in range(arguments.turns):
        with two_nodes() as (address, _):
            times["ray"].append(run([*words, "--ray", address, "-o", str(out)]))
        times["alone"].append(run([*words, *alone, "-o", str(expected)]))
        print({name: [round(each, 1) for each in taken] for name, taken in times.items()}, flush=True)
    if arguments.turns:
        print(f"ratio of the best times: {min(times['alone']) / min(times['ray']):.2f}")


if __name__ == "__main__":
    main()
