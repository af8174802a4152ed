from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.errors import SeqtasksError
from seqtasks.text.glossary import Glossary, Term


def found(text: str, *terms: tuple[str, str]) -> list[str]:
    return [term.source for term in Glossary((source, [target]) for source, target in terms).find(text)]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The dog sleeps. A dog!", ["dog"]),
        ("Dogs sleep.", []),
        ("Dog.", ["dog"]),
        ("the hot dog", ["hot dog"]),  # not "dog" again
        ("hot. dog", ["dog"]),
        ("The us in US.", ["US"]),
        ("us", []),
        ("a  dog\u00a0(hot\ndog)", ["dog", "hot dog"]),
        ("", []),
    ],
)
def test_terms_are_found_as_whole_words(text: str, terms: list[str]) -> None:
    assert found(text, ("dog", "Hund"), ("hot dog", "Würstchen"), ("US", "USA")) == terms


def test_the_spelling_of_the_text_goes_first() -> None:
    assert found("May I?", ("may", "dürfen"), ("May", "Mai")) == ["May"]
    assert found("I may.", ("may", "dürfen"), ("May", "Mai")) == ["may"]


def test_a_term_is_met_by_one_of_its_forms_as_a_word() -> None:
    term = Term("house", ("Haus", "Häuser"))
    assert term.is_met("Das Haus, dort.")
    assert term.is_met("„Häuser“")
    assert not term.is_met("Das Rathaus, die Hauses, haus")


def test_what_it_looks_like_says_all_that_it_does() -> None:
    assert (
        repr(Glossary([("a", ["b", "c"])]))
        == repr(Glossary([("a", ["b"]), ("a", ["c"])]))
        == ("Glossary([('a', ['b', 'c'])])")
    )


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), max_size=5), st.text())
def test_every_term_is_found_in_itself(terms: list[tuple[str, str]], text: str) -> None:
    try:
        glossary = Glossary((source, [target]) for source, target in terms)
    except SeqtasksError:
        return
    for term in glossary.terms:
        assert term in glossary.find(term.source)
    assert all(term in glossary.terms for term in glossary.find(text))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("terms.tsv", "# our words\nhouse\tHaus\tHäuser\n\ndog\tHund\t\n"),
        ("terms.csv", '\ufeffhouse,Haus,Häuser\r\n"dog","Hund"\r\n'),
    ],
)
def test_a_file_of_terms(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    expected = (Term("house", ("Haus", "Häuser")), Term("dog", ("Hund",)))
    assert Glossary.from_file(tmp_path / name).terms == expected


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("terms.tsv", "house\tHaus\ndog\n", "line 2: a term needs a translation"),
        ("terms.tsv", "\tHaus\n", "line 1"),
        ("terms.tsv", "# nothing\n", "no term"),
        ("terms.txt", "house\tHaus\n", ".tsv, .csv or .tbx"),
        ("terms.tsv", "a " * 40 + "\tHaus\n", "40 words"),
    ],
)
def test_what_is_no_glossary_is_an_error(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(SeqtasksError, match=message):
        Glossary.from_file(tmp_path / name)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_bytes(b"\xff\xfe\x00")
    for name in ("terms.tsv", "none.tsv"):
        with pytest.raises(SeqtasksError, match="cannot be read"):
            Glossary.from_file(tmp_path / name)
