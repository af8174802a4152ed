"""The rows of a translator's card."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from helpers.recipe_run import Recipe

MODEL = Path(__file__).parents[2] / "assets" / "models" / "en-de"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pairs = "Where is the train station?\tWo ist der Bahnhof?\nI am tired.\tIch bin müde.\n"
    for name in ("parallel/dev/newstest2013.en-de.tsv.gz", "tatoeba/en-de.test.tsv.gz"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(gzip.compress(pairs.encode()))
    return tmp_path


def test_it_prints_the_rows_of_a_card(recipe: Recipe, data: Path) -> None:
    (data / "everyday.txt").write_text("I am tired.\n\nGood | bad.\n", encoding="utf-8")
    small = ["--beam", "1", "--lines", "6", "--sentences", data / "everyday.txt"]
    done = recipe("evaluate_translator", MODEL, data, *small)
    assert done.code == 0, done.stderr
    rows = [line.removeprefix("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[2:10]] == [
        "newstest2013", "newstest2013", "newstest2013 in capitals", "newstest2013 in capitals", "newstest2013",
        "newstest2013 in capitals", "Tatoeba, test", "made by rules",
    ]  # fmt: skip
    plain, upper, difference = (float(rows[place][2]) for place in (3, 4, 5))
    assert difference == pytest.approx(upper - plain, abs=0.02)
    assert rows[6][2] == "0 repetitive, 0 cut"
    assert float(rows[8][2]) == float(rows[2][2]) > 20
    assert "case:mixed" in rows[2][3]
    assert "case:lc" in rows[3][3]
    assert "`beam=1|" in done.stdout
    assert done.stdout.splitlines()[-2].startswith("| I am tired. | Ich bin müde. |")
    assert done.stdout.splitlines()[-1].startswith("| Good \\| bad. | ")


def test_other_directions_are_refused(recipe: Recipe, data: Path) -> None:
    done = recipe("evaluate_translator", MODEL.with_name("captions"), data)
    assert done.code == 1
