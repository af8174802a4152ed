"""The processes that torchrun starts, on one machine or on many: who they are, and what they agree on."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous

from seqtasks.device import available_cores
from seqtasks.errors import SeqtasksError
from seqtasks.training.torchrun import launched

PATIENCE = timedelta(days=30)
"""How long processes wait for the first one, which validates alone. One that is gone is noticed at once all the same:
its connections are closed."""
TRANSPORT = re.compile(r"gloo/|NCCL")
"""What stands in messages of errors of the transport that have no class of their own."""

T = TypeVar("T")
_stores: list[Any] = []
"""Where processes found each other; empty as long as they have not."""


class Ranks:
    """This process among those of a training: alone, it is the first of one. `join_ranks` makes others of it."""

    rank = 0
    size = 1
    local_rank = 0
    local_size = 1

    @property
    def is_first(self) -> bool:
        """Whether this process logs, validates and saves."""
        return self.rank == 0

    @property
    def share(self) -> slice:
        """The rows of each batch, and of all that is carried from batch to batch, that are trained here."""
        return slice(self.rank, None, self.size)

    def on_first(self, work: Callable[[], T]) -> T:
        """What `work` returns in the first process, where alone it is called; the others wait for it."""
        return work()

    def first_on_each_machine(self, work: Callable[[], T]) -> T:
        """Does the work everywhere, but only once the first process of each machine has: it may fill a cache."""
        return work()

    def sum(self, *numbers: float) -> tuple[float, ...]:
        """The sums of these numbers over all processes."""
        return numbers

    def from_first(self, values: Tensor) -> Tensor:
        """The values of the first process, on a CPU, in place of these."""
        return values

    def gather_rows(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tensors of which every process has its `share` of the rows, whole."""
        return dict(tensors)

    def device(self, device: torch.device) -> torch.device:
        """The device of this process where all were given the same name, such as "cuda"."""
        return device

    def threads(self, wanted: int) -> int:
        """Threads of this process: as many as were asked for, else its part of the cores (0: all)."""
        return wanted


class LaunchedRanks(Ranks):
    """A process of a training that torchrun has started, once all have found each other."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self.local_rank = int(os.environ.get("LOCAL_RANK", self.rank))
        self.local_size = int(os.environ.get("LOCAL_WORLD_SIZE", self.size))
        with reporting_lost_rank():
            self.control: Any = dist.new_group(backend="gloo", timeout=PATIENCE)

    def on_first(self, work: Callable[[], T]) -> T:
        """See `Ranks`; the result is pickled, by a process of the same training."""
        message = pickle.dumps(work()) if self.is_first else b""
        length = int(self.from_first(torch.tensor(len(message))))
        data = torch.frombuffer(bytearray(message or bytes(length)), dtype=torch.uint8)
        result: T = pickle.loads(self.from_first(data).numpy().tobytes())
        return result

    def first_on_each_machine(self, work: Callable[[], T]) -> T:
        """See `Ranks`."""
        done = [work()] if self.local_rank == 0 else []
        self.sum()
        return done[0] if done else work()

    def sum(self, *numbers: float) -> tuple[float, ...]:
        """See `Ranks`."""
        sums = torch.tensor([0.0, *numbers], dtype=torch.float64)
        with reporting_lost_rank():
            dist.all_reduce(sums, group=self.control)
        return tuple(sums[1:].tolist())

    def from_first(self, values: Tensor) -> Tensor:
        """See `Ranks`."""
        with reporting_lost_rank():
            dist.broadcast(values, src=0, group=self.control)
        return values

    def gather_rows(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """See `Ranks`."""
        found = {}
        for name, tensor in tensors.items():
            whole = torch.zeros_like(tensor)
            whole[self.share] = tensor[self.share]
            with reporting_lost_rank():
                dist.all_reduce(whole, group=self.control)
            found[name] = whole
        return found

    def device(self, device: torch.device) -> torch.device:
        """A GPU of its own for each process of a machine.

        Raises:
            SeqtasksError: The machine has fewer.
        """
        if device.type != "cuda":
            return device
        if self.local_rank >= torch.cuda.device_count():
            raise SeqtasksError(
                f"{self.local_size} processes were started on a machine with {torch.cuda.device_count()} GPUs.",
                "Start one for each GPU: torchrun --nproc-per-node gpu.",
            )
        torch.cuda.set_device(self.local_rank)
        return torch.device("cuda", self.local_rank)

    def threads(self, wanted: int) -> int:
        """See `Ranks`."""
        return wanted or max(1, available_cores() // self.local_size)


def join_ranks() -> Ranks:
    """This process among those that were launched together; they find each other the first time.

    Raises:
        SeqtasksError: They do not, or several were launched for what only one can do.
    """
    if not launched():
        return Ranks()
    if not dist.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        with reporting_lost_rank():
            store, rank, size = next(rendezvous("env://"))
            _stores.append(store)
            dist.init_process_group(backend, store=store, rank=rank, world_size=size)
    return LaunchedRanks()


def is_first_to_tell() -> bool:
    """Whether no other process has told yet why a training ended: one sentence is enough."""
    if not launched():
        return True
    if not _stores:
        return os.environ["RANK"] == "0"
    try:
        return bool(_stores[0].add("told", 1) == 1)
    except RuntimeError:  # whoever kept it is gone
        return True


@contextmanager
def reporting_lost_rank() -> Iterator[None]:
    """Raises SeqtasksError where another process cannot be reached any more."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and TRANSPORT.search(str(error)) is None:
            raise
        raise SeqtasksError(
            "Another process of this training is gone; the training stopped.",
            "Look for the reason in its output (killed for memory?), and start all again with --resume.",
        ) from error
