"""What fine-tuning to a new domain gains and forgets: a translator of Tatoeba's sentences learns LibreOffice's help.

    python recipes/finetune_translator.py DATA --output runs/finetuning

DATA holds `tatoeba/` and `libreoffice/`. Three models: `start` learns Tatoeba alone, `joint` learns both from the
start, in as many updates, and `tuned` is `start` after `seqtasks.finetune`. All are tested on 1,000 pairs of the help
that none has seen, and on Tatoeba's `test`. The gain is the share of what `joint` has above `start` on the help.
`--start` and `--joint` take models that are trained already.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import seqtasks
from runner import (
    TINY,
    Chosen,
    Output,
    Resume,
    Tiny,
    data_folder,
    evaluate,
    official,
    print_table,
    read_lines,
    report,
    run,
    score,
    show_call,
    signatures,
    train,
)
from translate_tatoeba import configuration

HELP = "libreoffice/en-de.tsv"
PARTS = {"test": 1_000, "dev": 500, "train": 20_000}
"""Pairs of the help in each part."""


def split(pairs: Sequence[str], folder: Path, seed: int) -> dict[str, Path]:
    """Writes the parts of the help, without English sentences that come twice; all take part where there are few."""
    different = list({line.split("\t")[0]: line for line in pairs}.values())
    random.Random(seed).shuffle(different)
    share = min(1.0, len(different) / sum(PARTS.values()))
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for part, count in PARTS.items():
        taken, different = different[: int(count * share)], different[int(count * share) :]
        files[part] = folder / f"help.{part}.tsv"
        files[part].write_text("".join(f"{line}\n" for line in taken), encoding="utf-8")
    return files


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA.")] = None,
    start: Annotated[Path | None, typer.Option(help="A model of Tatoeba alone.")] = None,
    joint: Annotated[Path | None, typer.Option(help="A model of both, after as many updates.")] = None,
    mix: Annotated[bool, typer.Option(help="Mix Tatoeba's pairs into the help's.")] = True,
    output: Output = Path("runs/finetuning"),
    seed: int = 1,
    beam: int = 5,
    test: Annotated[bool, typer.Option(help="Evaluate on test data in place of development data.")] = True,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train the three models and print a row of the results table for each."""
    folder = data_folder(data, ".", HELP)
    tatoeba = folder / "tatoeba"
    parts = split(read_lines(official(folder, HELP)), output, seed)
    chosen = ["training.max_steps=4000", *(TINY if tiny else ()), *(settings or [])]
    if start is None:
        start = output / "start"
        train(configuration(tatoeba, None, seed), start, chosen, resume=resume)
    if joint is None:
        joint = output / "joint"
        validated = f'data.validation=[{{path="{official(tatoeba, "en-de.dev.tsv")}"}}, {{path="{parts["dev"]}"}}]'
        both = [*chosen, "data.train.1.weight=1", validated]
        train(configuration(tatoeba, parts["train"], seed), joint, both, resume=resume)
    tuned, began = output / "tuned", time.monotonic()
    files = [official(tatoeba, "en-de.train.tsv")] if mix else []
    validation = [parts["dev"]]
    show_call("finetune", *(repr(str(each)) for each in (start, parts["train"], tuned)), mix=files, resume=resume)
    seqtasks.finetune(
        start, parts["train"], tuned, mix=files, validation=validation, resume=resume, on_event=report,
        training={"max_steps": 30} if tiny else {},
    )  # fmt: skip
    minutes = (time.monotonic() - began) / 60
    part = "test" if test else "dev"
    evaluated = {"help": parts[part], "Tatoeba": official(tatoeba, f"en-de.{part}.tsv")}
    rows, bleu = [], dict[tuple[str, str], float]()
    for name, model in {"start": start, "joint": joint, "tuned": tuned}.items():
        for domain, file in evaluated.items():
            result = evaluate(model, file, beam_size=beam)
            bleu[name, domain] = score(result, "bleu").value
            rows.append([name, f"{domain}, {part}", f"{bleu[name, domain]:.2f}", signatures(result, "bleu")])
    print_table(["model", "data", "BLEU, cased", "signatures"], rows)
    possible, gained = (bleu[name, "help"] - bleu["start", "help"] for name in ("joint", "tuned"))
    share = f"{gained / possible:.1%} of what joint training gains" if possible > 0 else "joint training gains nothing"
    lost = bleu["start", "Tatoeba"] - bleu["tuned", "Tatoeba"]
    print(f"fine-tuning took {minutes:.1f} minutes: {gained:+.2f} on the help, {share}; {-lost:+.2f} on Tatoeba")


if __name__ == "__main__":
    run(main)
