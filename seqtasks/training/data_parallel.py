"""Who computes the gradients of a batch: this process, or several that share its rows.

Processes use the cores of a CPU far better than threads do. Here they are forked, on one machine;
`distributed_data_parallel.py` has those that torchrun starts.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from seqtasks.device import release_freed_memory, share_memory_like
from seqtasks.errors import SeqtasksError
from seqtasks.incremental_state import tree_map
from seqtasks.training.interruption import SIGNALS

PATIENCE = 5.0
"""Seconds after which a process without work looks whether the training is still there."""

Batch = TypeVar("Batch", bound=tuple[Any, ...])
Backward = Callable[[Any], tuple[float, float]]
"""Adds the gradients of a batch to those of the parameters; returns its loss and by how much to divide it."""


class OneProcess:
    """All rows are computed here.

    Args:
        backward: Adds the gradients of a batch; gives the sum of its losses, and what that is to be divided by.
    """

    count = 1
    """Processes that share a batch."""

    def __init__(self, backward: Backward) -> None:
        self.backward = backward

    def run(self, batch: Any, *, is_last: bool) -> tuple[float, float]:
        """Adds the gradients of a batch to those of the parameters.

        Args:
            batch: All rows.
            is_last: Whether an update follows, and no further batch for the same one.

        Returns:
            The sum of the losses of all rows, and what it is to be divided by.
        """
        return self.backward(batch)

    def stop(self) -> None:
        """Ends what was started for this."""


class ForkedDataParallel(OneProcess):
    """Copies of this process that compute gradients, each of some rows of a batch.

    They see the weights themselves, in shared memory, so that an update needs no message; only rows go out, and
    gradients come back through shared memory. What is random in a process follows from a number that this process
    draws for each batch: its own random state is all there is to save.

    Buffers, such as the statistics of batch normalization, are those of this process and its rows. The others begin
    each batch with a copy of them, and what they make of it is lost: all writing into one would leave the result to
    chance.

    Args:
        model: Its weights move into shared memory.
        count: Further processes.
        backward: Adds the gradients of a batch; gives the sum of its losses, and what that is to be divided by.
    """

    def __init__(self, model: nn.Module, count: int, backward: Backward) -> None:
        super().__init__(backward)
        self.count = count + 1
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        tensors = list(model.parameters())
        for tensor, shared in zip(tensors, share_memory_like(tensors), strict=True):
            tensor.data = shared.copy_(tensor.data)
        self.buffers = list(model.buffers())
        self.shared_buffers = share_memory_like(self.buffers)
        self.connections: list[Connection] = []
        self.gradients: list[list[Tensor]] = []
        context = multiprocessing.get_context("fork")
        for _ in range(count):
            ours, theirs = context.Pipe()
            self.connections.append(ours)
            self.gradients.append(share_memory_like(self.parameters))
            life = (theirs, os.getpid(), self.gradients[-1])
            context.Process(target=self.serve, args=life, daemon=True).start()
            theirs.close()
        atexit.register(self.stop)  # the interpreter's own way out waits for them

    def run(self, batch: Any, *, is_last: bool) -> tuple[float, float]:
        """See `OneProcess`."""
        parts = [self.backward(self.start(batch)), self.finish()]
        return sum(part[0] for part in parts), sum(part[1] for part in parts)

    def start(self, batch: Batch) -> Batch:
        """Gives every process its rows and returns those that are left for this one."""
        workers = len(self.connections) + 1
        copy_all(self.buffers, self.shared_buffers)
        for number, connection in enumerate(self.connections, 1):
            seed = int(torch.randint(2**62, ()).item())
            with reporting_death():
                connection.send_bytes(pickle.dumps((seed, part_of(batch, slice(number, None, workers)))))
        return part_of(batch, slice(0, None, workers))

    @torch.no_grad()
    def finish(self) -> tuple[float, float]:
        """Waits for all, adds their gradients to those here; returns the sums of their losses and counts."""
        total = count = 0.0
        for connection, gradients in zip(self.connections, self.gradients, strict=True):
            with reporting_death():
                answer = pickle.loads(connection.recv_bytes())
            if isinstance(answer, str):
                raise RuntimeError(f"A training process failed:\n{answer}")
            if answer is None:
                continue
            total, count = total + answer[0], count + answer[1]
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter.grad = gradient.clone() if parameter.grad is None else parameter.grad.add_(gradient)
        return total, count

    def stop(self) -> None:
        """Ends the processes."""
        atexit.unregister(self.stop)
        for connection in self.connections:
            connection.close()
        self.connections, self.gradients = [], []

    def serve(self, connection: Connection, parent: int, gradients: list[Tensor]) -> None:
        """The life of a process: rows in, gradients out, until the other side is gone."""
        self.stop()  # as long as anyone holds the other side of a connection it does not count as gone
        for number in SIGNALS:  # they are for the process that saves, also where all get them
            signal.signal(number, signal.SIG_IGN)
        while True:
            try:
                while not connection.poll(PATIENCE):
                    if os.getppid() != parent:
                        return
                seed, rows = pickle.loads(connection.recv_bytes())
            except (EOFError, OSError):
                return
            torch.manual_seed(seed)
            copy_all(self.shared_buffers, self.buffers)
            answer: tuple[float, float] | str | None = None
            try:
                if len(rows[0]):
                    answer = self.backward(rows)
            except Exception:
                answer = traceback.format_exc()
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                gradient.zero_() if parameter.grad is None else gradient.copy_(parameter.grad)
                parameter.grad = None
            try:
                connection.send_bytes(pickle.dumps(answer))
            except OSError:  # the training ended meanwhile, at once
                return
            release_freed_memory()


def part_of(batch: Batch, share: slice) -> Batch:
    """These rows of each tensor of the batch."""
    return tree_map(lambda rows: rows[share].clone(), batch)


@torch.no_grad()
def copy_all(tensors: list[Tensor], into: list[Tensor]) -> None:
    """Copies each tensor into the one at its place."""
    for tensor, target in zip(tensors, into, strict=True):
        target.copy_(tensor)


@contextmanager
def reporting_death() -> Iterator[None]:
    """Raises SeqtasksError where the process at the other side of a connection is gone."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise SeqtasksError(
            "A training process died; the training stopped.",
            "There may be too little memory: set training.num_processes = 1, or lower training.batch_tokens. "
            "Then continue with --resume.",
        ) from error
