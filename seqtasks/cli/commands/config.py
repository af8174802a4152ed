"""`seqtasks config`: every key of a run configuration."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from seqtasks.cli.options import Code, load_own_code
from seqtasks.errors import SeqtasksError


def config(
    task: Annotated[
        str | None, typer.Argument(metavar="TASK", help="Such as translation.", show_default="all tasks")
    ] = None,
    output_format: Annotated[
        Literal["text", "markdown"], typer.Option("--output-format", help="Output format.")
    ] = "text",
    code: Code = None,
) -> None:
    """Print every configuration key, with its type, default and meaning.

    These are the keys of the file in `seqtasks train run.toml`, and of its option `--set KEY=VALUE`.

    \b
    Examples:
      seqtasks config translation
      seqtasks config captioning --output-format markdown > captioning.md
    """
    from seqtasks.config.reference import as_markdown, as_text, config_sections, task_kinds

    load_own_code(code)
    known = task_kinds()
    if task is not None and task not in known:
        raise SeqtasksError(f"There is no task {task!r}.", f"Available: {', '.join(known)} (your own: --code FILE).")
    sections = list(dict.fromkeys(each for name in ([task] if task else known) for each in config_sections(name)))
    print(as_markdown(sections) if output_format == "markdown" else as_text(sections), end="")
