"""How much of what a translation has to keep a model keeps: a thousand lines made by rules, counted by kind.

    python recipes/protected_spans.py MODEL
    python recipes/protected_spans.py MODEL --seed 2 --show 20
    python recipes/protected_spans.py MODEL --protect --engine ctranslate2

Web and mail addresses, placeholders and tags have to be in the translation byte by byte and as often as in the source;
numbers, dates, times and prices with the same digits in the same order, whatever separates them. The model
translates them as they are (`protect=None`), unless `--protect` asks for what `seqtasks translate` does. Places are
checked as far as a rule can say: spans of a kind come in the order of the source, tags in pairs enclose something and
the same spans as there, and spans stay on their side of a line break. `span_lines.py` makes the lines, of the model's
source language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

import seqtasks
from runner import print_table, run, show_call
from seqtasks import SeqtasksError
from span_lines import FIRST_NAMES, LAST_NAMES, MONTHS, PLACES, SENTENCES, LineWriter

_MONTH = "|".join(dict.fromkeys([*MONTHS["en"], *MONTHS["de"]]))
_NUMBER = r"\d+(?:[.,]\d+)*"
EXACT = {
    "URL": r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]",
    "e-mail": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "placeholder": r"%\(\w+\)[sd]|%\d+\$[sd]|%[sd](?!\w)|\$\{\w+\}|\{\w+\}",
    "tag": r"</?\w+(?: [^<>]*)?/?>",
}
"""Spans that have to be the same."""
DIGITS = {
    "date": rf"\d{{4}}-\d\d-\d\d|\d{{1,2}}\.? (?:{_MONTH}) \d{{4}}|(?:{_MONTH}) \d{{1,2}}, \d{{4}}",
    "time": r"\d{1,2}:\d\d",
    "price": rf"[$€£]{_NUMBER}|{_NUMBER} (?:€|EUR|[Ee]uros?|[Dd]ollars?)",
    "number": _NUMBER,
}
"""Spans whose digits have to be the same."""
NAMES = {"person": f"(?:{'|'.join(FIRST_NAMES)}) (?:{'|'.join(LAST_NAMES)})", "place": rf"\b(?:{'|'.join(PLACES)})\b"}
"""Spans that are counted, but belong to no total: some names have another form in the other language."""
_SPAN = re.compile("|".join(f"(?P<k{number}>{form})" for number, form in enumerate((EXACT | DIGITS | NAMES).values())))
_EXACT = re.compile("|".join(EXACT.values()))
_TAG = re.compile(f"({EXACT['tag']})")
_BREAK = re.compile(r"<br/?>")
KINDS = [*EXACT, *DIGITS, *NAMES]


class Span(NamedTuple):
    """A part of a source, and whether its translation kept it."""

    kind: str
    text: str
    kept: bool


def find_spans(text: str) -> list[tuple[str, str]]:
    """Kinds and texts of the spans of a text, in their order."""
    return [(KINDS[int((found.lastgroup or "k0")[1:])], found[0]) for found in _SPAN.finditer(text)]


def score_line(source: str, translation: str) -> list[Span]:
    """The spans of a source, and whether its translation has kept each."""
    spans = find_spans(source)
    wanted, found = (Counter(span for kind, span in each if kind in EXACT) for each in (spans, find_spans(translation)))
    groups = re.findall(r"\d+", _EXACT.sub(" ", translation))
    written = Counter(
        "".join(groups[start:end]) for start in range(len(groups)) for end in range(start + 1, len(groups) + 1)
    )
    digits = Counter(_digits(span) for kind, span in spans if kind in DIGITS)
    scored = []
    for kind, span in spans:
        if kind in EXACT:
            kept = found[span] == wanted[span]
        elif kind in DIGITS:
            kept = written[_digits(span)] >= digits[_digits(span)]
        else:
            kept = span in translation
        scored.append(Span(kind, span, kept))
    return scored


def is_kept(source: str, translation: str) -> bool:
    """Whether a translation keeps all spans but names, and has no other addresses, placeholders, tags or digits."""
    spans = [span for span in score_line(source, translation) if span.kind not in NAMES]
    own = Counter(span.text for span in spans if span.kind in EXACT)
    count = sum(len(_digits(span.text)) for span in spans if span.kind in DIGITS)
    return (
        all(span.kept for span in spans)
        and Counter(span for kind, span in find_spans(translation) if kind in EXACT) == own
        and len(_digits(_EXACT.sub(" ", translation))) == count
    )


def is_placed(source: str, translation: str) -> bool:
    """Whether addresses, placeholders and tags are the same and, as far as a rule can say, in their places."""
    one, other = ([(kind, span) for kind, span in find_spans(text) if kind in EXACT] for text in (source, translation))
    in_order = all(
        [span for each, span in one if each == kind] == [span for each, span in other if each == kind] for kind in EXACT
    )
    return in_order and _enclosed(source) == _enclosed(translation)


def _enclosed(text: str) -> list[tuple[bool, list[str]]]:
    """What is in each pair of tags, and on each side of a break: whether there is anything, and its spans."""
    found: list[tuple[bool, list[str]]] = []
    inside, outside = None, ""
    for number, part in enumerate(_TAG.split(text)):
        if number % 2 == 0 and inside is None:
            outside += part
        elif number % 2 == 0:
            inside = part
        elif _BREAK.fullmatch(part):
            found.append((bool(outside.strip()), _exact(outside)))
            outside = ""
        elif part.startswith("</"):
            found.append((bool((inside or "").strip()), _exact(inside or "")))
            inside = None
        else:
            inside = ""
    return [*found, (bool(outside.strip()), _exact(outside))]


def _exact(text: str) -> list[str]:
    return sorted(span for kind, span in find_spans(text) if kind in EXACT)


def table(sources: Sequence[str], translations: Sequence[str]) -> list[list[str]]:
    """Rows of kinds: how many spans there are, how many were kept, and the share; then those of all, and of lines."""
    pairs = list(zip(sources, translations, strict=True))
    spans = [span for pair in pairs for span in score_line(*pair)]
    rows = [(kind, [span.kept for span in spans if span.kind == kind]) for kind in KINDS]
    rows += [("all but names", [span.kept for span in spans if span.kind not in NAMES])]
    rows += [("lines, all but names", [is_kept(*pair) for pair in pairs])]
    return [
        [kind, f"{len(kept):,}", f"{sum(kept):,}", f"{100 * sum(kept) / len(kept):.1f} %"]
        for kind, kept in rows
        if kept
    ]


def measure(
    model: str, *, seed: int, lines: int, beam: int, protect: bool, engine: Literal["torch", "ctranslate2"]
) -> tuple[list[str], list[str]]:
    """Lines in the language that the model reads, and their translations."""
    translator = seqtasks.load(model, task="translation", engine=engine)
    language = translator.languages[0]
    if language not in SENTENCES:
        raise SeqtasksError(
            f"{model} translates from {language!r}; there are rules for {' and '.join(SENTENCES)}.",
            "Use a model that translates from one of these.",
        )
    sources = LineWriter(language, seed).write(lines)
    show_call("load", repr(model), task="translation")
    protected = () if protect else None
    return sources, [found.text for found in translator.translate(sources, beam_size=beam, protect=protected)]


def _digits(text: str) -> str:
    return "".join(re.findall(r"\d", text))


def main(
    model: Annotated[str, typer.Argument(help="A model that translates from English or German.")],
    lines: Annotated[int, typer.Option(min=1, help="How many lines are made.")] = 1000,
    seed: int = 1,
    beam: int = 5,
    protect: Annotated[bool, typer.Option("--protect", help="Keep spans as `seqtasks translate` does.")] = False,
    engine: Annotated[Literal["torch", "ctranslate2"], typer.Option(help="What searches.")] = "torch",
    show: Annotated[int, typer.Option(min=0, help="Lines to print that were not kept.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File for all lines and translations.")] = None,
) -> None:
    """Print how many addresses, placeholders, tags and numbers a model keeps."""
    sources, translations = measure(model, seed=seed, lines=lines, beam=beam, protect=protect, engine=engine)
    pairs = list(zip(sources, translations, strict=True))
    if output is not None:
        output.write_text("".join(f"{source}\t{text}\n" for source, text in pairs), encoding="utf-8")
    right = is_placed if protect else is_kept
    for source, text in [pair for pair in pairs if not right(*pair)][:show]:
        lost = (
            ", ".join(span.text for span in score_line(source, text) if not span.kept) or "nothing, but there is more"
        )
        print(f"- {source}\n  {text}\n  lost: {lost}")
    *kinds, every = table(sources, translations)
    placed = sum(is_placed(*pair) for pair in pairs)
    name = "lines, all but names and digits, each in its place"
    kinds.append([name, f"{len(pairs):,}", f"{placed:,}", f"{100 * placed / len(pairs):.1f} %"])
    print_table(["kind", "spans", "kept", "share"], [*kinds, every])


if __name__ == "__main__":
    run(main)
