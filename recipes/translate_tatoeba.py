"""Tatoeba sentence pairs and LibreOffice help texts, English to German: the model that ships as `en-de`.

    python recipes/translate_tatoeba.py data/tatoeba --help-texts data/libreoffice/en-de.tsv.gz --output runs/en-de

The folder holds `en-de.train.tsv`, `en-de.dev.tsv` and `en-de.test.tsv` (compressed or not), an English and a German
sentence a line. The model is chosen on `dev`; `test` is read once, at the end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    run,
    signatures,
    train,
    values,
)

CONFIGURATION = """\
task = "translation"
seed = {seed}

[languages]
source = "en"
target = "de"

[text]
kind = "subwords"
vocab_size = 8000

[data]
train = [{train}]
validation = [{{ path = "{validation}" }}]

[model]
hidden_size = 256
embedding_dropout = 0.1

[model.encoder]
kind = "transformer"
num_layers = 3
num_heads = 4
ffn_dim = 768
dropout = 0.1

[model.decoder]
kind = "transformer"
num_layers = 3
num_heads = 4
ffn_dim = 768
dropout = 0.1

[training]
max_steps = 12000
batch_tokens = 1800
learning_rate = 2e-3
warmup_steps = 600
"""


def configuration(data: Path, help_texts: Path | None, seed: int) -> str:
    """The run configuration, as TOML."""
    sources = [f'{{ path = "{official(data, "en-de.train.tsv").resolve()}" }}']
    if help_texts is not None:
        sources.append(f'{{ path = "{help_texts.resolve()}", weight = 0.25 }}')
    validation = official(data, "en-de.dev.tsv").resolve()
    return CONFIGURATION.format(seed=seed, train=", ".join(sources), validation=validation)


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA/tatoeba.")] = None,
    help_texts: Annotated[Path | None, typer.Option(help="Pairs of help texts to mix in, a TSV file.")] = None,
    output: Output = Path("runs/en-de"),
    seed: int = 1,
    beam: int = 5,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train the translator that ships and print its row of the results table."""
    folder = data_folder(data, "tatoeba", "en-de.train.tsv")
    train(configuration(folder, help_texts, seed), output, [*(TINY if tiny else ()), *(settings or [])], resume=resume)
    result = evaluate(output, official(folder, "en-de.test.tsv"), beam_size=beam)
    print_table(
        ["model", "BLEU, cased", "chrF", "signatures"],
        [["en-de", *values(result, ["bleu", "chrf"]), signatures(result, "bleu")]],
    )


if __name__ == "__main__":
    run(main)
