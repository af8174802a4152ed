"""Trainings that are asked to stop by others: schedulers, pipes."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers import tiny_runs
from helpers.processes import children, left_after
from helpers.program import settings

PROGRAM = [sys.executable, "-m", "seqtasks", "train", "run.toml", "--output", "run"]
LONG = settings("training.max_steps=100000", "training.eval_steps=100000", "training.save_steps=100000")


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Programs take over which signals are ignored: SIGHUP below `nohup`, SIGINT in the background of a shell."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_runs.write_data(Path("data"))
    Path("run.toml").write_text(tiny_runs.CONFIGURATIONS["tagging"] + tiny_runs.TRAINING, encoding="utf-8")


@contextlib.contextmanager
def begun(*chosen: str) -> Iterator[subprocess.Popen[str]]:
    """A long training after its first step, in a group of processes of its own."""
    command = [*PROGRAM, *LONG, *settings(*chosen)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("step "))
        yield process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_saves_and_ends(number: signal.Signals, code: int) -> None:
    with begun() as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Stopping after this step" in err
    assert "everything is saved. To resume:" in out
    [checkpoint] = Path("run").glob("step-*")
    assert (checkpoint / "trainer.pt").is_file()


def test_a_training_outlives_the_reader_of_its_output() -> None:
    few = settings("training.max_steps=4", "training.eval_steps=2", "training.save_steps=4")
    with subprocess.Popen([*PROGRAM, *few], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 0, err
    assert "standard output is closed; the training goes on without it" in err
    assert Path("run/step-4").is_dir()


def test_a_training_outlives_its_terminal_long_enough_to_save() -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [*PROGRAM, *LONG])
    seen = b""
    while b"learning rate" not in seen:
        seen += os.read(terminal, 65536)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 129
    [checkpoint] = Path("run").glob("step-*")
    assert (checkpoint / "trainer.pt").is_file()


def test_a_second_interruption_ends_all_processes_without_a_traceback() -> None:
    with begun("training.num_processes=2") as process:
        for _ in range(2):
            os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err + out


def test_signals_to_all_processes_are_for_the_one_that_saves() -> None:
    with begun("training.num_processes=2") as process:
        os.killpg(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 143, err
    assert "everything is saved" in out


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to see processes")
def test_processes_end_by_themselves_where_the_training_is_killed() -> None:
    with begun("training.num_processes=2") as process:
        [other] = children(process.pid)
        process.kill()
        process.communicate()
    assert not left_after(10, [other])


def test_a_training_that_fails_before_it_begins_leaves_nothing() -> None:
    Path("data/train.conllu").write_text("")
    out = subprocess.run([*PROGRAM[:-1], "new/run"], capture_output=True, text=True, check=False)
    assert out.returncode == 1, out.stderr
    assert not Path("new").exists()
