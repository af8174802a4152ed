"""The program `seqtasks`: its commands, and what becomes of errors."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from seqtasks.cli.command import LazyGroup
from seqtasks.errors import RenamedWarning, SeqtasksError
from seqtasks.training.torchrun import launched
from seqtasks.version import __version__

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DISK_FAILS = (
    errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENAMETOOLONG,
)  # fmt: skip
NO_MEMORY = re.compile(
    r"can't allocate memory|cannot allocate memory|out of memory|bad_alloc|can't start new thread"
    r"|could not create a (primitive|memory)",
    re.IGNORECASE,
)
"""What PyTorch, oneDNN, the C++ library and Python say; a thread is not started where there is none for its stack."""

FORMAT_WARNING = warnings.formatwarning

app = typer.Typer(
    name="seqtasks",
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(asked: bool) -> bool:
    """Prints the version and ends the program, where it is asked for."""
    if asked:
        print(f"seqtasks {__version__}")
        raise typer.Exit
    return False


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Train and use models for sequence tasks.

    \b
    Examples:
      seqtasks demo
      seqtasks translate "How are you?"
      seqtasks train translation pairs.tsv --output my-model
      seqtasks train captioning photos/ captions.csv --output my-captioner
      seqtasks train tagging train.conllu --output my-tagger
      seqtasks train language-modeling book.txt --output my-writer
      seqtasks train classification reviews.csv --output my-classifier
    """


def run(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit code: 0, 1 for an error, 2 for wrong usage, 130 for an interruption.

    A SeqtasksError is reported in its own words on stderr; any other exception is a bug of ours and keeps its
    traceback.
    """
    try:
        app(list(arguments), prog_name="seqtasks")
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except SeqtasksError as error:
        if is_first_to_tell():
            print(f"seqtasks: {error}", file=sys.stderr)
        return 1
    except (OSError, MemoryError, RuntimeError) as error:
        sentence = machine_problem(error)
        if sentence is None:
            raise
        print(f"seqtasks: {sentence}", file=sys.stderr)
        return 1
    return 0


def is_first_to_tell() -> bool:
    """Whether no other process that torchrun has started has told yet why all end."""
    if not launched():
        return True
    from seqtasks.training.ranks import is_first_to_tell

    return is_first_to_tell()


def machine_problem(error: OSError | MemoryError | RuntimeError) -> str | None:
    """What is wrong with the machine, where that is what an error says: memory or disks, not the program."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOMEM or isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
        return "out of memory. Use smaller batches, shorter inputs, or fewer workers and processes."
    if not isinstance(error, OSError) or number is None:
        return None
    if number in DISK_FULL:
        return f"{error.filename or 'the output'} cannot be written: {error.strerror}. Free some space there."
    if number in DISK_FAILS:
        return f"{error.filename or 'a file'} cannot be read or written: {error.strerror}."
    return None


def main() -> None:
    """The program: runs the command line, and ends the process with its exit code."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by who started us
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # open to the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may be no UTF-8
    warnings.formatwarning = format_warning
    fast_exit(run(sys.argv[1:]))


def format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Old names are reported in one line; other warnings with the place that they come from."""
    if issubclass(category, RenamedWarning):
        return f"seqtasks: {message}\n"
    return FORMAT_WARNING(message, category, filename, lineno, line)


def fast_exit(code: int) -> NoReturn:
    """Ends the process at once: on its usual way out torch takes half as long as it takes to start."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # the usual way reports what became of the output
    os._exit(code)
