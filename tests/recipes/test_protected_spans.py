"""The lines that `recipes/protected_spans.py` makes, and how it scores their translations."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from helpers.recipe_run import Recipe

MODEL = Path(__file__).parents[2] / "assets" / "models" / "en-de"


def module(name: str) -> Any:
    return import_module(name)


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_thousand_different_lines_by_a_seed(language: str) -> None:
    write = module("span_lines").LineWriter
    lines = write(language, 1).write(1000)
    assert len(set(lines)) == 1000
    assert lines == write(language, 1).write(1000)
    assert lines[:300] == write(language, 1).write(300)
    assert len({*lines} & {*write(language, 2).write(1000)}) < 100
    found = [span for line in lines for span in module("protected_spans").find_spans(line)]
    counts = {kind: sum(each == kind for each, _ in found) for kind in module("protected_spans").KINDS}
    assert min(counts.values()) >= 60, counts
    assert len({span for _, span in found}) > 1000
    for line in lines:
        assert line == " ".join(line.split())
        assert line.endswith((".", "?"))
        assert not re.search(r"<(?:open|close|break|email|url|date|number)>", line)
        assert line.count("</") == len(re.findall(r"<(?!br)\w", line))
    point = "," if language == "de" else "."
    assert sum(bool(re.search(rf"\d{re.escape(point)}\d{{1,2}}(?!\d)", line)) for line in lines) > 100


RIGHT = [
    ("Write to a.b@example.org by 5 March 2024.", "Schreiben Sie bis zum 5. März 2024 an a.b@example.org."),
    ("It costs $1,234.50, not 99 euros.", "Es kostet 1.234,50 Dollar und nicht 99 Euro."),
    ("It costs $1,234.50.", "Es kostet 1234,50 $."),
    ("See https://example.org/a?b=1.", "Siehe https://example.org/a?b=1."),
    ("It starts at 14:30.", "Es beginnt um 14.30 Uhr."),
    ("On 2024-03-12 at 14:30.", "Um 14:30 Uhr am 2024-03-12."),
    ("Hello %(name)s, {0} of ${total}.", "${total}: {0}, hallo %(name)s."),
    ("Click <b>Save</b>.<br/>Then go.", "Klicken Sie <b>Speichern</b>.<br/>Gehen Sie dann."),
    ("About 1,234,567 people.", "Etwa 1 234 567 Menschen."),
    ("Anna Miller is in Berlin.", "Die Frau ist dort."),  # names belong to no total
]
WRONG = [
    ("Write to a.b@example.org.", "Schreiben Sie an a.b@Example.org."),
    ("Write to a.b@example.org.", "Schreiben Sie an a.b@example.org und c@example.org."),
    ("See https://example.org/a.", "Siehe https://example.org/a/b."),
    ("It costs $1,234.50.", "Es kostet 1.234,05 Dollar."),
    ("It costs $1,234.50.", "Es kostet 1.234 Dollar."),
    ("In 1998, 45 came.", "1960 kamen 45."),
    ("Only 45 came.", "Nur 45 von 46 kamen."),
    ("17 of 17 came.", "17 kamen."),
    ("Hello %s!", "Hallo!"),
    ("Hello %s!", "Hallo % s!"),
    ("Hello {name}!", "Hallo {Name}!"),
    ("You have {0}.", "Sie haben {0} {0}."),
    ("Click <b>Save</b>.", "Klicken Sie <b>Speichern<b>."),
    ("Click <b>Save</b>.", "Klicken Sie Speichern."),
    ("Line.<br/>Line.", "Zeile.<br>Zeile."),
]


@pytest.mark.parametrize("pair", RIGHT, ids=str)
def test_what_is_kept(pair: tuple[str, str]) -> None:
    assert module("protected_spans").is_kept(*pair)
    assert all(
        span.kept for span in module("protected_spans").score_line(*pair) if span.kind not in ("person", "place")
    )


@pytest.mark.parametrize("pair", WRONG, ids=str)
def test_what_is_not_kept(pair: tuple[str, str]) -> None:
    assert not module("protected_spans").is_kept(*pair)


def test_kinds() -> None:
    text = (
        "Anna Miller pays €5.50 for 17 rooms at 12:30 on May 13, 2024: {a} <i>x</i> a@b.org https://c.de/d, 2020-01-02."
    )
    assert module("protected_spans").find_spans(text) == [
        ("person", "Anna Miller"), ("price", "€5.50"), ("number", "17"), ("time", "12:30"), ("date", "May 13, 2024"),
        ("placeholder", "{a}"), ("tag", "<i>"), ("tag", "</i>"), ("e-mail", "a@b.org"), ("URL", "https://c.de/d"),
        ("date", "2020-01-02"),
    ]  # fmt: skip
    rows = module("protected_spans").table(["It is 17 here.", "It is 18."], ["Es sind 17.", "Es sind 16."])
    assert rows == [
        ["number", "2", "1", "50.0 %"],
        ["all but names", "2", "1", "50.0 %"],
        ["lines, all but names", "2", "1", "50.0 %"],
    ]


def test_it_prints_its_table(recipe: Recipe, tmp_path: Path) -> None:
    done = recipe(
        "protected_spans", MODEL, "--lines", "12", "--beam", "1", "--show", "1", "--output", tmp_path / "all.tsv"
    )
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("| lines, all but names | 12 | ")
    assert len((tmp_path / "all.tsv").read_text(encoding="utf-8").splitlines()) == 12


@pytest.mark.parametrize(
    ("source", "translation", "placed"),
    [
        ("Click <b>Save</b> and wait for {0}.", "Klicken Sie auf <b>Speichern</b> und warten Sie auf {0}.", True),
        ("Click <b>Save</b> and wait for {0}.", "Warten Sie auf {0} und klicken Sie auf <b>Speichern</b>.", True),
        ("Click <b>Save</b> and wait for {0}.", "Klicken Sie auf <b>Speichern {0}</b> und warten Sie.", False),
        ("Click <b>Save</b> now.", "Klicken Sie auf Speichern <b></b>.", False),
        ("Click <b>Save</b> now.", "Klicken Sie auf </b>Speichern<b>.", False),
        ("Hello %s, you have {n}.", "Hallo {n}, Sie haben %s.", False),
        ("Write to a@b.de, see https://a.de.", "Siehe https://a.de, an a@b.de schreiben.", True),
        ("Closed.<br>Opens at {0}.", "Zu.<br>Auf um {0}.", True),
        ("Closed.<br>Opens at {0}.", "Zu um {0}.<br>Auf.", False),
        ("Closed.<br>Opens at {0}.", "Zu.<br>Auf um {1}.", False),
    ],
)
def test_places_are_checked_as_far_as_a_rule_can_say(source: str, translation: str, placed: bool) -> None:
    assert module("protected_spans").is_placed(source, translation) == placed
