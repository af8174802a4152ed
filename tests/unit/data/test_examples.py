"""The report of what was left out."""

from __future__ import annotations

from seqtasks.data.examples import ReadReport


def test_nothing_skipped_is_told_too() -> None:
    report = ReadReport()
    report.reach("train.tsv", 1)
    assert report.describe() == "skipped 0 of 1"


def test_reasons_come_with_their_count_and_first_places() -> None:
    report = ReadReport()
    for line in range(1, 1201):
        report.reach("train.tsv", line)
        if line in (5, 9):
            report.skip("broken line")
        if line % 300 == 17:
            report.skip("empty side")
    assert report.skipped == 6
    assert report.describe() == (
        "skipped 6 of 1,200: 4 empty sides (train.tsv:17, train.tsv:317, train.tsv:617, ...), "
        "2 broken lines (train.tsv:5, train.tsv:9)"
    )
