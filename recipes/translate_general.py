"""English and German of many kinds: news, parliament, encyclopedia, talk, help and software, in either direction.

    python recipes/translate_general.py DATA --target de --output runs/forward/en-de
    python recipes/translate_general.py DATA --target en --output runs/forward/de-en
    seqtasks backtranslate --model runs/forward/de-en ... --output runs/back-translated.tsv
    python recipes/translate_general.py DATA --target de --output runs/en-de
        --init-from runs/forward/en-de --back-translated runs/back-translated.tsv

DATA holds `parallel/`, `tatoeba/` and `libreoffice/`: tables of English and German, a pair a line. Every source has a
weight. A part of newstest2013 and of Tatoeba's `dev` chooses the model; Tatoeba's `test` is read once, at the end.
With `--init-from`, sizes and vocabulary are those of that model, which may be one that ships:
    python recipes/translate_general.py DATA --target de --output runs/en-de --init-from en-de
`recipes/LOG.md` says what was tried.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import tomli_w
import typer

from runner import (
    TINY,
    Chosen,
    Output,
    Resume,
    Tiny,
    data_folder,
    evaluate,
    print_table,
    read_lines,
    run,
    signatures,
    train,
    values,
)
from seqtasks import find_model, read_bundle

WEIGHTS = {
    "wmt_news_2008-2012": 3.0,
    "wmt_2021-2022": 3.0,
    "europarl_20k": 2.0,
    "opennmt_sample": 2.0,
    "mlqe_pe_wikipedia": 2.0,
    "mt_geneval_wikipedia": 2.0,
    "xquad_wikipedia": 2.0,
    "cocoa_formality": 2.0,
    "ding_sentences": 2.0,
    "tatoeba_opus_test": 1.0,
    "debian_website": 1.0,
    "suttas_bilara": 0.7,
    "suttacentral_site": 1.0,
    "games_gettext": 1.0,
    "help_docs": 0.4,
    "bible_web_luther1912": 0.4,
    "software_gettext": 0.4,
    "mediawiki_i18n": 0.4,
    "ding_dictionary": 0.25,
}
"""Files in `parallel/`, and how often their pairs are seen beside those of weight 1."""
NEWS, TATOEBA, HELP = "parallel/dev/newstest2013.en-de.tsv.gz", "tatoeba/en-de.{}.tsv.gz", "libreoffice/en-de.tsv.gz"
BACK_TRANSLATED = 0.5
"""The weight of back-translations."""

SYMBOLS = tuple(f"⟦{number}⟧" for number in range(10))
"""Pieces of the vocabulary that stand for what must not be touched."""

NEW_MODEL = f"""\
[text]
kind = "subwords"
vocab_size = 16000
split_digits = true
user_defined_symbols = {list(SYMBOLS)}

[model]
hidden_size = 320
embedding_dropout = 0.1

[model.encoder]
kind = "transformer"
num_layers = 5
num_heads = 8
ffn_dim = 1280
dropout = 0.1

[model.decoder]
kind = "transformer"
num_layers = 2
num_heads = 8
ffn_dim = 1280
dropout = 0.1
"""

CONFIGURATION = """\
task = "translation"
seed = {seed}

[languages]
source = "{source}"
target = "{target}"

[data]
train = [
{train}
]
validation = [{validation}]
augmentation = [
  {{ kind = "upper_case", probability = 0.04 }},
  {{ kind = "title_case", probability = 0.04 }},
  {{ kind = "remove_end_punctuation", probability = 0.1 }},
  {{ kind = "typos", probability = 0.04 }},
  {{ kind = "copied_spans", probability = 0.1, symbols = [{symbols}] }},
  {{ kind = "copied_spans", probability = 0.04, spans = ["date", "price", "name"] }},
  {{ kind = "copied_lines", probability = 0.005 }},
  {{ kind = "quotation_marks", probability = 0.3 }},
]

[training]
max_steps = 12000
batch_tokens = 3500
learning_rate = 2e-3
warmup_steps = 1500
eval_steps = 1000
save_steps = 500

{model}"""

FURTHER = ("training.learning_rate=1e-3", "training.lr_scheduler=cosine")
"""Settings of a training that begins with a trained model."""


def configuration(
    data: Path,
    source: str,
    target: str,
    development: Path,
    back_translated: Path | None,
    init_from: str | None,
    seed: int,
) -> str:
    """The run configuration, as TOML."""
    model = tomllib.loads(NEW_MODEL if init_from is None else start_configuration(init_from))
    files = {data / "parallel" / f"{name}.en-de.tsv.gz": weight for name, weight in WEIGHTS.items()}
    files |= {data / TATOEBA.format("train"): 1.0, data / HELP: 0.4}
    columns = "" if target == "de" else ", source_column = 2, target_column = 1"
    sources = [f'{{ path = "{file.resolve()}", weight = {weight}{columns} }}' for file, weight in files.items()]
    if back_translated is not None:
        sources.append(f'{{ path = "{back_translated.resolve()}", weight = {BACK_TRANSLATED} }}')
    return CONFIGURATION.format(
        seed=seed,
        source=source,
        target=target,
        symbols=", ".join(f'"{symbol}"' for symbol in model["text"].get("user_defined_symbols", ())),
        model=tomli_w.dumps({"text": model["text"], "model": model["model"]}),
        train=",\n".join(f"  {each}" for each in sources),
        validation=f'{{ path = "{development.resolve()}"{columns} }}',
    )


def start_configuration(model: str) -> str:
    """The configuration that a model was trained with."""
    return read_bundle(find_model(model)).configuration.read_text(encoding="utf-8")


def write_development(data: Path, file: Path) -> None:
    """A sixth of newstest2013 and 500 pairs of Tatoeba: a validation of two minutes."""
    lines = [*read_lines(data / NEWS)[::6], *read_lines(data / TATOEBA.format("dev"))[:500]]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main(
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA.")] = None,
    target: Annotated[Literal["de", "en"], typer.Option(help="What is translated into.")] = "de",
    init_from: Annotated[str | None, typer.Option(help="A model of an earlier phase to start from.")] = None,
    back_translated: Annotated[Path | None, typer.Option(help="Pairs that `seqtasks backtranslate` has made.")] = None,
    output: Output = Path("runs/general"),
    seed: int = 1,
    beam: int = 5,
    tiny: Tiny = False,
    resume: Resume = False,
    settings: Chosen = None,
) -> None:
    """Train a translator of one phase and print its row of the results table."""
    folder = data_folder(data, ".", HELP)
    source = "en" if target == "de" else "de"
    development = output.with_name(f"{output.name}.dev.tsv")
    write_development(folder, development)
    further = (f"init_from={init_from}", *FURTHER) if init_from else ()
    chosen = [*further, *(TINY if tiny else ()), *(settings or [])]
    configured = configuration(folder, source, target, development, back_translated, init_from, seed)
    train(configured, output, chosen, resume=resume)
    columns = {} if target == "de" else {"source_column": 2, "target_column": 1}
    rows = []
    for name, file in (("newstest2013", NEWS), ("Tatoeba, test", TATOEBA.format("test"))):
        result = evaluate(output, folder / file, beam_size=beam, columns=columns)
        rows.append([f"{source}-{target}", name, *values(result, ["bleu", "chrf"]), signatures(result, "bleu")])
    print_table(["model", "data", "BLEU, cased", "chrF", "signatures"], rows)


if __name__ == "__main__":
    run(main)
