"""Ranks of a training are killed at random moments: the others end at once, and what resumes ends as if none had been.

    python tests/reliability/rank_kills.py --kills 20 --ranks 2 --tasks translation generation

One rank, the first one as likely as another, dies by SIGKILL at a random moment of its run, be it while data are read,
in an update, while the first rank validates or while it saves. The others have to end within 30 seconds with an error
of ours. At the end the weights have to be those of a training that nobody killed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from helpers import tiny_runs
from helpers.ranks import in_ranks
from reliability import forked
from reliability.targets import SAVE_OFTEN, unreadable

import seqtasks
from seqtasks.errors import SeqtasksError
from seqtasks.storage.bundle import read_bundle

LIMIT = 30.0
"""Seconds within which all ranks have to end."""


def train(task: str, folder: Path, ranks: int, victim: int = 0, after: float | None = None) -> list[object]:
    """What became of each rank, one of which may die some seconds after its start."""
    config = folder.with_suffix(".toml")
    config.write_text(tiny_runs.CONFIGURATIONS[task] + tiny_runs.TRAINING, encoding="utf-8")

    def work() -> int:
        if after is not None and os.environ["RANK"] == str(victim):
            signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            signal.setitimer(signal.ITIMER_REAL, after)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            settings = {**SAVE_OFTEN, "num_processes": 0}
            return seqtasks.train(config, folder / "made", resume=True, training=settings).step

    return in_ranks(ranks, work, seconds=(after or 0.0) + (LIMIT if after is not None else 300))


def kill_ranks(task: str, ranks: int, kills: int, chance: random.Random, place: Path) -> list[str]:
    """Kills a training so many times; returns what was wrong."""
    started = time.monotonic()
    train(task, place / "straight", ranks)
    seconds = time.monotonic() - started
    done, runs, faults = 0, 0, list[str]()
    wanted = read_bundle(place / "straight" / "made" / f"step-{SAVE_OFTEN['max_steps']}").trainer()["weights"]
    while done < kills:
        runs += 1
        folder = place / f"killed-{runs}"
        while True:
            victim, after = chance.randrange(ranks), chance.uniform(0.0, 1.2 * seconds)
            found = train(task, folder, ranks, victim, after if done < kills else None)
            if all(isinstance(each, int) for each in found):
                break
            done += 1
            others = [each for each in found if each is not None and not isinstance(each, SeqtasksError | int)]
            faults += [f"{task}, kill {done} (rank {victim}, {after:.2f} s): {each!r}" for each in others]
            if folder.is_dir():
                faults += [f"{task}, kill {done}: {reason}" for reason in unreadable(folder)]
        ours = read_bundle(folder / "made" / f"step-{SAVE_OFTEN['max_steps']}").trainer()["weights"]
        faults += [f"{task}, run {runs}: other {name}" for name in wanted if not ours[name].equal(wanted[name])]
    print(f"{task}, {ranks} ranks: {done} kills in {runs} runs, {len(faults)} faults", flush=True)
    return faults


def main() -> None:
    parser = forked.parser_of(__doc__)
    parser.add_argument("--kills", type=int, default=20, help="for each task")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--tasks", nargs="*", choices=[*tiny_runs.CONFIGURATIONS], default=["translation"])
    arguments = parser.parse_args()
    faults = []
    for task in arguments.tasks:
        with forked.working_directory() as place:
            chance = random.Random(f"{arguments.seed} {task}")
            faults += kill_ranks(task, arguments.ranks, arguments.kills, chance, place)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
