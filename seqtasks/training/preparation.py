"""What every process of a training starts from: the same data, the same vocabularies, the same checkpoint."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from seqtasks.config.run import RunConfig
from seqtasks.errors import SeqtasksError
from seqtasks.storage.bundle import Bundle
from seqtasks.tasks.base import PreparedTask, Task
from seqtasks.training.checkpoint import latest_checkpoint
from seqtasks.training.ranks import Ranks


def prepare_in_all(run: RunConfig, processors: Path | None, ranks: Ranks) -> PreparedTask:
    """The task of a run, with its data, in every process.

    Vocabularies are fitted in the first process, and sent to the others.

    Args:
        run: The run configuration.
        processors: A folder of fitted processors, where there are some.
        ranks: The processes.

    Raises:
        SeqtasksError: As `Task.prepare`; or this process reads other data than the first one.
    """
    family = Task.of(run.task)
    if ranks.size == 1 or processors is not None:
        prepared = family.prepare(run.task, run.seed, processors=processors)
        fingerprint = ranks.on_first(lambda: prepared.data.get("fingerprint"))
    else:
        with TemporaryDirectory() as name:
            folder = Path(name)
            if ranks.is_first:
                prepared = family.prepare(run.task, run.seed)
                prepared.task.save_processors(folder)
            fingerprint, files = ranks.on_first(lambda: (prepared.data.get("fingerprint"), contents(folder)))
            if not ranks.is_first:
                for file, content in files.items():
                    (folder / file).write_bytes(content)
                prepared = family.prepare(run.task, run.seed, processors=folder)
    if prepared.data.get("fingerprint") != fingerprint:
        raise SeqtasksError(
            f"Process {ranks.rank} reads other training data than process 0.",
            "The files have to be the same on every machine.",
        )
    return prepared


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by name."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def latest_checkpoint_of_all(out: Path, ranks: Ranks) -> Bundle | None:
    """The newest checkpoint, verified, which has to be the same in every process; None when there is none yet.

    Raises:
        SeqtasksError: It is damaged, or this process sees another one than the first.
    """
    found = latest_checkpoint(out)
    name = None if found is None else found.path.name
    first = ranks.on_first(lambda: name)
    if name != first:
        raise SeqtasksError(
            f"{out}: process 0 resumes at {first or 'no checkpoint'}, but process {ranks.rank} finds {name or 'none'}.",
            "The output directory has to be on a disk that all machines share.",
        )
    return found
