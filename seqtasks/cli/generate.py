"""`seqtasks generate`: the beginning of a text in, the text out as it is written."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from seqtasks.cli.options import Chosen, Code, Device, Dtype, Precision, Threads, decoding_options, open_pipeline

if TYPE_CHECKING:
    from seqtasks.inference.outputs import Continuation
    from seqtasks.inference.text_generation import TextGenerationPipeline

DEFAULT_WRITER: Final = "shakespeare"
BETWEEN = "\n---\n"


def generate(
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME_OR_DIR", help="A language model.")
    ] = DEFAULT_WRITER,
    prompt: Annotated[str, typer.Option(metavar="TEXT", help="How the text begins; - is standard input.")] = "",
    length: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Most tokens (such as characters).", show_default="500")
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(metavar="X", help="Below 1 safer, above 1 wilder.", show_default="the model's")
    ] = None,
    top_k: Annotated[
        int | None, typer.Option("--top-k", metavar="K", help="Draw from the K likeliest tokens alone.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option("--top-p", metavar="P", help="Draw from the likeliest tokens that have the probability P."),
    ] = None,
    beam: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Search for the likeliest text instead; shown when it is done."),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Other numbers, other texts.", show_default="1")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, metavar="N", help="Texts to write.")] = 1,
    stop: Annotated[str, typer.Option(metavar="TEXT", help="End before this text.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line, with tokens and scores.")] = False,
    chosen: Chosen = None,
    code: Code = None,
    device: Device = "auto",
    dtype: Dtype = Precision.auto,
    threads: Threads = 0,
) -> None:
    """Go on with a text.

    The prompt and what follows it are written as it is made. Of a prompt from standard input the last line end is left
    out. Several texts have a line --- between them.

    \b
    Examples:
      seqtasks generate --prompt "ROMEO:"
      seqtasks generate --model my-writer --prompt "Once" --length 200 --temperature 0.6
    """
    if prompt == "-":
        prompt = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace").removesuffix("\n").removesuffix("\r")
    options = decoding_options(
        chosen,
        max_new_tokens=length,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        beam=beam,
        seed=seed,
        nbest=count,
    )
    predictor: TextGenerationPipeline = open_pipeline(
        [model], "generation", code=code, device=device, dtype=dtype, threads=threads
    )
    decoding = predictor.decoding(**options)
    if replaced := predictor.replaced(prompt):
        print(f"seqtasks: {told(replaced)}", file=sys.stderr)
    if as_json:
        write_objects(predictor, prompt, stop, options)
    elif decoding.beam > 1 and not decoding.sample:
        for number, text in enumerate(generated(predictor, prompt, stop, options)):
            write(f"{BETWEEN if number else ''}{prompt}{text.text}")
        write("\n")
    else:
        for number in range(decoding.nbest):
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
