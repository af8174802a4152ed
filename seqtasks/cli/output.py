"""Where results go: standard output, or a file that appears when it is complete."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.data.examples import ReadReport
    from seqtasks.inference.outputs import Caption, Translation

UNDECODABLE = "lines that were not UTF-8, with U+FFFD for what could not be read"
UNKNOWN = "texts with words or symbols that the model does not know (--json lists them)"
IN_PARTS = "texts that were too long to be read at once and were read in parts (see --max-input-length)"
CUT = "that were cut at the length limit"
REPETITIVE = "that say the same over and over and were stopped (--json marks them)"

UNWRITABLE = "backslashreplace"
"""What becomes of bytes in names of files that are not UTF-8: in JSON it is how they are escaped, so none is lost."""

CELL_ENDS = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r"})

Write = Callable[[Iterable[str]], None]
"""Writes lines, of which it gets the texts without their ends; on standard output they can be seen at once."""


@contextmanager
def open_output(path: Path | None) -> Iterator[Write]:
    r"""Lines are UTF-8 and end in "\n" everywhere. Raises SeqtasksError where the file cannot be written."""
    from seqtasks.storage.atomic import output_file

    with nullcontext(sys.stdout.buffer) if path is None else output_file(path) as stream:

        def write(lines: Iterable[str]) -> None:
            for line in lines:
                stream.write(line.encode(errors=UNWRITABLE) + b"\n")
            if path is None:
                stream.flush()

        yield write


def ensure_distinct_paths(outputs: Mapping[str, Path | None], inputs: Iterable[str | Path]) -> None:
    """Raises SeqtasksError where one of the outputs, by the options that named them, is an input or another output.

    Standard input (-) is no file.
    """
    read = {Path(name).resolve() for name in inputs if str(name) != "-"}
    written: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        if path.resolve() in read:
            raise SeqtasksError(f"{option} {path} would overwrite an input file.", "Choose another file.")
        other = written.setdefault(path.resolve(), option)
        if other != option:
            raise SeqtasksError(f"{other} and {option} are both {path}.", "Choose another file.")


def ensure_plottable(option: str, path: Path | None) -> None:
    """Raises SeqtasksError, which names the option, where nothing can be plotted into the file that it asks for."""
    if path is None:
        return
    from seqtasks.visualization.matplotlib_support import require_matplotlib

    try:
        require_matplotlib(path)
    except SeqtasksError as error:
        raise SeqtasksError(f"{option}: {error.message}", error.hint) from error


def format_outputs(
    best: Caption | Translation, inputs: Mapping[str, Any], text: str, *, as_json: bool, nbest_of: object | None
) -> Iterator[str]:
    """The lines for an output: a JSON object with its `inputs`, an n-best list that names what it is of, or `text`."""
    if as_json:
        from seqtasks.inference.outputs import Translation, json_fields

        alternatives = [json_fields(each) for each in best.alternatives]
        read = {"unknown": best.unknown, "parts": best.parts} if isinstance(best, Translation) else {}
        own = {**inputs, **json_fields(best), "repetitive": best.repetitive, **read}
        yield to_json({**own, "alternatives": alternatives})
    elif nbest_of is not None:
        for each in (best, *best.alternatives):
            yield f"{as_cell(str(nbest_of))}\t{each.normalized_score:.4f}\t{each.text}"
    else:
        yield text


def as_cell(text: str) -> str:
    r"""A text as a cell of a table with tabs, with `\t`, `\n` and `\r` for what would end the cell or the row."""
    return text.translate(CELL_ENDS)


def to_json(fields: Mapping[str, Any]) -> str:
    """JSON on one line, in which letters stay as they are."""
    text = json.dumps(fields, ensure_ascii=False)
    return text.encode(errors=UNWRITABLE).decode()


def warn(message: object) -> None:
    """Reports on standard error."""
    print(f"seqtasks: {message}", file=sys.stderr)


def warn_count(things: str, count: int) -> None:
    """Reports how many there are of what should not be, if any."""
    if count:
        warn(f"{things}: {count:,}")


def report_skipped(skipped: ReadReport, undecodable: int) -> None:
    """Reports what was left out of the input, the exit code is then 1; and the lines that were not UTF-8."""
    warn_count(UNDECODABLE, undecodable)
    if skipped.skipped:
        warn(skipped.describe())
        raise typer.Exit(1)
