"""A stream of batches on the processes of a Ray cluster, for `seqtasks translate --ray` and its siblings.

Each process is an actor that has one batch at a time. A batch whose process or node dies goes to another one; results
come as they are there. Ray Data, whose pools of actors bear such deaths too, is for datasets that its tasks read; here
the batches come in a stream of this process, and what is in each fixes the bytes of the output.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.exceptions import RayActorError

from seqtasks.errors import SeqtasksError
from seqtasks.inference.bulk import Batch
from seqtasks.integrations.ray.halving import process_by_halves
from seqtasks.integrations.ray.models import SharedModel
from seqtasks.storage.batch_results import BatchResult

ATTEMPTS = 3
"""A batch whose process dies so often is given up."""
POLL_INTERVAL = 5.0
"""Seconds between two looks at how much room the cluster has."""
CONNECT_TIMEOUT = 10.0
"""Seconds for the first answer of a cluster."""
START_TIMEOUT = 60.0
"""Seconds without any process after which the wait is reported."""
Key = str


class Process(Protocol):
    """What is done with a batch; it can be pickled."""

    def __call__(self, pipeline: Any, batch: Batch[Any], /) -> BatchResult:
        """The result of a batch. What it raises fails the batch, of which the halves are then tried."""

    def failed(self, batch: Batch[Any], reason: str) -> BatchResult:
        """The result of a batch of which there are no results."""


@dataclass(frozen=True)
class Work:
    """What each process of the cluster is given."""

    model: SharedModel
    task: str
    """The task that the model has to be for."""
    options: dict[str, Any]
    """Those of `seqtasks.load`."""
    settings: dict[str, Any]
    """Attributes of the pipeline that are other than the model's own."""
    process: Process


@dataclass(frozen=True)
class Size:
    """How many processes there are, and what each has."""

    processes: int | None = None
    """None is as many as the cluster has room for, also when nodes come or go."""
    threads: int = 1
    gpus: int = 0

    def now(self) -> int:
        """How many processes there should be at present."""
        if self.processes is not None:
            return self.processes
        there = ray.cluster_resources()
        return int(there.get("GPU", 0) // self.gpus if self.gpus else there.get("CPU", 0) // self.threads)


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Connects this process with a cluster for a while; where it is connected already, that stays.

    Args:
        address: "local" starts Ray on this machine; "auto" and "host:port" are clusters that run.

    Raises:
        SeqtasksError: Nothing answers there, or the address is that of Ray's client.
    """
    if address.startswith("ray://"):
        raise SeqtasksError(
            f"--ray {address}: Ray's client (ray://) is not supported.",
            "Run the command on a machine of the cluster, with --ray auto.",
        )
    if ray.is_initialized():
        yield
        return
    local: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        require_listener(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (ConnectionError, OSError, RuntimeError, TimeoutError, ValueError) as error:
        raise SeqtasksError(
            f"--ray {address}: no Ray cluster answers there ({reason_of(error)}).",
            "Start one with `ray start --head`, or give `--ray local`.",
        ) from error
    try:
        yield
    finally:
        ray.shutdown()  # ends what was started on this machine


def require_listener(address: str) -> None:
    """Raises OSError where nothing listens at HOST:PORT: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_TIMEOUT).close()


def reason_of(error: BaseException) -> str:
    """The last line of an error's message, which in those of Ray comes behind the traceback of another process."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__


def has_gpus() -> bool:
    """Whether there is a GPU in the cluster that this process is connected with."""
    return bool(ray.cluster_resources().get("GPU", 0) >= 1)


class Worker:
    """Runs in a process of the cluster."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def open(self) -> tuple[str, str] | None:
        """Opens the model; returns message and hint of why it cannot."""
        try:
            self.pipeline = self.work.model.open(self.work.task, **self.work.options).pipeline
        except SeqtasksError as error:
            return error.message, error.hint
        for name, value in self.work.settings.items():
            setattr(self.pipeline, name, value)
        return None

    def run(self, batch: Batch[Any]) -> BatchResult:
        """The result of a batch; where it fails, its halves are tried, down to the items that fail."""

        def batch_of(span: range) -> Batch[Any]:
            return Batch(batch.first + span.start, batch.items[span.start : span.stop])

        def failed(span: range, error: Exception) -> BatchResult:
            reason = error.message if isinstance(error, SeqtasksError) else f"{type(error).__name__}: {error}"
            return self.work.process.failed(batch_of(span), reason)

        def process(span: range) -> BatchResult:
            return self.work.process(self.pipeline, batch_of(span))

        return BatchResult.joined(process_by_halves(range(len(batch.items)), process, failed))


@dataclass
class Task:
    """A batch on its way."""

    key: Key
    batch: Batch[Any]
    deaths: int = 0
    """Processes that died with it."""


class ActorPool:
    """The actors of a job, each a process: some start, some are idle, some have a batch.

    Args:
        work: What each is given.
        size: How many there are.
    """

    def __init__(self, work: Work, size: Size) -> None:
        self.work = ray.put(work)
        self.size = size
        self.actor = ray.remote(Worker).options(num_cpus=size.threads, num_gpus=size.gpus, max_restarts=0)
        self.starting: dict[Any, Any] = {}
        """By what is there when each has opened its model."""
        self.idle: list[Any] = []
        self.busy: dict[Any, tuple[Any, Task]] = {}
        """By what will be the result."""
        self.room, self.looked = 0, -POLL_INTERVAL
        self.failed_starts = 0
        """Processes that died while they opened the model, one after the other."""

    def scale_up(self, most: int) -> None:
        """Starts processes, where there is room for more and work for at `most` so many."""
        if time.monotonic() - self.looked >= POLL_INTERVAL:
            self.room, self.looked = self.size.now(), time.monotonic()
        while len(self.starting) + len(self.idle) + len(self.busy) < min(self.room, most):
            worker: Any = self.actor.remote(self.work)
            self.starting[worker.open.remote()] = worker

    def submit(self, task: Task) -> None:
        """Gives a batch to an actor that is idle."""
        worker = self.idle.pop()
        self.busy[worker.run.remote(task.batch)] = worker, task

    def wait(self) -> Iterator[tuple[Task, BatchResult | None]]:
        """Waits until something happens; gives batches with their result, or None where their process has died.

        Raises:
            SeqtasksError: The model cannot be opened.
        """
        expected = [*self.starting, *self.busy]
        if not expected:
            time.sleep(POLL_INTERVAL)
            return
        for reference in ray.wait(expected, num_returns=1, timeout=POLL_INTERVAL)[0]:
            if reference in self.starting:
                self.mark_ready(self.starting.pop(reference), reference)
                continue
            worker, task = self.busy.pop(reference)
            try:
                result = ray.get(reference)
            except RayActorError:
                task.deaths += 1
                yield task, None
            else:
                self.idle.append(worker)
                yield task, result

    def mark_ready(self, worker: Any, reference: Any) -> None:
        """Lets a process have batches once it has opened its model."""
        try:
            problem = ray.get(reference)
        except RayActorError as error:
            self.failed_starts += 1
            if self.failed_starts < ATTEMPTS:
                return
            raise SeqtasksError(
                f"The processes on the cluster die while they open the model ({reason_of(error)}).",
                "They may have run out of memory, or seqtasks is not installed on the nodes.",
            ) from error
        if problem is not None:
            raise SeqtasksError(*problem)
        self.failed_starts = 0
        self.idle.append(worker)

    def shutdown(self) -> None:
        """Ends all actors."""
        for worker in (*self.starting.values(), *self.idle, *(worker for worker, _ in self.busy.values())):
            ray.kill(worker)


def run_batches(
    work: Work, batches: Iterable[tuple[Key, Batch[Any]]], size: Size, notify: Callable[[str], None]
) -> Iterator[tuple[Key, BatchResult]]:
    """Processes batches on the cluster that this process is connected with; gives their results as they are there.

    Args:
        work: What is done with each.
        batches: Taken as they are needed, each with a key.
        size: How many processes there are.
        notify: Is called with a message where a user waits long.

    Raises:
        SeqtasksError: The model cannot be opened.
    """
    pool = ActorPool(work, size)
    coming = iter(batches)
    waiting: deque[Task] = deque()
    no_actor_since = time.monotonic()
    try:
        while True:
            wanted = max(1, pool.room) - len(waiting)
            waiting += (Task(key, batch) for key, batch in islice(coming, max(0, wanted)))
            if not waiting and not pool.busy:
                return
            pool.scale_up(len(waiting) + len(pool.busy))
            while pool.idle and waiting:
                pool.submit(waiting.popleft())
            for task, result in pool.wait():
                if result is not None:
                    yield task.key, result
                elif task.deaths < ATTEMPTS:
                    waiting.appendleft(task)
                else:
                    yield task.key, work.process.failed(task.batch, f"{ATTEMPTS} processes died with it")
            if pool.busy or pool.idle:
                no_actor_since = time.monotonic()
            elif time.monotonic() - no_actor_since > START_TIMEOUT:
                notify(
                    "No process could be started yet: the cluster has no free cores or GPUs, or seqtasks starts slowly."
                )
                no_actor_since = time.monotonic()
    finally:
        pool.shutdown()
