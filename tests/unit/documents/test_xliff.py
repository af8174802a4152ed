"""XLIFF of both versions: segments without a target get one, and nothing else is changed."""

from __future__ import annotations

import pytest
from helpers.uppercase import in_capitals, read, texts_of, with_report
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from translate.storage import xliff, xliff2

from seqtasks.documents import DocumentOptions, read_document
from seqtasks.errors import SeqtasksError
from seqtasks.text.markup import MarkupText

FIRST = """<?xml version="1.0" encoding="UTF-8"?>
<!-- exported -->
<x:xliff version="1.2" xmlns:x='urn:oasis:names:tc:xliff:document:1.2'>
  <x:file original="a" source-language="en-US" target-language="de" datatype="plaintext">
    <x:body>
      <x:trans-unit id="1">
        <x:source>Hello <x:g id="1">big <x:x id="2"/>world</x:g>,
          3 &lt; 4.</x:source>
        <x:note>a note</x:note>
      </x:trans-unit>
      <x:trans-unit id="2" approved="yes"><x:source>done</x:source><x:target>fertig</x:target></x:trans-unit>
      <x:trans-unit id="3"><x:source>empty</x:source><x:target/></x:trans-unit>
      <x:trans-unit id="4"><x:source>a copy</x:source><x:target state="new" >a copy</x:target></x:trans-unit>
      <x:group translate="no"><x:trans-unit id="5"><x:source>not this</x:source></x:trans-unit></x:group>
      <x:trans-unit id="6"><x:source>One. Two.</x:source><x:seg-source><x:mrk mtype="seg" mid="1">One.</x:mrk> \
<x:mrk mtype="seg" mid="2">Two.</x:mrk></x:seg-source><x:alt-trans><x:source>b</x:source><x:target>c</x:target>\
</x:alt-trans></x:trans-unit>
      <x:trans-unit id="7"><x:source>A <x:bpt id="1">&lt;b></x:bpt>bold<x:ept id="1">&lt;/b></x:ept> word<![CDATA[ & \
1]]> <x:mrk mtype="protected">Foo</x:mrk> bar</x:source></x:trans-unit>
      <x:trans-unit id="8"><x:source>12</x:source></x:trans-unit>
    </x:body>
  </x:file>
</x:xliff>
"""
MARK = '<x:target state="needs-review-translation" state-qualifier="mt-suggestion">'
FIRST_CHANGES = (
    (
        "3 &lt; 4.</x:source>",
        f'3 &lt; 4.</x:source>\n        {MARK}HELLO <x:g id="1">BIG <x:x id="2"/>WORLD</x:g>, 3 &lt; 4.</x:target>',
    ),
    ("<x:target/>", f"{MARK}EMPTY</x:target>"),
    (
        '<x:target state="new" >a copy',
        '<x:target state="needs-review-translation" state-qualifier="mt-suggestion" >A COPY',
    ),
    (
        "</x:seg-source>",
        f'</x:seg-source>{MARK}<x:mrk mtype="seg" mid="1">ONE.</x:mrk> <x:mrk mtype="seg" mid="2">TWO.</x:mrk>'
        "</x:target>",
    ),
    (
        "bar</x:source>",
        f'bar</x:source>{MARK}A <x:bpt id="1">&lt;b></x:bpt>BOLD<x:ept id="1">&lt;/b></x:ept> WORD &amp; 1 '
        '<x:mrk mtype="protected">Foo</x:mrk> BAR</x:target>',
    ),
)
SECOND = """<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en">
 <file id="f">
  <unit id="1">
   <segment id="s1">
    <source>One <pc id="1">bold<ph id="2"/></pc> word.</source>
   </segment>
   <ignorable><source> </source></ignorable>
   <segment state="initial" subState="a:b"><source>Two.</source><target>Two.</target></segment>
   <segment state="final"><source>Three.</source><target>Drei.</target></segment>
  </unit>
  <group id="g" translate="no"><unit id="2"><segment><source>no</source></segment></unit></group>
  <unit id="3" xml:space="preserve"><segment><source>a  b <sc id="1"/>c<ec startRef="1"/> d<cp hex="001A"/> \
<mrk id="m" translate="no">Foo</mrk> e</source></segment></unit>
 </file>
</xliff>
"""
SECOND_CHANGES = (
    ('srcLang="en"', 'srcLang="en" trgLang="de"'),
    ('<segment id="s1"', '<segment id="s1" state="translated"'),
    (
        "word.</source>",
        'word.</source>\n    <target>ONE <pc id="1">BOLD<ph id="2"/></pc> WORD.</target>',
    ),
    ('<segment state="initial" subState="a:b">', '<segment state="translated">'),
    ("<target>Two.", "<target>TWO."),
    ("<segment><source>a", '<segment state="translated"><source>a'),
    (
        " e</source>",
        ' e</source><target>A  B <sc id="1"/>C<ec startRef="1"/> D<cp hex="001A"/> '
        '<mrk id="m" translate="no">Foo</mrk> E</target>',
    ),
)


@pytest.mark.parametrize(
    ("document", "changes", "counts"), [(FIRST, FIRST_CHANGES, (6, 1)), (SECOND, SECOND_CHANGES, (3, 1))]
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_lacks_a_target_gets_one(
    document: str, changes: tuple[tuple[str, str], ...], counts: tuple[int, int], newline: str
) -> None:
    written, report = with_report(document.replace("\n", newline), "xliff")
    wanted = document
    for before, after in changes:
        assert before in wanted
        wanted = wanted.replace(before, after)
    assert written.decode() == wanted.replace("\n", newline)
    assert (report.translated, report.already_translated) == counts


def test_other_tools_read_what_was_written() -> None:
    first = xliff.xlifffile.parsestring(in_capitals(FIRST, "xliff"))
    assert [unit.target for unit in first.units][1:4] == ["fertig", "EMPTY", "A COPY"]
    assert first.gettargetlanguage() == "de"
    second = xliff2.Xliff2File.parsestring(in_capitals(SECOND, "xliff"))
    assert "TWO." in {str(unit.target) for unit in second.units}


def test_what_is_translated_on_demand_is_no_longer_approved() -> None:
    written = in_capitals(FIRST, "xliff", all=True).decode()
    assert f'id="2" approved="no"><x:source>done</x:source>{MARK}DONE</x:target>' in written


def test_parts_of_a_target_are_filled_in_one_by_one() -> None:
    unit = (
        '<xliff version="1.2"><file source-language="en" target-language="de"><body><trans-unit id="a">'
        '<source>A. B.</source><seg-source><mrk mtype="seg" mid="1">A.</mrk> <mrk mtype="seg" mid="2">B.</mrk>'
        '</seg-source><target><mrk mtype="seg" mid="1">Ah.</mrk> <mrk mtype="seg" mid="2"/></target>'
        "</trans-unit></body></file></xliff>"
    )
    written, report = with_report(unit, "xliff")
    mark = MARK.replace("x:", "")
    assert written.decode() == unit.replace("<target>", mark).replace('mid="2"/>', 'mid="2">B.</mrk>')
    assert (report.translated, report.already_translated) == (1, 1)


def test_tags_of_angular_are_elements() -> None:
    unit = (
        '<xliff version="1.2"><file source-language="en"><body><trans-unit id="a"><source>'
        'See <x id="START_LINK" ctype="x-a"/>this<x id="CLOSE_LINK"/> and <x id="INTERPOLATION"/>!</source>'
        "</trans-unit></body></file></xliff>"
    )
    [segment] = read(unit, "xliff").segments
    assert segment.text.text == "See this and !"
    assert [tag.kind for tag in segment.text.tags] == ["start", "end", "empty"]


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ("<a/>", "its root is a, not xliff"),
        ("<xliff><file>", "this is no valid XLIFF: no element found"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><xliff>&b;</xliff>', "entities"),
        ('<!DOCTYPE a SYSTEM "http://a/b.dtd"><xliff>&b;</xliff>', "entities"),
        ("<a>" * 300 + "</a>" * 300, "more than 256"),
        ("<xliff><file><body><trans-unit/></body></file></xliff>", "has no source"),
        ('<xliff><file source-language="fr"/></xliff>', "its source language is fr, that of the model en"),
        ('<xliff version="2.0" srcLang="en" trgLang="fr-CA"/>', "its target language is fr-CA, that of the model de"),
    ],
)
def test_what_is_refused(document: str, problem: str) -> None:
    with pytest.raises(SeqtasksError, match=problem):
        in_capitals(document, "xliff")


def test_languages_are_compared_where_they_are_known() -> None:
    document = '<xliff><file source-language="fr"><trans-unit><source>a</source></trans-unit></file></xliff>'
    assert read_document(document.encode(), "xliff", DocumentOptions()).segments[0].text == MarkupText("a")
    assert texts_of(document.replace('"fr"', '"eng"'), "xliff") == ["a"]


def shouted(element: etree._Element) -> list[str]:
    return etree.tostring(element, method="text", encoding="unicode", with_tail=False).upper().split()


inline = st.recursive(
    st.sampled_from(["a", " b ", "&amp;", "<x id='1'/>", "<!-- c -->", "<![CDATA[<d>]]>", "\n ", "&#228;", "<?p q?>"]),
    lambda parts: st.lists(parts, max_size=4).map(lambda each: f"<g id='1'>{''.join(each)}</g>"),
    max_leaves=12,
)


@given(
    st.lists(st.lists(inline, max_size=5).map("".join), max_size=4), st.sampled_from(["utf-8", "utf-16", "iso-8859-1"])
)
def test_all_but_targets_is_canonically_equal(sources: list[str], encoding: str) -> None:
    units = "".join(f"<trans-unit><source>{each}</source></trans-unit>\n" for each in sources)
    document = (
        f'<?xml version="1.0" encoding="{encoding}"?><xliff version="1.2"><file target-language="de">'
        f"<body>{units}</body></file></xliff>"
    ).encode(encoding)
    written = in_capitals(document, "xliff")
    before, after = etree.fromstring(document), etree.fromstring(written)
    for source, target in [(each.getprevious(), each) for each in after.iter("target")]:
        assert [each.tag for each in target.iter()][1:] == [each.tag for each in source.iter()][1:]
        assert shouted(target) == shouted(source)
        target.getparent().remove(target)
    assert etree.tostring(after, method="c14n2") == etree.tostring(before, method="c14n2")
