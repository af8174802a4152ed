from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from seqtasks import device as hardware
from seqtasks.device import autocast, choose_device, choose_dtype, configure_runtime, release_freed_memory
from seqtasks.errors import SeqtasksError

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("wanted", "affinity", "threads"), [(1, True, 1), (3, True, 3), (0, True, 2), (0, False, 7), (5, False, 5)]
)
def test_threads(monkeypatch: pytest.MonkeyPatch, wanted: int, affinity: bool, threads: int) -> None:
    found: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", found.append)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {4, 9}, raising=False)
    if not affinity:
        monkeypatch.delattr(os, "sched_getaffinity")
    configure_runtime(wanted)
    assert found == [threads]


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_device("cpu") == CPU
    for there, automatic in ((False, "cpu"), (True, "cuda")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert choose_device("auto").type == automatic
    for missing in ("abacus", "cuda:99"):
        with pytest.raises(SeqtasksError, match=f"The device '{missing}' is not available"):
            choose_device(missing)


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [({"avx512_bf16": True}, torch.bfloat16), ({"amx_bf16": True}, torch.bfloat16), ({"avx2": True}, torch.float32)],
)
def test_precision(monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], dtype: torch.dtype) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert choose_dtype("auto", CPU) == dtype
    assert choose_dtype("float32", CPU) == torch.float32
    assert choose_dtype("bfloat16", CPU) == torch.bfloat16


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_matrix_products_in_the_wanted_precision(dtype: torch.dtype) -> None:
    layer = torch.nn.Linear(3, 3)
    with autocast(CPU, dtype):
        assert layer(torch.randn(2, 3)).dtype == dtype
    assert layer.weight.dtype == torch.float32


def test_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    class Foreign:
        def __init__(self, name: None) -> None:
            pass

    monkeypatch.setattr(hardware.ctypes, "CDLL", Foreign)
    monkeypatch.setattr(hardware, "_released", 0.0)
    configure_runtime(1)
    release_freed_memory()


HOLES = """\
import torch
from seqtasks import device

def resident():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

device.configure_runtime(1)
before = resident()
large, small = [], []
for _ in range(200):
    large.append(torch.ones(2**18))  # a mebibyte
    small.append(torch.ones(2**10))  # lies behind it, and keeps the heap from getting smaller
del large
kept = resident()
device._released = device.time.monotonic()
device.release_freed_memory()
within_a_minute = resident()
device._released -= device.RELEASE_SECONDS
device.release_freed_memory()
print(kept - before, within_a_minute - before, resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_freed_memory_goes_back_to_the_system_once_a_minute() -> None:
    answer = subprocess.run([sys.executable, "-c", HOLES], check=True, capture_output=True, text=True)
    kept, within_a_minute, released = map(float, answer.stdout.split())
    assert kept > 150
    assert within_a_minute > 150
    assert released < 50


@pytest.mark.parametrize(("given", "limit"), [(None, "256"), ("1024", "1024")])
def test_kernels_that_onednn_keeps(monkeypatch: pytest.MonkeyPatch, given: str | None, limit: str) -> None:
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.setenv(name, given or "")  # is put back after the test
    if given is None:
        monkeypatch.delenv(name)
    configure_runtime(1)
    assert os.environ[name] == limit


PROGRAM = """
import os, signal, sys, warnings
import torch
from seqtasks import device

device.configure_runtime(2)
numbers = torch.randn(1000, 1000)
numbers @ numbers
process = os.fork()
if process == 0:
    signal.alarm(20)
    for threads in map(int, sys.argv[1:]):
        device.configure_runtime(threads)
    numbers @ numbers
    assert torch.get_num_threads() == 1
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        device.forks.warn()
        device.forks.warn()
    print([str(each.message)[:66] for each in told], flush=True)
    os._exit(0)
print(os.waitpid(process, 0)[1])
"""
"""Two threads that have worked, and a process that is forked then."""


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="needs forks")
@pytest.mark.parametrize("wanted", [[], ["2"], ["1", "2"]])
def test_a_forked_process_computes_with_one_thread_and_says_so(wanted: list[str]) -> None:
    found = subprocess.run([sys.executable, "-c", PROGRAM, *wanted], capture_output=True, text=True, check=True)
    told = "This process was forked from one that computes with 2 threads, and"
    assert found.stdout == f"{[told] if '1' not in wanted else []}\n0\n"


def test_callers_within_a_single_thread_leave_in_any_order() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    inside, leave = threading.Event(), threading.Event()
    left: list[int] = []

    def second() -> None:
        with hardware.single_thread:
            inside.set()
            leave.wait(20)
        left.append(torch.get_num_threads())

    other = threading.Thread(target=second)
    with hardware.single_thread:
        assert torch.get_num_threads() == 1
        other.start()
        inside.wait(20)
    assert torch.get_num_threads() == 2
    leave.set()
    other.join()
    assert left == [2]
    torch.set_num_threads(before)
