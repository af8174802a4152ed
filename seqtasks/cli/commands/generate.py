"""`seqtasks generate`: the beginning of a text in, the text out as it is written."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seqtasks.cli.options import (
    Code,
    Device,
    Dtype,
    Precision,
    Threads,
    decoding_options,
    open_pipeline,
    takes_decoding,
)

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Continuation
    from seqtasks.inference.text_generation import TextGenerationPipeline

DEFAULT_WRITER: Final = "shakespeare"
BETWEEN = "\n---\n"


@takes_decoding(without=["max_length"])
def generate(
    *,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME_OR_DIR", help="Model name or directory.")
    ] = DEFAULT_WRITER,
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="How the text begins; - is standard input.")] = "",
    max_new_tokens: Annotated[
        int | None,
        typer.Option("--max-new-tokens", min=1, metavar="N", help="Maximum number of new tokens.", show_default="500"),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Random seed.", show_default="1")] = None,
    count: Annotated[
        int, typer.Option("--num-return-sequences", "-n", min=1, metavar="N", help="Number of texts.")
    ] = 1,
    stop: Annotated[str, typer.Option(metavar="TEXT", help="Stop before this text.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Write a JSON object per line, with tokens and scores.")
    ] = False,
    decoding: dict[str, Any],
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Generate text from a prompt.

    The prompt and its continuation are streamed; with a beam search they are written when it is done. The last line
    break of a prompt from standard input is dropped. Several texts are separated by a line ---.

    \b
    Examples:
      seqtasks generate --prompt "ROMEO:"
      seqtasks generate --model my-writer --prompt "Once" --max-new-tokens 200 --temperature 0.6
    """
    if prompt == "-":
        prompt = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace").removesuffix("\n").removesuffix("\r")
    options = decoding_options(None, max_new_tokens=max_new_tokens, seed=seed, nbest=count) | decoding
    predictor: TextGenerationPipeline = open_pipeline(
        [model], "language-modeling", code=code, device=device, dtype=dtype, threads=threads
    )
    resolved = predictor.decoding(**options)
    if replaced := predictor.replaced(prompt):
        print(f"seqtasks: {told(replaced)}", file=sys.stderr)
    if as_json:
        write_objects(predictor, prompt, stop, options)
    elif resolved.beam_size > 1 and not resolved.sample:
        for number, text in enumerate(generated(predictor, prompt, stop, options)):
            write(f"{BETWEEN if number else ''}{prompt}{text.text}")
        write("\n")
    else:
        for number in range(resolved.nbest):
            write(f"{BETWEEN if number else ''}{prompt}")
            for piece in predictor.stream(prompt, number=number, stop=stop, **options):
                write(piece)
        write("\n")


def write(text: str) -> None:
    sys.stdout.buffer.write(text.encode(errors="replace"))
    sys.stdout.flush()


def generated(predictor: TextGenerationPipeline, prompt: str, stop: str, options: dict[str, Any]) -> list[Continuation]:
    found = predictor.generate(prompt, stop=stop, **options)
    return [found, *found.alternatives]


def write_objects(predictor: TextGenerationPipeline, prompt: str, stop: str, options: dict[str, Any]) -> None:
    from seqtasks.inference.outputs import json_fields

    for text in generated(predictor, prompt, stop, options):
        write(json.dumps({"prompt": prompt, **json_fields(text)}, ensure_ascii=False) + "\n")


def told(replaced: dict[str, str]) -> str:
    """What became of characters that the model does not know."""
    changed = [f"{ours!r} as {theirs!r}" for ours, theirs in replaced.items() if theirs]
    dropped = [repr(ours) for ours, theirs in replaced.items() if not theirs]
    parts = [f"reads {', '.join(changed)}"] * bool(changed) + [f"leaves out {', '.join(dropped)}"] * bool(dropped)
    return f"the model never saw some characters of the prompt: it {' and '.join(parts)}."
