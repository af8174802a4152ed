"""Translation memories as documents: units without a text in the target language get one."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.uppercase import in_capitals, read, texts_of, with_report
from translate.storage import tmx

from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.tmx import read_tmx
from seqtasks.documents import DocumentOptions, read_document
from seqtasks.errors import SeqtasksError
from seqtasks.version import __version__

MEMORY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
  <header srclang="en-US" creationtool="x" segtype="sentence"/>
  <body>
    <tu tuid="1">
      <note>a note</note>
      <tuv xml:lang="fr"><seg>Bonjour</seg></tuv>
      <tuv xml:lang="en-US">
        <prop type="a">b</prop>
        <seg>Hello <bpt i="1">&lt;b></bpt>big<ept i="1">&lt;/b></ept> <hi>world</hi>,<ph>&lt;br/></ph> &amp; all.</seg>
      </tuv>
    </tu>
    <tu><tuv xml:lang="EN"><seg>known</seg></tuv><tuv xml:lang="DE-at"><seg>bekannt</seg></tuv></tu>
    <tu><tuv xml:lang="en"><seg>empty</seg></tuv><tuv xml:lang="de"><seg/></tuv></tu>
    <tu><tuv xml:lang="fr"><seg>seul</seg></tuv></tu>
  </body>
</tmx>
"""
NEW = f'<tuv xml:lang="de" creationtool="seqtasks" creationtoolversion="{__version__}">'
CHANGES = (
    (
        "all.</seg>\n      </tuv>",
        f"all.</seg>\n      </tuv>\n      {NEW}\n        <seg>HELLO "
        '<bpt i="1">&lt;b></bpt>BIG<ept i="1">&lt;/b></ept> <hi>WORLD</hi>,<ph>&lt;br/></ph> &amp; ALL.</seg>'
        "\n      </tuv>",
    ),
    ("<seg/>", "<seg>EMPTY</seg>"),
)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_units_without_a_translation_get_one(newline: str) -> None:
    written, report = with_report(MEMORY.replace("\n", newline), "tmx")
    wanted = MEMORY
    for before, after in CHANGES:
        assert before in wanted
        wanted = wanted.replace(before, after)
    assert written.decode() == wanted.replace("\n", newline)
    assert (report.translated, report.already_translated) == (2, 1)


def test_others_read_what_was_written(tmp_path: Path) -> None:
    written = in_capitals(MEMORY, "tmx")
    memory = tmx.tmxfile.parsestring(written.replace(b'srclang="en-US"', b'srclang="en"'), "en", "de")
    assert [(unit.source, unit.target) for unit in memory.units][2] == ("empty", "EMPTY")
    path = tmp_path / "a.tmx"
    path.write_bytes(written)
    pairs = list(read_tmx(path, ReadReport(), ("en", "de")))
    assert [pair.target for pair in pairs] == ["HELLO BIG WORLD, & ALL.", "bekannt", "EMPTY"]


def test_all_units_on_demand() -> None:
    assert '<tuv xml:lang="DE-at"><seg>KNOWN</seg>' in in_capitals(MEMORY, "tmx", all=True).decode()


def test_the_source_language_may_be_that_of_the_memory() -> None:
    document = read_document(MEMORY.encode(), "tmx", DocumentOptions(target_language="de"))
    assert [segment.text.text for segment in document.segments][-1] == "empty"
    assert texts_of(MEMORY, "tmx")[0] == "Hello big world, & all."


def test_what_is_refused() -> None:
    with pytest.raises(SeqtasksError, match="its root is a, not tmx"):
        read("<a/>", "tmx")
    with pytest.raises(SeqtasksError, match="none of its units has a text in en"):
        in_capitals('<tmx><tu><tuv xml:lang="fr"><seg>a</seg></tuv></tu></tmx>', "tmx")
    with pytest.raises(SeqtasksError, match="the languages to translate from and into are not known"):
        _ = read_document(MEMORY.encode(), "tmx", DocumentOptions()).segments
