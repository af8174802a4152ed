"""What the processor or the accelerator is good at, set up once before training or decoding."""

from __future__ import annotations

import ctypes
import os
import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from mmap import mmap

import torch
from torch import Tensor

from seqtasks.errors import SeqtasksError

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
RELEASE_SECONDS = 60.0
"""How long freed memory is kept at least."""
PRIMITIVES = "256"
"""Compiled kernels that oneDNN keeps, some for each shape. Its own limit is 1,024, which is much memory where every
batch has another length; an update uses some forty, so that a kernel older than 256 others seldom comes again."""
_released = time.monotonic()


def configure_runtime(threads: int = 0) -> None:
    """Sets threads (0 = all cores), lets oneDNN do the matrix products, and keeps freed memory in the process.

    Large temporary tensors are otherwise given back to the system after each use, and the page faults of getting
    them again cost as much as the arithmetic. Does nothing about that where the C library is not glibc. What is freed
    in pieces too small to be used again is given back by `release_freed_memory`.

    A process that is forked from this one computes with one thread: with more of them it would wait for ever, because
    those of OpenMP are not forked with it.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", PRIMITIVES)
    torch.set_num_threads(forks.allowed(threads or available_cores()))
    forks.watch()
    torch.set_float32_matmul_precision("medium")
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(M_TOP_PAD, 2**28)


class Forks:
    """What becomes of threads in processes that are forked from one that has several."""

    def __init__(self) -> None:
        self.watched = False
        self.parent_threads = 1
        """How many computed in the process that this one was forked from."""
        self.told = False

    def watch(self) -> None:
        """From now on forked processes start with one thread; called again, it does nothing."""
        if not self.watched and hasattr(os, "register_at_fork"):
            self.watched = True
            os.register_at_fork(after_in_child=self.start_child)

    def start_child(self) -> None:
        """Runs in a forked process: remembers how many threads there were, and takes one."""
        self.parent_threads = max(self.parent_threads, torch.get_num_threads())
        torch.set_num_threads(1)

    def allowed(self, wanted: int) -> int:
        """The threads that this process may have of those it wants: one, where others would be waited for for ever."""
        if wanted == 1:
            self.told = True  # it gets what it wants
        return 1 if self.parent_threads > 1 else wanted

    def warn(self) -> None:
        """Warns, once, in a process that has one thread because it was forked from one with several."""
        if self.parent_threads > 1 and not self.told:
            self.told = True
            warnings.warn(
                f"This process was forked from one that computes with {self.parent_threads} threads, and uses only "
                "one: "
                'threads do not survive a fork. Use multiprocessing\'s "spawn" for several threads per process.',
                RuntimeWarning,
                stacklevel=3,
            )


forks = Forks()


def release_freed_memory() -> None:
    """Gives the memory that this process has freed back to the system, once a minute however often it is called.

    Tensors of ever other sizes leave holes between them; `configure_runtime` lets the process keep those, and they
    would grow for as long as it runs. Getting the pages again costs less than a hundredth of that minute. Does nothing
    where the C library is not glibc.
    """
    global _released
    now = time.monotonic()
    if now - _released < RELEASE_SECONDS:
        return
    _released = now
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def available_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class SingleThread:
    """One thread computes for the caller, for many small products one after the other, as long texts need them.

    Threads that share such a product spin while they wait for each other, several times a token. On a machine that has
    other work to do each of these waits can last a time slice of the system: seconds become minutes. Several callers
    may be within it; whoever leaves has the threads again that there were before the first of them came.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.before = 1

    def __enter__(self) -> None:
        with self.lock:
            if self.inside == 0:
                self.before = torch.get_num_threads()
            self.inside += 1
        torch.set_num_threads(1)

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.inside -= 1
            torch.set_num_threads(self.before)


single_thread = SingleThread()


def choose_device(wanted: str) -> torch.device:
    """The device of this name; "auto" is the first GPU when there is one, else the processor.

    Raises:
        SeqtasksError: There is no such device.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=wanted).device
    except (RuntimeError, AssertionError) as error:
        raise SeqtasksError(
            f"The device {wanted!r} is not available.", 'Use "cpu", "auto" or, with a GPU, "cuda".'
        ) from error


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """The precision of matrix products.

    Args:
        wanted: "float32", "bfloat16" or "auto": bfloat16 where the device multiplies such matrices in hardware.
        device: Where the model computes.
    """
    if wanted != "auto":
        return torch.bfloat16 if wanted == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    capabilities = torch.cpu.get_capabilities()
    fast = capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")
    return torch.bfloat16 if device.type == "cpu" and fast else torch.float32


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[None]:
    """Matrix products in `dtype` while the weights stay float32."""
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32)


def share_memory_like(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Zeros of the same shapes, in memory that this process and those forked from it see alike."""
    found = []
    for tensor in tensors:
        size = max(1, tensor.numel() * tensor.element_size())
        memory = torch.frombuffer(mmap(-1, size), dtype=torch.uint8)
        found.append(memory[: tensor.numel() * tensor.element_size()].view(tensor.dtype).view(tensor.shape))
    return found
