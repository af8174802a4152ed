"""What is wrong with the machine is told in a sentence; what is wrong with the program keeps its traceback."""

from __future__ import annotations

import errno
import os

import pytest

from seqtasks.cli.app import machine_problem


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
        RuntimeError("could not create a primitive"),
    ],
)
def test_too_little_memory(error: OSError | MemoryError | RuntimeError) -> None:
    assert (machine_problem(error) or "").startswith("out of memory. Use smaller batches")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "out.txt cannot be written: No space left on device. Free some space there."),
        (errno.EIO, "out.txt cannot be read or written: Input/output error."),
        (errno.ENAMETOOLONG, "out.txt cannot be read or written: File name too long."),
    ],
)
def test_disks(number: int, told: str) -> None:
    assert machine_problem(OSError(number, os.strerror(number), "out.txt")) == told


def test_faults_of_ours_are_none_of_the_machine() -> None:
    assert machine_problem(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) is None
    assert machine_problem(OSError("no number")) is None
    assert machine_problem(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "out.txt")) is None
