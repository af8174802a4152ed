"""Tables: rows come back as they were written, and a stray quote costs its own row alone."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.data.column_names import Role, language_of
from seqtasks.data.columns import named_columns, requested_columns, text_columns
from seqtasks.data.headers import has_header, may_be_header
from seqtasks.data.table_rows import read_rows
from seqtasks.data.tables import open_table
from seqtasks.errors import SeqtasksError

ROLES = (Role("source", ("source", "src")), Role("target", ("target", "tgt")))
CELLS = st.text(st.sampled_from('ab ,;|"\n'), max_size=6)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=8), st.sampled_from(",;|"))
def test_what_was_written_is_read(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    lines = file.getvalue().split("\n")[:-1] if rows else []
    found = list(read_rows(lines, delimiter, quotes=True, width=2))
    assert [cells for _, cells, _ in found] == rows
    assert all(problem == "" for _, _, problem in found)
    starts = [1]
    for row in rows:
        starts.append(starts[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert [number for number, _, _ in found] == starts[:-1]


@given(st.lists(st.sampled_from(['"a,b', "c,d", 'e,"f', '"g,h"']), max_size=12))
def test_a_row_without_quotes_is_never_lost(lines: list[str]) -> None:
    found = {row[0]: row for row in read_rows(lines, ",", quotes=True, width=2)}
    swallowed = set()
    for number, cells, _ in found.values():
        swallowed |= {number + more for more in range(1, 1 + sum(cell.count("\n") for cell in cells))}
    for number, line in enumerate(lines, 1):
        if line == "c,d" and number not in swallowed:
            assert found[number] == (number, ["c", "d"], "")


def test_a_stray_quote_costs_its_own_row() -> None:
    lines = ['"one,a', "two,b", '"three,c', "four,d", '"five', 'and six",e']
    assert list(read_rows(lines, ",", quotes=True, width=2)) == [
        (1, [], "unclosed quote"),
        (2, ["two", "b"], ""),
        (3, [], "unclosed quote"),
        (4, ["four", "d"], ""),
        (5, ["five\nand six", "e"], ""),
    ]


def test_a_quote_that_is_not_closed_costs_bounded_time() -> None:
    lines = ['"open,a'] * 3000
    assert sum(1 for row in read_rows(lines, ",", quotes=True, width=2) if row[2]) == 3000


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["source", "target"], ["a", "b"]], True),
        ([["Source Text", "x"], ["a", "b"]], False),
        ([["source_text", "target_text"], ["a", "b"]], True),
        ([["source_text", "x"], ["a", "b"]], False),
        ([["Source Text", "Target Text"], ["a", "b"]], True),
        ([["no.", "ne."], ["a", "b"]], False),
        ([["English words/sentences", "French words/sentences"], ["a", "b"]], True),
        ([["English lessons", "French cheese"], ["a", "b"]], False),
        ([["Hi", "Hallo", "en.wikipedia.org", "de.wikipedia.org"], ["a", "b", "c", "d"]], False),
        ([["", "x", "y"], ["0", "a", "b"]], True),
        ([["0", "1"], ["a", "b"]], True),
        ([["en", "de"], ["a", "b"]], True),
        ([["German", "Deutsch"], ["English", "Englisch"]], False),
        ([["cat", "kat"], ["dog", "hond"]], False),
        ([["source", "source"], ["a", "b"]], False),
        ([["What source?", "Welche Quelle?"], ["a", "b"]], False),
    ],
)
def test_what_is_a_header(rows: list[list[str]], header: bool) -> None:
    assert has_header(rows, ROLES, languages=()) == header


def test_what_may_be_a_header() -> None:
    texts = [["Ein Hund rennt.", "A dog runs."]] * 5
    assert may_be_header([["quelle", "ziel"], *texts])
    assert not may_be_header([["Ein Hund", "A dog"], *texts])
    assert not may_be_header([["Hund", "dog"], ["Katze", "cat"], ["Baum", "tree"]])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("en", "en"), ("deu", "de"), ("ger", "de"), ("de_at", "de"), ("zh-hans", "zh"), ("german", "de"),
        ("deutsch", "de"), ("text_de", "de"), ("translation.en", "en"), ("cat", None), ("one", None), ("text", None),
        ("a cat", None), ("", None), ("dog\ud800", None), ("\0dogs", None),
    ],
)  # fmt: skip
def test_languages_of_columns(name: str, code: str | None) -> None:
    assert language_of(name) == code


def test_columns_by_name() -> None:
    assert named_columns(["tgt", "x", "source"], ROLES) == {"source": 2, "target": 0}
    assert named_columns(["source_text", "target.text"], ROLES) == {}
    assert named_columns(["source_text", "target.text"], ROLES, in_words=True) == {"source": 0, "target": 1}
    assert requested_columns(Path("a"), ["x", "y"], {"source": "Y ", "target": 1, "label": None}) == {
        "source": 1,
        "target": 0,
    }
    for column in ("z", 0, 3):
        with pytest.raises(SeqtasksError, match="no column"):
            requested_columns(Path("a"), ["x", "y"], {"source": column})


def test_columns_of_texts() -> None:
    rows = [["1", "0.93", "2024-05-01", "https://a.org/x", "s-12", "A dog.", "CC-BY 2.0"]] * 3
    assert text_columns(rows, 7) == [5]


def test_a_row_may_go_on_beyond_what_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    long = "\n".join(str(number) for number in range(300))
    path.write_text(f'source,target\na,b\n"{long}",c\nd,e\n', encoding="utf-8")
    table = open_table(path, ROLES)
    assert [cells for _, cells, _ in table.rows] == [["a", "b"], [long, "c"], ["d", "e"]]
