import pytest

from seqtasks.text import normalize


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("  both ends \n", "both ends"),
        ("several   blanks", "several blanks"),
        ("tab\there", "tab here"),
        ("two\r\nlines", "two lines"),
        ("nul\0 and escape\x1b[0m", "nul and escape [0m"),
        ("next\x85line\u2028line\u2029paragraph", "next line line paragraph"),
        ("\ufeffbyte order mark", "byte order mark"),
        ("cafe\u0301", "caf\u00e9"),
        ("\u212b", "\u00c5"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("no-break\u00a0blank stays", "no-break\u00a0blank stays"),
        ("👩\u200d🔬 ﬁ ①", "👩\u200d🔬 ﬁ ①"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert normalize(text) == cleaned
