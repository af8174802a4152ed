"""Metrics and readers broken on purpose: the kit finds each fault and says what it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.source import PairReader, ParallelSource
from seqtasks.data.text_io import read_lines
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.metric import Metric
from seqtasks.testing import ContractError, check_metric, check_reader

OUTPUTS, REFERENCES = ["a dog", "two men"], [["a dog runs", "the dog"], ["two men"]]


@pytest.fixture(autouse=True)
def components(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test defines is forgotten afterwards."""
    for family in (Metric, PairReader):
        monkeypatch.setattr(family, "kinds", dict(family.kinds))


def shared(output: str, references: list[str]) -> float:
    """The share of words that one of the references has."""
    return max(len({*output.split()} & {*each.split()}) / len({*each.split()}) for each in references)


def mean(outputs: list[str], references: list[list[str]]) -> tuple[float, str]:
    values = [shared(*each) for each in zip(outputs, references, strict=True)]
    return sum(values) / len(values), "words"


def metric(compute: Callable[..., Any], **options: str) -> type[Metric]:
    def method(self: Metric, outputs: Any, references: Any) -> Any:
        return compute(outputs, references)

    class Own(Metric, **options):
        pass

    Own.compute = method  # type: ignore[method-assign]
    Own.__abstractmethods__ = frozenset()
    return Own


def test_a_good_metric() -> None:
    check_metric(metric(mean, kind="kit"), OUTPUTS, REFERENCES)
    check_metric(
        metric(lambda *given: (1 - mean(*given)[0], "words"), kind="kit"), OUTPUTS, REFERENCES, lower_is_better=True
    )


def changing(outputs: list[str], references: list[list[str]]) -> tuple[float, str]:
    found = mean(outputs, references)
    references[0].reverse()
    return found


@pytest.mark.parametrize(
    ("problem", "compute", "options"),
    [
        ("has no name", mean, {}),
        ("expected a number and a signature", lambda *given: mean(*given)[0], {"kind": "kit"}),
        ("expected a finite float", lambda *given: (math.nan, "words"), {"kind": "kit"}),
        ("expected a finite float", lambda *given: ("1.0", "words"), {"kind": "kit"}),
        ("expected one line of text", lambda *given: (mean(*given)[0], ""), {"kind": "kit"}),
        ("a corpus has no order", lambda *given: (shared(given[0][0], given[1][0]), "words"), {"kind": "kit"}),
        ("compute changes the lists", changing, {"kind": "kit"}),
        ("Perfect outputs have", lambda *given: (-mean(*given)[0], "words"), {"kind": "kit"}),
        ("skipped silently", lambda *given: mean(*(each[: len(given[1])] for each in given)), {"kind": "kit"}),
    ],
)
def test_broken_metrics(problem: str, compute: Callable[..., Any], options: dict[str, str]) -> None:
    with pytest.raises(ContractError) as caught:
        check_metric(metric(compute, **options), OUTPUTS, REFERENCES)
    assert problem in str(caught.value)


def test_references_that_are_no_lists() -> None:
    with pytest.raises(ValueError, match="Give a list of references for each output"):
        check_metric(metric(mean, kind="kit"), OUTPUTS, ["a dog", "two men"])


def lines_with_numbers(source: ParallelSource, skipped: ReadReport) -> Iterator[tuple[int, str]]:
    assert source.path is not None
    for number, line in enumerate(read_lines(source.path), 1):
        skipped.reach(str(source.path), number)
        yield number, line


def good(source: ParallelSource, skipped: ReadReport) -> Iterator[Pair]:
    for _, line in lines_with_numbers(source, skipped):
        text, sign, translation = line.partition(" = ")
        if sign:
            yield Pair(text, translation)
        else:
            skipped.skip("line without =")


def silent(source: ParallelSource, skipped: ReadReport) -> Iterator[Pair]:
    for _, line in lines_with_numbers(source, skipped):
        text, sign, translation = line.partition(" = ")
        if sign:
            yield Pair(text, translation)


def uncounted(source: ParallelSource, skipped: ReadReport) -> Iterator[Pair]:
    return good(source, ReadReport())


def splitting(source: ParallelSource, skipped: ReadReport) -> Iterator[Pair]:
    for _, line in lines_with_numbers(source, skipped):
        text, translation = line.split(" = ")
        yield Pair(text, translation)


def by_hand(source: ParallelSource, skipped: ReadReport) -> Iterator[Pair]:
    assert source.path is not None
    for number, line in enumerate(source.path.read_text(encoding="utf-8").splitlines(), 1):
        skipped.reach(str(source.path), number)
        text, _, translation = line.partition(" = ")
        yield Pair(text, translation)


def tuples(source: ParallelSource, skipped: ReadReport) -> Iterator[Any]:
    return (tuple(line.split(" = ")) for _, line in lines_with_numbers(source, skipped))


def ever_other() -> Callable[..., Iterator[Pair]]:
    calls: list[None] = []

    def read(source: ParallelSource, skipped: ReadReport) -> Iterator[Pair]:
        calls.append(None)
        return (Pair(pair.source, f"{pair.target} {len(calls)}") for pair in good(source, skipped))

    return read


def reader(read: Callable[..., Any], kind: str = "kit") -> type[PairReader]:
    class OwnReader(PairReader, kind=kind):
        def read(self, source: ParallelSource, skipped: ReadReport, languages: Any) -> Iterator[Pair]:
            found: Iterator[Pair] = read(source, skipped)
            return found

    return OwnReader


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.kit"
    path.write_text("A dog. = Ein Hund.\nnothing\nA cat. = Eine Katze.\nA tree. = Ein Baum.\n", encoding="utf-8")
    return path


def test_a_good_reader(file: Path) -> None:
    check_reader(reader(good), file)


@pytest.mark.parametrize(
    ("problem", "read"),
    [
        ("call skipped.reach", uncounted),
        ("call skipped.skip(reason) for each that is skipped", silent),
        ("ValueError", splitting),
        ("A missing file is a FileNotFoundError", by_hand),
        ("with the byte FF at 0 is a UnicodeDecodeError", by_hand),
        ("read gives tuple, expected seqtasks.data.examples.Pair", tuples),
        ("Reading a second time gives other examples", ever_other()),
        ("has 1 examples: give one with two or more", lambda *given: iter([Pair("a", "b")])),
    ],
)
def test_broken_readers(problem: str, read: Callable[..., Any], file: Path) -> None:
    with pytest.raises(ContractError) as caught:
        check_reader(reader(read), file)
    assert problem in str(caught.value)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match=r"pairs\.kit"):
        check_reader(reader(good), tmp_path / "pairs.kit")


def test_a_reader_of_another_suffix(file: Path) -> None:
    with pytest.raises(ContractError, match=r"pairs\.kit does not lead to .*OwnReader"):
        check_reader(reader(good, "other"), file)
