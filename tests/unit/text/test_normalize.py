import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.export.tokenizer_code import CLEAN
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
        ("no-break\u00a0blank", "no-break blank"),
        ("thin\u2009and\u202fideographic\u3000 blanks", "thin and ideographic blanks"),
        ("to\u00adday, zero\u200bwidth, no\u2060break, wea\ufeffther", "today, zerowidth, nobreak, weather"),
        ("joi\u200dned", "joined"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("e\u200b\u0301", "\u00e9"),
        ("👩\u200d🔬 ﬁ ①", "👩\u200d🔬 ﬁ ①"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert normalize(text) == cleaned


@given(
    st.text(
        st.sampled_from("ae\u0301 \u00a0\u3000\u00ad\u200b\u200c\u200d\ufeff\u0645\u06cc👩🔬\ud800\x00\u2028"),
        max_size=12,
    )
)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = normalize(text)
    assert normalize(cleaned) == cleaned
    assert cleaned == cleaned.strip()
    assert not any(character.isspace() and character != " " for character in cleaned)


@given(st.text(max_size=20))
def test_guides_of_exports_clean_alike(text: str) -> None:
    names: dict[str, Any] = {"re": re, "unicodedata": unicodedata}
    exec(CLEAN, names)
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert names["clean"](text) == normalize(text)
