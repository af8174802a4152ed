"""Options that several commands share.

A command takes a group of options as one parameter, whose type is one of the dataclasses here: `expand_groups` makes an
option out of each field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from seqtasks.cli.output import as_cell, ensure_distinct_paths, open_output
from seqtasks.cli.suffixes import ensure_suffix
from seqtasks.errors import SeqtasksError

DEFAULT_MODEL: Final = "en-de"

TaskName = Literal["translation", "captioning", "tagging", "classification", "language-modeling"]
"""What a model is for."""


Engine = Literal["torch", "ctranslate2"]


def ensemble_option(default: str | bool) -> Any:
    """The option --model of commands that take several; `default` is what is shown for it."""
    help = "Model name or directory; repeat the option for an ensemble."
    return typer.Option("--model", "-m", metavar="NAME_OR_DIR", help=help, show_default=default)


Model = Annotated[str, typer.Option("--model", "-m", metavar="NAME_OR_DIR", help="Model name or directory.")]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help="Model name or directory.", show_default=False)]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="Any other decoding option, listed below; may be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="Write a JSON object per line, with all scores.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Output file; it appears only when it is complete."),
]
Code = Annotated[Path | None, typer.Option(metavar="FILE", help="Python file that defines your own components.")]
EngineOption = Annotated[
    Engine,
    typer.Option("--engine", help="Inference engine; ctranslate2 (Transformers only, int8) is faster on a CPU."),
]
MaxInputLength = Annotated[
    int | None,
    typer.Option(
        "--max-input-length",
        min=8,
        metavar="N",
        help="Maximum number of tokens read at once; longer texts are read in parts.",
        show_default="400; 4096 for documents",
    ),
]
MaxScoredLength = Annotated[
    int | None,
    typer.Option(
        "--max-input-length",
        min=8,
        metavar="N",
        help="Maximum number of tokens of a text or its translation; longer pairs are skipped.",
        show_default="4096",
    ),
]
Stop = Annotated[str, typer.Option(metavar="TEXT", help="Stop before this string.")]
Workers = Annotated[int, typer.Option(min=1, metavar="N", help="Number of worker processes, with one thread each.")]
LanguagePair = Annotated[
    str | None,
    typer.Option(
        "--language-pair", metavar="FROM-TO", help="Such as en-de; needed for .tmx, and .jsonl with language codes."
    ),
]


def column_option(what: str) -> Any:
    """An option that names a column; `what` says what it holds."""
    return typer.Option(metavar="COLUMN", help=f"Tables and .jsonl: the column of {what}, by its name or number.")


@dataclass(frozen=True)
class ColumnOptions:
    """Which columns of a table hold what, where neither names nor cells show it."""

    source_column: Annotated[str | None, column_option("the source texts")] = None
    target_column: Annotated[str | None, column_option("their translations")] = None
    text_column: Annotated[str | None, column_option("the documents")] = None
    word_column: Annotated[str | None, column_option("the words to tag")] = None
    label_column: Annotated[str | None, column_option("the labels")] = None
    image_column: Annotated[str | None, column_option("the images' names")] = None
    caption_column: Annotated[str | None, column_option("their captions")] = None
    header: Annotated[
        bool | None,
        typer.Option("--header/--no-header", help="Tables: whether the first row holds the column names."),
    ] = None

    def given(self) -> dict[str, Any]:
        """Those that were given, by the keys of a source."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: int(value) if isinstance(value, str) and value.isdecimal() else value
            for name, value in values.items()
            if value is not None
        }


@dataclass(frozen=True)
class Runtime:
    """How a model is opened, and where it runs."""

    code: Code = None
    device: Annotated[str, typer.Option(metavar="DEVICE", help='"auto", "cpu", "cuda", "cuda:1".')] = "auto"
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16"], typer.Option(help='Precision; "auto" is bfloat16 where that is fast.')
    ] = "auto"
    threads: Annotated[int, typer.Option(min=0, metavar="N", help="Threads on a CPU; 0 = all cores.")] = 0

    def open(self, names: Sequence[str], task: TaskName | None, engine: Engine = "torch") -> Any:
        """One model or an ensemble: a `LoadedModel`. SeqtasksError where it is for another task than `task`."""
        from seqtasks.storage.model_paths import find_model

        for name in names:
            find_model(name)  # reports a wrong name before the slow imports
        load_own_code(self.code)
        from seqtasks.loading import open_models

        return open_models(names, task, device=self.device, dtype=self.dtype, threads=self.threads, engine=engine)


@dataclass(frozen=True)
class PairOutput:
    """Where a command writes training pairs."""

    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE.tsv", help="Output file for the pairs: a source, a tab, a target per line."
        ),
    ]

    def check(self, inputs: Sequence[Path]) -> None:
        """Raises SeqtasksError where it has another suffix, or is one of the files that are read."""
        ensure_suffix("--output", self.output, ".tsv")
        ensure_distinct_paths({"--output": self.output}, inputs)

    @contextmanager
    def open(self) -> Iterator[Callable[[str, str], None]]:
        """What writes a pair; the file appears when it is complete."""
        with open_output(self.output) as write:
            yield lambda source, target: write([f"{as_cell(source)}\t{as_cell(target)}"])


def load_own_code(code: Path | None) -> None:
    """Runs the user's components in the file `code`."""
    if code is not None:
        from seqtasks.config.user_code import load_code

        load_code(code)


def decoding_option(name: str, metavar: str, help: str, **limits: Any) -> Any:
    """An option of decoding, whose default is the model's own."""
    return typer.Option(name, metavar=metavar, help=help, show_default="the model's", **limits)


@dataclass(frozen=True)
class SamplingOptions:
    """Decoding options with a flag of their own, by the names of their fields, and all others by `--set`."""

    beam_size: Annotated[
        int | None, decoding_option("--beam-size", "N", "Width of the beam search; 1 is greedy search.", min=1)
    ] = None
    length_penalty: Annotated[
        str | None, decoding_option("--length-penalty", "RULE", '"none", "average" or "wu:ALPHA", such as wu:0.6.')
    ] = None
    no_repeat_ngram_size: Annotated[
        int | None, decoding_option("--no-repeat-ngram-size", "N", "No N-gram appears twice in an output.", min=0)
    ] = None
    temperature: Annotated[
        float | None, decoding_option("--temperature", "X", "Sampling: below 1 more predictable, above 1 more varied.")
    ] = None
    top_k: Annotated[int | None, decoding_option("--top-k", "K", "Sampling: from the K most likely tokens.", min=0)] = (
        None
    )
    top_p: Annotated[
        float | None,
        decoding_option("--top-p", "P", "Sampling: from the most likely tokens with total probability P."),
    ] = None
    set_decoding: Set = None

    def options(self) -> dict[str, Any]:
        """Those that were given."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "set_decoding"}
        given = {name: value for name, value in values.items() if value is not None and value is not False}
        return given | set_options(self.set_decoding)


@dataclass(frozen=True)
class DecodingOptions(SamplingOptions):
    """With those of a search."""

    max_length: Annotated[
        str | None, decoding_option("--max-length", "RULE", "Maximum number of tokens, such as 50 or 1.5x+10.")
    ] = None
    coverage_penalty: Annotated[
        float | None,
        decoding_option("--coverage-penalty", "X", "What passing over parts of the input costs, such as 0.2.", min=0),
    ] = None


@dataclass(frozen=True)
class HypothesisOptions(DecodingOptions):
    """With those that say how many outputs an input has."""

    nbest: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="N-best list: line or path, normalized score and text, separated by tabs."
        ),
    ] = None
    sample: Annotated[bool, typer.Option("--sample", help="Sample outputs instead of searching.")] = False


def expand_groups(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of its groups."""
    groups: dict[str, tuple[type, list[str]]] = {}
    parameters: list[Parameter] = []
    for each in signature(command, eval_str=True).parameters.values():
        options = [each]
        if isinstance(each.annotation, type) and is_dataclass(each.annotation):
            options = list(signature(each.annotation, eval_str=True).parameters.values())
            groups[each.name] = each.annotation, [option.name for option in options]
        parameters += [option.replace(kind=Parameter.KEYWORD_ONLY) for option in options]

    @wraps(command)
    def run(**arguments: Any) -> None:
        for name, (group, names) in groups.items():
            arguments[name] = group(**{option: arguments.pop(option) for option in names})
        command(**arguments)

    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return run


def set_options(chosen: Sequence[str] | None) -> dict[str, Any]:
    """The decoding options of `--set`."""
    if not chosen:
        return {}
    from seqtasks.cli.command import renames, warn_renamed
    from seqtasks.config.run import parse_value

    given: dict[str, Any] = {}
    [renamed] = [table for name, table in renames()["fields"].items() if name.endswith(".Decoding")]
    for item in chosen:
        name, sign, value = item.partition("=")
        if not sign:
            raise SeqtasksError(f"--set {item}: not of the form name=value.", "Example: --set length_penalty=wu:0.6")
        name = name.strip()
        if name in renamed:
            warn_renamed(f"--set {name}", renamed[name])
        given[renamed.get(name, name)] = parse_value(value.strip())
    return given


def split_languages(languages: str | None) -> tuple[str, str] | None:
    """The two codes of "en-de"."""
    if languages is None:
        return None
    source, _, target = languages.partition("-")
    if not (source and target):
        raise typer.BadParameter("write the two codes with a hyphen, such as en-de", param_hint="--language-pair")
    return source, target
