"""Where text comes from: files, standard input, or the command line itself."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.inference.line_batcher import ByteStream

STANDARD_INPUT = Path("-")


def open_inputs(files: Sequence[Path], text: str | None, stack: ExitStack) -> list[ByteStream]:
    """All inputs, opened at once, so that a missing one is told before anything is translated."""
    if text is not None:
        line = " ".join(text.split("\n"))
        return [io.BytesIO(line.encode(errors="surrogateescape") + b"\n")]
    if not files and sys.stdin.isatty():
        print("Type a sentence a line; Ctrl-D ends.", file=sys.stderr)
    streams: list[ByteStream] = []
    for file in files or [STANDARD_INPUT]:
        if file == STANDARD_INPUT:
            streams.append(sys.stdin.buffer)
            continue
        try:
            streams.append(stack.enter_context(file.open("rb", buffering=0)))
        except OSError as error:
            raise SeqtasksError(f"{file} cannot be read: {error.strerror}.") from error
    return streams
