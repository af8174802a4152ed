"""What a general translator of English and German is worth: the rows of its card.

    python recipes/evaluate_translator.py MODEL DATA
    python recipes/evaluate_translator.py MODEL DATA --sentences everyday.en.txt

newstest2013 as it is and in capitals, compared without case; outputs that repeat themselves or are cut at the length
limit; Tatoeba's test part; the share of lines made by rules whose addresses, placeholders, tags and numbers are kept
(`protected_spans.py`). `--sentences` adds a table of the translations of a file, a sentence a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from sacrebleu.metrics.bleu import BLEU

import seqtasks
from protected_spans import table
from runner import cell, data_folder, print_table, read_lines, run
from seqtasks import SeqtasksError, Translation
from span_lines import LineWriter
from translate_general import NEWS, TATOEBA

DIRECTIONS = ("en-de", "de-en")


class Bleu(NamedTuple):
    """A score of sacrebleu."""

    value: float
    signature: str


def bleu(found: Sequence[Translation], references: Sequence[str], *, lowercase: bool = False) -> Bleu:
    """BLEU of translations."""
    metric = BLEU(lowercase=lowercase)
    score = metric.corpus_score([each.text for each in found], [references])
    return Bleu(score.score, str(metric.get_signature()))


def count_loops(found: Sequence[Translation]) -> str:
    """How many translations do not end by themselves."""
    return f"{sum(each.repetitive for each in found)} repetitive, {sum(not each.finished for each in found)} cut"


def read_pairs(file: Path, direction: str, most: int | None) -> tuple[list[str], list[str]]:
    """The sources and the targets of a table of English and German."""
    rows = [line.split("\t")[:2] for line in islice(read_lines(file), most)]
    english, german = ([row[column] for row in rows] for column in (0, 1))
    return (english, german) if direction == "en-de" else (german, english)


def main(
    model: Annotated[str, typer.Argument(help="A translator of English to German, or of German to English.")],
    data: Annotated[Path | None, typer.Argument(help="The folder; else SEQTASKS_DATA.")] = None,
    beam: int = 5,
    lines: Annotated[int, typer.Option(min=1, help="How many lines are made by rules.")] = 1000,
    most: Annotated[int | None, typer.Option(min=1, help="Pairs of each set, from its beginning; all without.")] = None,
    sentences: Annotated[Path | None, typer.Option(help="A file of sentences to show with their translations.")] = None,
) -> None:
    """Print the rows of a translator's card."""
    folder = data_folder(data, ".", NEWS)
    translator = seqtasks.load(model, task="translation")
    direction = "-".join(translator.languages)
    if direction not in DIRECTIONS:
        raise SeqtasksError(f"{model} translates {direction}.", f"Use a model of {' or '.join(DIRECTIONS)}.")

    def translate(texts: Sequence[str]) -> list[Translation]:
        return translator.translate(list(texts), beam_size=beam, split_sentences=False, protect=None)

    sources, targets = read_pairs(folder / NEWS, direction, most)
    news, capitals = translate(sources), translate([source.upper() for source in sources])
    plain, upper = (bleu(found, targets, lowercase=True) for found in (news, capitals))
    cased = bleu(news, targets)
    asked, wanted = read_pairs(folder / TATOEBA.format("test"), direction, most)
    tatoeba = bleu(translate(asked), wanted)
    made = LineWriter(translator.languages[0], 1).write(lines)
    *_, kept = table(made, [each.text for each in translate(made)])
    rows = [
        ["newstest2013", "BLEU", f"{cased.value:.2f}", cell(cased.signature)],
        ["newstest2013", "BLEU without case", f"{plain.value:.2f}", cell(plain.signature)],
        ["newstest2013 in capitals", "BLEU without case", f"{upper.value:.2f}", cell(upper.signature)],
        ["newstest2013 in capitals", "difference", f"{upper.value - plain.value:+.2f}", ""],
        ["newstest2013", "loops", count_loops(news), ""],
        ["newstest2013 in capitals", "loops", count_loops(capitals), ""],
        ["Tatoeba, test", "BLEU", f"{tatoeba.value:.2f}", cell(tatoeba.signature)],
        ["made by rules", f"{kept[1]} {kept[0]}", kept[3], ""],
    ]
    print_table(["data", "what", direction, "signature"], rows)
    print(f"\nDecoding: `{translator.signature(translator.decoding(beam_size=beam).signature())}`.")
    if sentences is not None:
        print()
        shown = [each for each in translate(read_lines(sentences)) if each.source]
        print_table(["sentence", "translation"], [[_escaped(each.source), _escaped(each.text)] for each in shown])


def _escaped(text: str) -> str:
    """A text in a Markdown table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    run(main)
