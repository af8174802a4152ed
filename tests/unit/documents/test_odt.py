"""Texts of OpenDocument: paragraphs wherever they are, and no byte changed outside of them."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from helpers.uppercase import in_capitals, read, texts_of
from hypothesis import given
from hypothesis import strategies as st
from odf import opendocument, style, table, teletype, text

from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)
BODY = """<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>\
</text:changed-region></text:tracked-changes>
<text:h text:outline-level="1">«A title»</text:h>
<text:p text:style-name="a"><text:bookmark text:name="x"/>  «Hello <text:span text:style-name="T1">big
 world</text:span>, see <text:a xlink:href="a">this</text:a> now»<text:note text:note-class="footnote">\
<text:note-citation>1</text:note-citation><text:note-body><text:p>«a note &amp; more»</text:p></text:note-body>\
</text:note>.</text:p>
<text:p>«one<text:line-break/>two<text:tab/>three<text:s text:c="2"/>four» <text:page-number/></text:p>
<text:p><draw:frame><draw:text-box><text:p>«in a box»</text:p></draw:text-box></draw:frame>«around» it</text:p>
<text:p>12</text:p>
"""


def document_of(body: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        archive.writestr("Pictures/a.png", bytes(range(256)), zipfile.ZIP_STORED)
        content = f'<office:document-content {NAMES} xmlns:xlink="http://www.w3.org/1999/xlink"><office:body>'
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?>\n{content}<office:text>{body}</office:text></office:body>'
            "</office:document-content>",
        )
    return stream.getvalue()


def content_of(document: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return archive.read("content.xml").decode()


def test_a_document_of_odfpy() -> None:
    document = opendocument.OpenDocumentText()
    document.text.addElement(text.H(outlinelevel=1, text="A title"))
    paragraph = text.P(text="Hello ")
    paragraph.addElement(text.Span(text="big bold"))
    paragraph.addText(" world")
    document.text.addElement(paragraph)
    grid, row, cell = table.Table(), table.TableRow(), table.TableCell()
    cell.addElement(text.P(text="cell one"))
    row.addElement(cell)
    grid.addElement(row)
    document.text.addElement(grid)
    layout = style.PageLayout(name="layout")
    document.automaticstyles.addElement(layout)
    page = style.MasterPage(name="Standard", pagelayoutname=layout)
    header = style.Header()
    header.addElement(text.P(text="a header"))
    page.addElement(header)
    document.masterstyles.addElement(page)
    stream = io.BytesIO()
    document.write(stream)
    data = stream.getvalue()
    assert texts_of(data, "odt") == ["A title", "Hello big bold world", "cell one", "a header"]
    written = in_capitals(data, "odt")
    again = opendocument.load(io.BytesIO(written))
    assert [teletype.extractText(each) for each in again.getElementsByType(text.H)] == ["A TITLE"]
    paragraphs = [teletype.extractText(each) for each in again.getElementsByType(text.P)]
    assert sorted(paragraphs) == ["A HEADER", "CELL ONE", "HELLO BIG BOLD WORLD"]
    before, after = (zipfile.ZipFile(io.BytesIO(each)) for each in (data, written))
    assert after.namelist() == before.namelist()
    assert {name for name in before.namelist() if before.read(name) != after.read(name)} == {
        "content.xml",
        "styles.xml",
    }
    assert [info.compress_type for info in after.infolist()] == [info.compress_type for info in before.infolist()]


def test_every_paragraph_and_nothing_else() -> None:
    data = document_of(BODY.replace("«", "").replace("»", ""))
    assert texts_of(data, "odt") == [
        "A title",
        "Hello big world, see this now.",
        "a note & more",
        "one\ntwo\tthree  four",
        "around it",
        "in a box",
    ]
    wanted = BODY
    for before, after in (
        ("«A title»", "A TITLE"),
        ("«Hello ", "HELLO "),
        ("big\n world", "BIG WORLD"),
        (", see ", ", SEE "),
        ("this", "THIS"),
        (" now»", " NOW"),
        ("«a note &amp; more»", "A NOTE &amp; MORE"),
        (
            '«one<text:line-break/>two<text:tab/>three<text:s text:c="2"/>four»',
            'ONE<text:line-break/>TWO<text:tab/>THREE <text:s text:c="1"/>FOUR',
        ),
        ("«in a box»", "IN A BOX"),
        ("«around» it", "AROUND IT"),
    ):
        assert before in wanted
        wanted = wanted.replace(before, after)
    written = in_capitals(data, "odt")
    assert content_of(written) == content_of(document_of(wanted))
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert archive.read("Pictures/a.png") == bytes(range(256))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"no archive", "this is no valid OpenDocument text"),
        (document_of('<!DOCTYPE a [<!ENTITY b "c">]>'), "this is no valid OpenDocument text"),
        (document_of("").replace(b".text", b".texx"), "no valid|File is not|Bad CRC"),
    ],
)
def test_what_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(SeqtasksError, match=problem):
        in_capitals(data, "odt")


@given(st.text("ab &<>\n\tü", min_size=1).map(lambda each: f"x{each}y"))
def test_what_is_written_is_read_again(words: str) -> None:
    written = read(document_of("<text:p>text</text:p>"), "odt").write([MarkupText(words)])
    assert texts_of(written, "odt") == [words]


@given(
    st.lists(
        st.sampled_from(
            ["a", " ", "\n ", "&amp;", "<text:s/>", "<text:tab/>", "<text:span>", "</text:span>", "<text:x/>"]
        )
    )
)
def test_untouched_texts_stay(parts: list[str]) -> None:
    opened = 0
    for place, part in enumerate(parts):
        opened += (part == "<text:span>") - (part == "</text:span>")
        if opened < 0:
            parts[place], opened = "", 0
    data = document_of(f"<text:p>{''.join(parts)}{'</text:span>' * opened}</text:p>")
    document = read(data, "odt")
    assert content_of(document.write([None for _ in document.segments])) == content_of(data)
    # blanks on both sides of a tag may become one
    before, after = ([each.split() for each in texts_of(each, "odt")] for each in (data, in_capitals(data, "odt")))
    assert after == [[word.upper() for word in words] for words in before]


def test_a_field_has_the_blanks_on_both_of_its_sides() -> None:
    body = (
        "<text:p>one <text:span><text:page-number>3</text:page-number></text:span><text:span> two</text:span></text:p>"
    )
    content = content_of(in_capitals(document_of(body), "odt"))
    assert "ONE <text:span><text:page-number>3</text:page-number>" in content
    assert re.sub("<[^>]+>", "", content).strip() == "ONE 3 TWO"
