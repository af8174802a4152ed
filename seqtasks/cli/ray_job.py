"""`--ray ADDRESS`: a command on a Ray cluster, batch by batch; run again, it does only what is missing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.cli.output import open_output, warn, warn_count
from seqtasks.errors import require_package

if TYPE_CHECKING:
    from seqtasks.cli.options import Runtime
    from seqtasks.inference.base import Pipeline
    from seqtasks.inference.bulk import Batch
    from seqtasks.integrations.ray.cluster import Process
    from seqtasks.storage.batch_results import BatchResult


@dataclass(frozen=True)
class RayOptions:
    """Options of commands that can run on a Ray cluster."""

    address: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Run on a Ray cluster: auto, HOST:PORT, or local for one on this machine. Needs "
            "--output; run again, it does only what is missing.",
        ),
    ] = None
    processes: Annotated[
        int | None,
        typer.Option(
            "--ray-actors",
            min=1,
            metavar="N",
            help="Processes on the cluster.",
            show_default="one a GPU, else one for each --threads cores, by default one a core",
        ),
    ] = None

    def check(self, output: Path | None, inputs: Sequence[object], others: dict[str, Any]) -> None:
        """Raises typer.BadParameter where --output is missing or something is given that --ray does not go with.

        Args:
            output: What --output names.
            inputs: Files or texts; none, or "-" among them, is standard input, which nobody can read again.
            others: Whether the options that --ray does not go with are given, by their names.
        """
        if self.address is None:
            if self.processes is not None:
                raise typer.BadParameter("it needs --ray ADDRESS", param_hint="--ray-actors")
            return
        for option, given in others.items():
            if given:
                raise typer.BadParameter("it does not go with --ray", param_hint=option)
        if not inputs or "-" in map(str, inputs):
            raise typer.BadParameter("it needs files: standard input cannot be read again", param_hint="--ray")
        if output is None:
            raise typer.BadParameter("it needs --output, beside which finished batches are kept", param_hint="--ray")
        require_package("ray", "--ray needs Ray.", "ray")

    def here(self, runtime: Runtime) -> Runtime:
        """How models are opened in this process: where others compute, on the CPU, whatever those have."""
        return runtime if self.address is None else replace(runtime, device="cpu", threads=1)

    def run(
        self,
        process: Process,
        batches: Iterable[Batch[Any]],
        output: Path,
        *,
        models: Sequence[str],
        task: str,
        runtime: Runtime,
        pipeline: Pipeline,
        settings: dict[str, Any] | None = None,
        content: Callable[[Any], object] = repr,
        **options: Any,
    ) -> BatchResult:
        """Writes the output of all batches in their order, of which only those that are not done are computed.

        Args:
            process: What is done with each batch.
            batches: Those of the input, in their order; the same input gives the same batches.
            output: The file or URL to write. Results of batches are beside it until all are there and none has failed.
            models: Names or directories.
            task: The kind of the task that they are for.
            runtime: How they are opened.
            pipeline: The same models in this process.
            settings: Attributes of the pipeline that are set in each process.
            content: What an item holds: where it is another, its result is computed again.
            **options: Further options of `seqtasks.load`.

        Returns:
            What all results report; the lines are written.

        Raises:
            SeqtasksError: No cluster answers, the models cannot be opened there, or another job writes the output.
        """
        assert self.address is not None
        if self.address == "local":
            os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # at 127.0.0.1 alone, on Linux too
        from seqtasks.integrations.ray.cluster import Size, Work, connected, has_gpus, run_batches
        from seqtasks.integrations.ray.models import put_model
        from seqtasks.storage.batch_results import BatchResult, open_result_store

        store = open_result_store(output)
        with store.lock():
            done = store.keys()
            order: list[str] = []
            failed: dict[str, BatchResult] = {}
            with connected(self.address):
                gpus = int(runtime.device.startswith("cuda") or (runtime.device == "auto" and has_gpus()))
                size = Size(self.processes, runtime.threads or 1, gpus)
                same_everywhere = {
                    "device": runtime.device if gpus else "cpu",
                    "dtype": runtime.dtype
                    if gpus or not pipeline.models
                    else str(pipeline.dtype).removeprefix("torch."),
                    **options,
                }
                shared = put_model(*models, code=runtime.code)
                work = Work(shared, task, {**same_everywhere, "threads": size.threads}, settings or {}, process)
                job = repr((shared.digest, task, same_everywhere, settings, process))

                def missing() -> Iterator[tuple[str, Batch[Any]]]:
                    for batch in batches:
                        order.append(key_of(job, batch, content))
                        if order[-1] not in done:
                            yield order[-1], batch

                for key, result in run_batches(work, missing(), size, warn):
                    if result.failed:
                        failed[key] = result
                    else:
                        store.write(key, result)
            total = BatchResult()
            with open_output(output) as write:
                for key in order:
                    result = failed[key] if key in failed else store.read(key)
                    write(result.lines)
                    total.add_report(result)
            if not failed:
                store.remove()
            elif len(failed) < len(order):
                total.messages.append(f"{output}.parts keeps what is done: run the command again to try the rest.")
            return total


def key_of(job: str, batch: Batch[Any], content: Callable[[Any], object]) -> str:
    """What a result is known by: a hash of all that its lines depend on."""
    digest = hashlib.sha256(f"{job}\n{batch.first}".encode(errors="surrogateescape"))
    for item in batch.items:
        digest.update(f"\n{content(item)}".encode(errors="backslashreplace"))
    return digest.hexdigest()[:40]


def show_report(total: BatchResult) -> None:
    """Shows what the results of a job report."""
    for message in total.messages:
        warn(message)
    for what, count in total.counts.items():
        warn_count(what, count)


def failed_result(batch: Batch[Any], reason: str, line: Callable[[Any], str | None], what: str = "line") -> BatchResult:
    """The result of a batch without results.

    Args:
        batch: Its items.
        reason: Why there are none.
        line: What is written for each item; None for nothing.
        what: What an item is called.
    """
    from seqtasks.storage.batch_results import BatchResult

    last = batch.first + len(batch.items)
    place = f"{what} {last:,}" if len(batch.items) == 1 else f"{what}s {batch.first + 1:,} to {last:,}"
    lines = [found for item in batch.items if (found := line(item)) is not None]
    return BatchResult(lines, messages=[f"{place} failed: {reason}"], failed=len(batch.items))


def numbered(lists: Iterable[list[Any]]) -> Iterator[Batch[Any]]:
    """Lists of items as batches."""
    from seqtasks.inference.bulk import Batch

    first = 0
    for items in lists:
        yield Batch(first, items)
        first += len(items)


def batches_of(items: Sequence[Any], size: int, first: int = 0) -> Iterator[Batch[Any]]:
    """Items in batches of `size`, which are numbered from `first`."""
    from seqtasks.inference.bulk import Batch

    for start in range(0, len(items), size):
        yield Batch(first + start, list(items[start : start + size]))
