"""HTML, Markdown, plain text and tables: what is text is translated, every other byte stays."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers.uppercase import in_capitals, read, texts_of, upper, with_report
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from seqtasks.document_translation import translate_document
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText

PAGE = """<!DOCTYPE html>
<html lang=en><!-- a comment --><head><title>«A &amp; b»</title><meta name="description" content='«it is "x"»'>
<script>var a = "<p>x</p>";</script><style>p { color: red }</style></head>
<body CLASS=x>\t<p>  «Hello <b>big
world</b>, see» <a href="x?a=1&b=2" title="«the page»">«this <i>page</i></a> and» <code>a&lt;b</code>.<br>«Next» <img
 src=a alt="«a dog»"> «line»
<ul><li>«one»<li>«two» <span translate=no>Foo Bar</span> «x»</ul><p><b>«all bold»</b></p><div translate="no">not <p>this
</p></div><pre>nor this</pre><input placeholder="«name»"></body></html>
"""
README = """---
title: x
---
# «A heading with» `code` #

«A para *em* and **strong** and ***both*** text [link text](»http://x "«a title»") «and» [«short»][short] «&amp amp
second line» ![«an image»](a.png).  \n«After break» <https://a.b> <kbd>Ctrl</kbd> «x_y_z.»

> «quote one»

- [ ] «task item»
* «item»

| «a head» | «b» |
|:--|---|
| «cell \\| one» | `c` «two» |

<div><p>«html block»</p></div>

```
code block
```

«Setext»
======

[short]: http://y
"""
words = st.text("abcdefghij äöü", max_size=12).map(lambda text: " ".join(f"a{text}b".split()))


def source_of(marked: str) -> str:
    """A document whose texts are in «»."""
    return marked.replace("«", "").replace("»", "")


def expected(marked: str) -> str:
    """The same with its texts in capitals, wrapped lines of which are one; tags stay as they are."""
    parts = marked.replace("»", "«").split("«")
    return "".join(shouted(part) if number % 2 else part for number, part in enumerate(parts))


def shouted(text: str) -> str:
    parts = re.split(r"(<[^>]*>|&amp;)", text.replace("\n", " "))
    return "".join(part if number % 2 else upper(part) for number, part in enumerate(parts))


def test_a_page() -> None:
    written = in_capitals(source_of(PAGE), "html").decode()
    assert written == expected(PAGE)
    assert lxml_html.fromstring(written).findtext(".//title") == "A & B"


def test_a_readme() -> None:
    written = in_capitals(source_of(README), "markdown").decode()
    assert written == expected(README)
    markdown = MarkdownIt("commonmark").enable("table")
    before, after = ([token.type for token in markdown.parse(text)] for text in (source_of(README), written))
    assert after == before


def test_what_markdown_refers_to_keeps_its_name() -> None:
    text = "See [the page], ![an image] and \\*this\\*.\n\n[the page]: /a\n[an image]: /b\n"
    assert (
        in_capitals(text, "markdown")
        .decode()
        .startswith("SEE [THE PAGE][the page], ![an image] AND \\*THIS\\*.\n\n[the page]")
    )


@pytest.mark.parametrize(
    ("format", "fixed"),
    [
        ("html", ["<p>", "</div>\r\n<p class='x'>\t", "<li>", "<!-- a -->\n<h1>"]),
        ("markdown", ["\n\n", "\n\n# ", "\n\n> ", "\n\n1. ", "\r\n\r\n```\r\ncode\r\n```\r\n"]),
        ("text", ["\n\n", "\r\n\r\n  ", " \n\n"]),
    ],
)
@given(data=st.data())
def test_every_byte_outside_the_texts_stays(format: str, fixed: list[str], data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.tuples(st.sampled_from(fixed), words)))
    source = "".join(f"{before}{text}" for before, text in parts)
    wanted = "".join(f"{before}{upper(text)}" for before, text in parts)
    mark = data.draw(st.sampled_from([b"", codecs.BOM_UTF8]))
    assert in_capitals(mark + source.encode(), format) == mark + wanted.encode()


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("- one\n\ttwo\n", "- ONE TWO\n"),
        ("1.\tone\n\n\ttwo\n\t\tthree\n", "1.\tONE\n\n\tTWO THREE\n"),
        ("\xa0\none\ntwo\xa0\n", "\xa0\nONE TWO\xa0\n"),
        ("> \u2028\n> one #\n", "> \u2028\n> ONE #\n"),
        ("# one \u2028#\n", "# ONE \u2028#\n"),
    ],
)
def test_blocks_of_markdown_with_odd_blanks_are_found(source: str, written: str) -> None:
    assert in_capitals(source, "markdown").decode() == written


@pytest.mark.parametrize("format", ["html", "markdown", "text", "srt", "csv", "tsv"])
@given(source=st.text("<>&ab12,: \n\t\"'=/-!*_[]()`#|\\"))
def test_any_text_comes_back(format: str, source: str) -> None:
    try:
        document = read(source, format, columns=("1",))
    except SeqtasksError:
        return
    assert document.write([segment.text for segment in document.segments]).decode() == source
    document.write([MarkupText("x y") for _ in document.segments])


@given(st.text("*_`[]()<>&\\#~-+.1 ab|!="))
def test_texts_with_signs_of_markdown_are_texts_again(text: str) -> None:
    text = f"a{text}b"
    written = read("a b", "markdown").write([MarkupText(text)]).decode()
    [_, inline, _] = MarkdownIt("commonmark").parse(written)
    assert "".join(child.content for child in inline.children or ()) == text


def test_declared_encodings() -> None:
    page = '<meta charset="iso-8859-1"><p>größe</p>'.encode("latin-1")
    assert in_capitals(page, "html").decode("latin-1") == '<meta charset="iso-8859-1"><p>GRÖßE</p>'
    assert in_capitals("a €".encode("utf-16"), "text") == "A €".encode("utf-16")
    with pytest.raises(SeqtasksError, match=r"letter\.txt cannot be read as utf-8"):
        in_capitals(b"\xff", "text", name="letter.txt")


def test_what_an_encoding_lacks_is_a_reference() -> None:
    document = read('<meta charset="latin1"><p>a</p>', "html")
    assert document.write([MarkupText("→ ä")]) == b'<meta charset="latin1"><p>&#8594; \xe4</p>'


def test_wrapped_lines_are_a_paragraph() -> None:
    text = (
        "Dear reader, this is a text that was wrapped at some width by\r\nhand, so that its lines are one.\r\n\r\n"
        "  Short\r\n  lines\r\n\r\n* an item of a list\r\n* another\r\n"
    )
    assert in_capitals(text, "text") == text.upper().encode()
    assert texts_of(text, "text")[0].endswith("by hand, so that its lines are one.")


def test_columns_of_tables() -> None:
    table = 'id,text,"other"\r\n1,"Hello, ""you""",a\r\n2,World,b\r\n3,"two\nlines",c\r\n4,5,d'
    written = in_capitals(table, "csv", columns=("text",)).decode()
    changed = table
    for text in ("Hello", "you", "World", "two\nlines"):
        changed = changed.replace(text, text.upper())
    assert written == changed
    rows = [*csv.reader(io.StringIO(table, newline=""))]
    new = [rows[0], *([row[0], row[1].upper(), row[2]] for row in rows[1:])]
    assert [*csv.reader(io.StringIO(written, newline=""))] == new
    assert in_capitals('a\t"b\nc\td', "tsv", columns=("2",)) == b'a\t"B\nc\tD'
    with pytest.raises(SeqtasksError, match="there is no column 'body'"):
        in_capitals(table, "csv", columns=("body",))
    with pytest.raises(SeqtasksError, match="several columns"):
        in_capitals(table, "csv")
    with pytest.raises(SeqtasksError, match="line 2 has a quote"):
        in_capitals('text,x\n"open,1\n', "csv", columns=("text",))


def test_each_string_is_translated_once_and_the_memory_comes_first() -> None:
    written, report = with_report("<p>one</p><p>two</p><p>one</p>", "html", memory={"two": "zwei"})
    assert written == b"<p>ONE</p><p>zwei</p><p>ONE</p>"
    assert (report.translated, report.from_memory) == (2, 1)


def test_an_image_in_bold_type_keeps_the_blanks_around_it() -> None:
    written = in_capitals("<p>one <b><img src=x></b> two <i>three</i> <img src=y><b> four</b></p>", "html").decode()
    assert written == "<p>ONE <b><img src=x> </b>TWO <i>THREE</i> <img src=y> <b>FOUR</b></p>"


@pytest.mark.parametrize(
    ("format", "source", "written"),
    [
        ("yaml", "a: one, two and ${{ x.y }}\n", "a: ONE, TWO AND ${{ X.Y }}\n"),
        ("yaml", "[one, 'two, three', \"four\"]\n", "[ONE, 'TWO, THREE', \"FOUR\"]\n"),
        ("yaml", "a: >-\n  one\n  two\n\n  three\nb: x\n", "a: >-\n  ONE TWO\n\n  THREE\nb: X\n"),
        ("yaml", 'a: "caf\\xe9 \\n"\n', 'a: "CAF\\xC9 \\n"\n'),
        ("csv", '1,["a"]\n2,"b"\n', '1,["A"]\n2,"B"\n'),
    ],
)
def test_strings_are_spelled_as_the_source_spells_them(format: str, source: str, written: str) -> None:
    assert in_capitals(source, format, columns=("2",) if format == "csv" else ()).decode() == written


def test_what_cannot_be_written_is_told_before_anything_is_translated(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>one")

    def translate(texts: Sequence[MarkupText]) -> list[MarkupText]:
        raise AssertionError(texts)

    with pytest.raises(SeqtasksError, match="cannot be written"):
        translate_document(tmp_path / "page.html", tmp_path / "missing" / "seite.html", translate)
