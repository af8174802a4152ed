"""Strings of Android apps: their texts are translated, everything else stays byte for byte."""

from __future__ import annotations

import pytest
from helpers.uppercase import in_capitals, read, texts_of, upper
from hypothesis import example, given
from hypothesis import strategies as st
from translate.storage import aresource

from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText

STRINGS = r"""<?xml version="1.0" encoding="utf-8"?>
<!-- strings -->
<resources xmlns:xliff="urn:oasis:names:tc:xliff:document:1.2" xmlns:tools='http://schemas.android.com/tools'>
    <string name="app_name" translatable="false">My App</string>
    <string name="greet">«Hello» %1$s«, you have» <xliff:g id="n">%2$d</xliff:g> «new <b>messages</b>.»</string>
    <string name="quote">«Don\'t say \"it\" to all &amp; more»</string>
    <string name="quoted">"  «\@two blanks don\'t» "</string>
    <string name="lines">«one»\n«two \\ three»</string>
    <string name="ref">@string/app_name</string>
    <string name="attr">?android:attr/textColor</string>
    <string name="wrapped">
        «See <a href="https://a.b/c">the page</a>»
    </string>
    <string-array name="a"><item>«first»</item><item>@string/greet</item></string-array>
    <plurals name="p">
        <item quantity="one">%d «file»</item>
        <item quantity="other">%d «files»</item>
    </plurals>
    <color name="c">red</color>
    <string name="number">12</string>
</resources>
"""


def source_of(marked: str) -> str:
    return marked.replace("«", "").replace("»", "")


def expected(marked: str) -> str:
    """The same with what is in «» in capitals, but for tags and escapes."""
    parts = marked.replace("»", "«").split("«")
    shouted = "".join(upper(part) if number % 2 else part for number, part in enumerate(parts))
    for kept in ("<b>", "</b>", '<a href="https://a.b/c">', "</a>", "&amp;"):
        shouted = shouted.replace(upper(kept), kept)
    return shouted


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_strings(newline: str) -> None:
    source = source_of(STRINGS).replace("\n", newline)
    written = in_capitals(source, "android").decode()
    assert written == expected(STRINGS).replace("\n", newline)
    units = {unit.getid(): unit.target for unit in aresource.AndroidResourceFile.parsestring(written.encode()).units}
    assert units["quote"] == 'DON\'T SAY "IT" TO ALL & MORE'
    assert units["lines"] == "ONE\nTWO \\ THREE"


def test_the_texts() -> None:
    texts = texts_of(source_of(STRINGS), "android")
    assert texts[:4] == [
        "Hello %1$s, you have %2$d new messages.",
        'Don\'t say "it" to all & more',
        "@two blanks don't",
        "one\ntwo \\ three",
    ]
    first = read(source_of(STRINGS), "android").segments[0].text
    assert [first.text[start:end] for start, end in first.protected] == ["%1$s", "%2$d"]


def test_sections_of_html_become_references() -> None:
    source = r"<resources><string name='s'><![CDATA[Don\'t <b>go</b> <a href=\"x\">here</a>]]></string></resources>"
    assert in_capitals(source, "android").decode() == (
        r"<resources><string name='s'>DON\'T &lt;b&gt;GO&lt;/b&gt; &lt;a href=\"x\"&gt;HERE&lt;/a&gt;"
        "</string></resources>"
    )


def test_other_xml_is_refused() -> None:
    with pytest.raises(SeqtasksError, match="its root is manifest, not resources"):
        in_capitals("<manifest/>", "android")
    with pytest.raises(SeqtasksError, match="entities"):
        in_capitals('<!DOCTYPE r [<!ENTITY b "c">]><resources><string name="a">&b;</string></resources>', "android")


@given(st.text("ab'\"\\@?&<> \n\t%}{ü", min_size=1))
def test_what_is_written_is_read_again(text: str) -> None:
    text = f"x{text}y"
    document = read('<resources><string name="a">text</string></resources>', "android")
    written = document.write([MarkupText(text)])
    assert read(written, "android").segments[0].text.text == text
    [unit] = aresource.AndroidResourceFile.parsestring(written).units
    assert unit.target == text


@given(
    st.lists(
        st.sampled_from(["a", " ", "  ", "\n", r"\'", r"\n", r"\u00e4", '"', "&lt;", "<b>", "</b>", "%1$s", "\\@"])
    )
)
@example([" ", r"\u00e4", "&lt;"])
def test_any_string_comes_back(parts: list[str]) -> None:
    opened = 0
    for place, part in enumerate(parts):
        opened += (part == "<b>") - (part == "</b>")
        if opened < 0:
            parts[place], opened = "", 0
    source = f'<resources><string name="a">{"".join(parts)}{"</b>" * opened}</string></resources>'
    document = read(source, "android")
    texts = [segment.text for segment in document.segments]
    assert document.write(texts).decode() == source
    capitals = [MarkupText(upper(text.text), text.tags, text.protected) for text in texts]
    again = read(document.write(capitals), "android")
    assert [segment.text.text for segment in again.segments] == [text.text for text in capitals]
