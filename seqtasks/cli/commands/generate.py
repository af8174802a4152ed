"""`seqtasks generate`: a prompt in, its continuation out as it is generated."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from seqtasks.cli.options import Json, Model, Runtime, SamplingOptions, Stop
from seqtasks.cli.output import to_json, warn
from seqtasks.cli.term_options import WordOptions
from seqtasks.plurals import counted

if TYPE_CHECKING:
    from seqtasks.inference.text_generation import TextGenerationPipeline

DEFAULT_WRITER: Final = "shakespeare"
BETWEEN = "\n---\n"


def generate(
    *,
    model: Model = DEFAULT_WRITER,
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="Beginning of the text; - is standard input.")] = "",
    max_new_tokens: Annotated[
        int | None,
        typer.Option("--max-new-tokens", min=1, metavar="N", help="Maximum number of new tokens.", show_default="500"),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Random seed.", show_default="1")] = None,
    count: Annotated[
        int, typer.Option("--num-return-sequences", "-n", min=1, metavar="N", help="Number of texts.")
    ] = 1,
    stop: Stop = "",
    as_json: Json = False,
    decoding: SamplingOptions,
    words: WordOptions,
    runtime: Runtime,
) -> None:
    """Generate text from a prompt.

    The prompt and its continuation are streamed; with beam search they are printed when it is done. The last line
    break of a prompt from standard input is dropped. Several texts are separated by lines of ---.

    \b
    Examples:
      seqtasks generate --prompt "ROMEO:"
      seqtasks generate --model my-writer --prompt "Once" --max-new-tokens 200 --temperature 0.6
    """
    if prompt == "-":
        prompt = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace").removesuffix("\n").removesuffix("\r")
    given = {"max_new_tokens": max_new_tokens, "seed": seed, "nbest": count}
    options = {name: value for name, value in given.items() if value is not None} | decoding.options()
    pipeline: TextGenerationPipeline = runtime.open([model], "language-modeling").pipeline
    resolved = pipeline.decoding(**options)
    if replaced := pipeline.replaced(prompt):
        warn(describe_replaced(replaced))
    if unread := pipeline.unread(prompt):
        left_out = counted(unread, "tokens")
        warn(f"the prompt is longer than the context of the model: its beginning is ignored ({left_out}).")
    if not as_json and (resolved.sample or resolved.beam_size == 1):
        for number in range(resolved.nbest):
            write(f"{BETWEEN if number else ''}{prompt}")
            for piece in pipeline.stream(prompt, number=number, stop=stop, **words.options(), **options):
                write(piece)
        write("\n")
        return
    best = pipeline.generate(prompt, stop=stop, **words.options(), **options)
    texts = [best, *best.alternatives]
    if as_json:
        from seqtasks.inference.outputs import json_fields

        unknown = {"unknown": best.unknown}
        write("".join(f"{to_json({'prompt': prompt} | json_fields(text) | unknown)}\n" for text in texts))
    else:
        write(BETWEEN.join(prompt + text.text for text in texts) + "\n")


def write(text: str) -> None:
    """Writes text to standard output at once; half of a surrogate pair becomes a question mark."""
    sys.stdout.buffer.write(text.encode(errors="replace"))
    sys.stdout.flush()


def describe_replaced(replaced: dict[str, str]) -> str:
    """What became of characters that the model does not know."""
    changed = [f"{ours!r} as {theirs!r}" for ours, theirs in replaced.items() if theirs]
    dropped = [repr(ours) for ours, theirs in replaced.items() if not theirs]
    parts = [f"reads {', '.join(changed)}"] * bool(changed) + [f"leaves out {', '.join(dropped)}"] * bool(dropped)
    return f"the model never saw some characters of the prompt: it {' and '.join(parts)}."
