"""What of a text has characters that are not known, in linear time."""

from __future__ import annotations

import pytest

from seqtasks.text.unknown_runs import unknown_runs

KNOWN = frozenset("abcdefghijklmnopqrstuvwxyz .,:/\\@")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a plain text", []),
        ("in łódź, 北京市。 now", ["łódź", "北京市。"]),
        ("Я люблю", ["Я", "люблю"]),
        ("x\u0302 and a", ["x\u0302"]),
        ("👩\u200d👩\u200d👧 a 😀😀", ["👩\u200d👩\u200d👧", "😀😀"]),
        ("5₽ a", ["5₽"]),
        ("a5 b", ["a5"]),
        ("see c:\\北\\a.txt, or https://a.b/ö/c.", ["c:\\北\\a.txt", "https://a.b/ö/c"]),
    ],
)
def test_runs(text: str, found: list[str]) -> None:
    runs = unknown_runs(text, KNOWN)
    assert [run.text for run in runs] == found
    assert [text[run.start : run.end] for run in runs] == found
    assert all(run.space_before == (text[: run.start][-1:] == " ") for run in runs)


@pytest.mark.parametrize("text", ["北" * 200_000, "/" * 200_000 + "北", "北," * 100_000, "a北" * 100_000])
def test_long_texts_take_linear_time(text: str) -> None:
    assert "".join(run.text for run in unknown_runs(text, KNOWN)).count("北") == text.count("北")
