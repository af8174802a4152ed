"""Translation memories: languages, inline markup, and files that must not be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.tmx import CHUNK, read_tmx
from seqtasks.errors import SeqtasksError


def unit(**texts: str) -> str:
    variants = (f'<tuv xml:lang="{code}"><seg>{text}</seg></tuv>' for code, text in texts.items())
    return f"<tu>{''.join(variants)}</tu>"


def memory(path: Path, *units: str, before: str = "", encoding: str = "utf-8") -> Path:
    text = f'<?xml version="1.0"?>\n{before}<tmx version="1.4"><header/><body>\n' + "\n".join(units) + "\n</body></tmx>"
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path, report: ReadReport | None = None) -> list[Pair]:
    return list(read_tmx(path, report or ReadReport(), ("en", "de")))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"en": "a", "de": "b"}, Pair("a", "b")),
        ({"DE-AT": "b", "EN_us": "a"}, Pair("a", "b")),
        ({"en-GB": "variant", "en": "exact", "de": "b"}, Pair("exact", "b")),
        ({"enx": "other", "en": "a", "fr": "c", "de": "b"}, Pair("a", "b")),
    ],
)
def test_languages_are_found_by_code_or_regional_variant(tmp_path: Path, texts: dict[str, str], expected: Pair) -> None:
    assert read(memory(tmp_path / "a.tmx", unit(**texts))) == [expected]


def test_the_older_language_attribute_is_read(tmp_path: Path) -> None:
    old = unit(en="a", de="b").replace("xml:lang", "lang")
    assert read(memory(tmp_path / "a.tmx", old)) == [Pair("a", "b")]


def test_units_without_both_languages_are_counted_with_their_line(tmp_path: Path) -> None:
    path = memory(tmp_path / "a.tmx", unit(en="a", de="b"), unit(en="a", enx="c"), "<tu/>", unit(en="c", de="d"))
    report = ReadReport()
    assert read(path, report) == [Pair("a", "b"), Pair("c", "d")]
    assert report.omissions["missing language"].places == [f"{path}:4", f"{path}:5"]
    assert report.read == 4


def test_inline_markup_leaves_and_highlighted_text_stays(tmp_path: Path) -> None:
    source = 'See <bpt i="1">&lt;b <sub>alt</sub>&gt;</bpt>the <hi>red</hi> cat<ept i="1">&lt;/b&gt;</ept>.<ph x="2"/>'
    assert read(memory(tmp_path / "a.tmx", unit(en=source, de="&#66;&lt;"))) == [Pair("See the red cat.", "B<")]


def test_notes_are_no_text(tmp_path: Path) -> None:
    noted = unit(en="a", de="b").replace("<tu>", "<tu><note>remark</note><prop type='x'>y</prop>")
    assert read(memory(tmp_path / "a.tmx", noted)) == [Pair("a", "b")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_the_encoding_is_that_of_the_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    assert read(memory(tmp_path / "a.tmx", unit(en="Größe", de="ß"), encoding=encoding)) == [Pair("Größe", "ß")]


def test_files_larger_than_a_chunk_are_read_as_a_stream(tmp_path: Path) -> None:
    count = 2 * CHUNK // 100
    units = [unit(en=f"source {number} äö", de=f"target {number} " + "x" * 40) for number in range(count)]
    pairs = read_tmx(memory(tmp_path / "a.tmx", *units), report := ReadReport(), ("en", "de"))
    first = next(pairs)
    assert first == Pair("source 0 äö", "target 0 " + "x" * 40)
    assert report.read == 1
    assert [first, *pairs] == [Pair(f"source {n} äö", f"target {n} " + "x" * 40) for n in range(count)]


def test_a_plain_document_type_is_harmless(tmp_path: Path) -> None:
    path = memory(tmp_path / "a.tmx", unit(en="a", de="b"), before='<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n')
    assert read(path) == [Pair("a", "b")]


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE tmx [<!ENTITY x "y">]>',
        '<!DOCTYPE tmx [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE tmx [<!ENTITY % x SYSTEM "other.dtd"> %x;]>',
    ],
)
def test_declared_entities_are_refused(tmp_path: Path, before: str) -> None:
    with pytest.raises(SeqtasksError, match=r"a\.tmx:2: the file defines its own entities"):
        read(memory(tmp_path / "a.tmx", unit(en="a", de="b"), before=before))


def test_entities_of_an_outside_document_type_are_refused_and_not_dropped(tmp_path: Path) -> None:
    path = memory(tmp_path / "a.tmx", unit(en="a&nbsp;b", de="b"), before='<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n')
    with pytest.raises(SeqtasksError, match=r"a\.tmx:4: the file defines its own entities"):
        read(path)


@pytest.mark.parametrize("content", ["", "<tmx>", "<tmx><tu></tmx>", "no xml", "<tmx>&nbsp;</tmx>", "<tmx>\x00</tmx>"])
def test_broken_xml_is_told_by_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.tmx"
    path.write_text(content)
    with pytest.raises(SeqtasksError, match=r"a\.tmx:1: broken XML"):
        read(path)


@pytest.mark.parametrize("encoding", ["utf-z", "shift_jis", "hex"])
def test_encodings_that_cannot_be_read_are_told(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.tmx"
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?>\n<tmx/>')
    with pytest.raises(SeqtasksError, match=r"a\.tmx:1: broken XML"):
        read(path)
