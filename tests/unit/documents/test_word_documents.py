"""Word documents: text wherever it is in a paragraph, and nothing else changed."""

from __future__ import annotations

import io
import re
import zipfile

import docx
import pytest
from helpers.uppercase import in_capitals, read, texts_of, upper
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from seqtasks.errors import SeqtasksError

NAMES = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"'
BOLD = "<w:rPr><w:b/></w:rPr>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r>{properties}<w:t xml:space="preserve">{text}</w:t></w:r>'


def mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def field(instruction: str, result: str) -> str:
    code = f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
    return f"{mark('begin')}{code}{mark('separate')}{result}{mark('end')}"


def document_of(*paragraphs: str, **parts: str) -> bytes:
    """A document of python-docx with other paragraphs, and with more parts."""
    stream = io.BytesIO()
    docx.Document().save(stream)
    written = io.BytesIO()
    body = "".join(f"<w:p>{each}</w:p>" for each in paragraphs)
    with zipfile.ZipFile(stream) as archive, zipfile.ZipFile(written, "w") as copy:
        for info in archive.infolist():
            data = archive.read(info)
            if info.filename == "word/document.xml":
                data = f"<w:document {NAMES}><w:body>{body}<w:sectPr/></w:body></w:document>".encode()
            copy.writestr(info, data)
        for name, text in parts.items():
            copy.writestr(f"word/{name}.xml", f"<w:{name} {NAMES}><w:p>{run(text)}</w:p></w:{name}>")
    return written.getvalue()


def body_of(document: bytes, name: str = "document") -> etree._Element:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return etree.fromstring(archive.read(f"word/{name}.xml"))


def paragraphs_of(document: bytes) -> list[str]:
    """The paragraphs as they are in the file, without namespaces."""
    written = [etree.tostring(each, method="c14n").decode() for each in body_of(document)[0] if each.tag.endswith("}p")]
    return [re.sub(r' xmlns:\w+="[^"]*"', "", each) for each in written]


INSERTED = '<w:ins w:id="1" w:author="a">'
CONTROL = "<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent>"


@pytest.mark.parametrize(
    ("paragraph", "text", "changed"),
    [
        (f"{run('one ')}{INSERTED}{run('two')}</w:ins>{run(' three')}", "one two three", None),
        (f'{run("one ")}<w:del w:id="1"><w:r><w:delText>x</w:delText></w:r></w:del>{run("two")}', "one two", None),
        (f"{run('one ')}{CONTROL}{run('two')}</w:sdtContent></w:sdt>{run(' three')}", "one two three", None),
        (f'<w:fldSimple w:instr=" REF a ">{run("one")}</w:fldSimple>{run(" two")}', "one two", None),
        (f'{run("on ")}<w:fldSimple w:instr="DATE">{run("May")}</w:fldSimple>{run(" we")}', "on  we", "ON *May* WE"),
        (f"{run('see ')}{field('HYPERLINK &quot;a&quot;', run('the page'))}{run(' now')}", "see the page now", None),
        (f"{run('page ')}{field('PAGE', run('ix'))}{run(' of it')}", "page  of it", "PAGE *ix* OF IT"),
        (f"{field('TOC', run('a title'))}{run(' b')}", "a title b", None),
        (f"{mark('begin')}{mark('separate')}{run('a title')}", "a title", None),
        (
            f'{run("a ")}<w:hyperlink w:anchor="x">{run("link ")}{run("bold", BOLD)}</w:hyperlink>{run(" b")}',
            "a link bold b",
            None,
        ),
        (f'{run("a")}<w:r><w:footnoteReference w:id="2"/></w:r>{run(" b")}', "a b", None),
        ('<w:r><w:rPr><w:i/></w:rPr><w:t>a</w:t><w:sym w:char="F0"/><w:t>b</w:t></w:r>', "ab", None),
        (
            "<w:r><w:t>a</w:t><w:noBreakHyphen/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>",
            "a\N{NON-BREAKING HYPHEN}b\nc",
            None,
        ),
        (f'<w:bookmarkStart w:id="1"/>{run("a ")}<w:bookmarkEnd w:id="1"/>{run("b")}', "a b", None),
        (
            f'<w:bookmarkStart w:id="1"/>{run("a ")}{INSERTED}<w:bookmarkEnd w:id="1"/>{run("b")}</w:ins>{run(" c")}',
            "a b c",
            None,
        ),
    ],
)
def test_text_wherever_it_is(paragraph: str, text: str, changed: str | None) -> None:
    data = document_of(paragraph, run("12"))
    assert texts_of(data, "docx") == [text]
    written = in_capitals(data, "docx")
    [before, rest], [after, same] = paragraphs_of(data), paragraphs_of(written)
    assert same == rest
    assert nodes_of(after) == nodes_of(before)
    shown = re.sub("<w:instrText.*?</w:instrText>|<w:delText.*?</w:delText>", "", after)
    plain = re.sub("<[^>]*>", "", shown)
    assert plain == (changed or upper(text).replace("\N{NON-BREAKING HYPHEN}", "").replace("\n", "")).replace("*", "")
    docx.Document(io.BytesIO(written))


def nodes_of(paragraph: str) -> list[str]:
    """All nodes but runs and their texts, in order."""
    nodes = re.findall(r"<[^>]*>", paragraph)
    return [each for each in nodes if not re.match(r"</?w:(?:r|t|rPr|b|i)[ >/]", each)]


def test_controls_with_values_stay() -> None:
    control = CONTROL.replace("<w:text/>", "<w:date/>")
    data = document_of(f"{run('on ')}{control}{run('May')}</w:sdtContent></w:sdt>")
    assert texts_of(data, "docx") == ["on "]
    assert "<w:date></w:date></w:sdtPr><w:sdtContent>" in paragraphs_of(in_capitals(data, "docx"))[0]


def test_notes_comments_and_text_boxes() -> None:
    box = f"<v:textbox><w:txbxContent><w:p>{run('in a box')}</w:p></w:txbxContent></v:textbox>"
    box = f"<w:r><w:pict>{box}</w:pict></w:r>"
    data = document_of(run("a ") + box + run("b"), footnotes="a note", comments="a comment", header1="a header")
    assert sorted(texts_of(data, "docx")) == ["a b", "a comment", "a header", "a note", "in a box"]
    written = in_capitals(data, "docx")
    assert ["".join(body_of(written, name).itertext()) for name in ("footnotes", "comments", "header1")] == [
        "A NOTE",
        "A COMMENT",
        "A HEADER",
    ]
    assert "".join(body_of(written).itertext()) == "A IN A BOXB"


def test_the_strict_form_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            "word/document.xml", '<w:document xmlns:w="http://purl.oclc.org/ooxml/wordprocessingml/main"/>'
        )
    with pytest.raises(SeqtasksError, match="Strict Open XML"):
        read(stream.getvalue(), "docx")


parts = st.recursive(
    st.one_of(
        st.tuples(st.sampled_from(["one ", " two", "-"]), st.sampled_from(["", BOLD])).map(lambda each: run(*each)),
        st.sampled_from(
            [
                "<w:r><w:t>a</w:t><w:tab/><w:sym/><w:t>b</w:t></w:r>",
                '<w:bookmarkStart w:id="1"/>',
                '<w:bookmarkEnd w:id="1"/>',
                mark("begin"),
                mark("separate"),
                mark("end"),
                "<w:proofErr/>",
                "<w:x/>",
            ]
        ),
    ),
    lambda inner: (
        st.tuples(st.sampled_from(["w:ins", "w:hyperlink", "w:smartTag"]), st.lists(inner, max_size=3)).map(
            lambda each: f"<{each[0]}>{''.join(each[1])}</{each[0]}>"
        )
        | st.lists(inner, max_size=3).map(lambda each: field("QUOTE", "".join(each)))
        | st.lists(inner, max_size=3).map(lambda each: field("PAGE", "".join(each)))
    ),
    max_leaves=10,
)


@given(st.lists(st.lists(parts, max_size=5).map("".join), max_size=3))
def test_every_node_is_there_once(paragraphs: list[str]) -> None:
    data = document_of(*paragraphs)
    written = in_capitals(data, "docx")
    for before, after in zip(paragraphs_of(data), paragraphs_of(written), strict=True):
        left_out = ("<w:proofErr></w:proofErr>", ' xml:space="preserve"')
        assert nodes_of(without(after, left_out)) == nodes_of(without(before, left_out))
        assert text_of(after).upper() == text_of(before).upper()


def without(text: str, parts: tuple[str, ...]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


def text_of(paragraph: str) -> str:
    return re.sub("<[^>]*>", "", paragraph)
