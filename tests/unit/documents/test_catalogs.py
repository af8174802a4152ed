"""Catalogs of messages: what lacks a translation gets one."""

from __future__ import annotations

import polib
import pytest
from helpers.uppercase import in_capitals, with_report

from seqtasks.errors import SeqtasksError

CATALOG = r"""# A translator's note
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\n"

#: a.c:1
#, c-format
msgid "one file\n"
msgid_plural "many files\n"
msgstr[0] ""
msgstr[1] ""
msgstr[2] ""

msgctxt "menu"
msgid "hello"
msgstr "hallo"

#| msgid "old"
msgid ""
"a \"quoted\" "
"word"
msgstr ""

#~ msgid "old"
#~ msgstr "alt"
"""
CHANGES = (
    ("#, c-format", "#, fuzzy, c-format"),
    ('msgstr[0] ""', r'msgstr[0] "ONE FILE\n"'),
    ('msgstr[1] ""', r'msgstr[1] "MANY FILES\n"'),
    ('msgstr[2] ""', r'msgstr[2] "MANY FILES\n"'),
    ('#| msgid "old"', '#, fuzzy\n#| msgid "old"'),
    ('word"\nmsgstr ""', 'word"\nmsgstr ""\n"A \\"QUOTED\\" WORD"'),
)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_messages_without_a_translation_get_one(newline: str) -> None:
    written, report = with_report(CATALOG.replace("\n", newline), "po")
    wanted = CATALOG
    for before, after in CHANGES:
        wanted = wanted.replace(before, after)
    assert written.decode() == wanted.replace("\n", newline)
    assert (report.translated, report.already_translated) == (4, 1)
    catalog = polib.pofile(written.decode())
    assert [entry.fuzzy for entry in catalog] == [True, False, True, False]
    assert catalog[0].msgstr_plural == {0: "ONE FILE\n", 1: "MANY FILES\n", 2: "MANY FILES\n"}


def test_all_messages_on_demand() -> None:
    assert b'msgid "hello"\nmsgstr "HELLO"\n' in in_capitals(CATALOG, "po", all=True)


@pytest.mark.parametrize(
    ("catalog", "problem"),
    [
        ('msgid "a"\n', "lacks msgid or msgstr"),
        ("hello\n", "line 1 is neither a comment nor"),
        ('msgid "a"\nmsgid "b"\nmsgstr ""\n', "line 2 has a second msgid"),
        ('"a"\n', "line 1 is neither"),
    ],
)
def test_what_is_no_catalog(catalog: str, problem: str) -> None:
    with pytest.raises(SeqtasksError, match=problem):
        in_capitals(catalog, "po")
