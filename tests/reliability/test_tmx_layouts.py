"""Translation memories as programs write them, and what has to be read from them, or refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from reliability.layouts import written

from seqtasks.data.examples import ReadReport
from seqtasks.data.parallel.readers import read_pairs
from seqtasks.data.parallel.source import ParallelSource
from seqtasks.errors import SeqtasksError

ONE, TWO = ("A dog runs.", "Ein Hund rennt."), ("A cat, too.", "Eine Katze, auch.")
EN_DE = ("en", "de")


def tuv(language: str, text: str, attribute: str = "xml:lang", inside: str = "") -> str:
    return f'<tuv {attribute}="{language}">{inside}<seg>{text}</seg></tuv>'


def tu(english: str, german: str = "b", *, codes: tuple[str, str] = EN_DE, attribute: str = "xml:lang") -> str:
    return f"<tu>{tuv(codes[0], english, attribute)}{tuv(codes[1], german, attribute)}</tu>"


def tmx(*units: str, header: str = "<header/>", before: str = "", root: str = 'tmx version="1.4"') -> str:
    return f'<?xml version="1.0"?>{before}<{root}>{header}<body>{"".join(units)}</body></{root.split()[0]}>'


PLAIN = tmx(tu(*ONE), tu(*TWO))
OMEGAT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx11.dtd">
<tmx version="1.1">
  <header creationtool="OmegaT" o-tmf="OmegaT TMX" adminlang="EN-US" datatype="plaintext"
      creationtoolversion="5.7.1" segtype="sentence" srclang="EN-US"/>
  <body>
<!-- Default translations -->
    <tu>
      <note>Check this.</note>
      <tuv lang="EN-US">
        <seg>A dog runs.</seg>
      </tuv>
      <tuv lang="DE-DE" changeid="x" changedate="20240501T101010Z" creationid="x" creationdate="20240501T101010Z">
        <seg>Ein Hund rennt.</seg>
      </tuv>
    </tu>
    <tu><tuv lang="EN-US"><seg>No translation</seg></tuv></tu>
  </body>
</tmx>
"""
MEMOQ = """<?xml version="1.0" encoding="utf-8"?>
<tmx version="1.4"><header creationtool="MemoQ" creationtoolversion="10.4" segtype="sentence" adminlang="en-us"
 creationid="x" srclang="en-gb" o-tmf="MemoQTM" datatype="unknown"><prop type="defproject"></prop><prop type="name">tm</prop></header>
<body><tu changedate="20240501T101010Z" creationid="x"><prop type="client">y</prop>
<tuv xml:lang="en-gb"><prop type="x-context-pre">&lt;seg&gt;Before&lt;/seg&gt;</prop><seg>A <bpt i='1' type='bold'>{}</bpt>dog<ept i='1'>{}</ept> runs.</seg></tuv>
<tuv xml:lang="de-de"><seg>Ein <bpt i='1' type='bold'>{}</bpt>Hund<ept i='1'>{}</ept> rennt<ph type='fmt'>{\\~}</ph>.</seg></tuv></tu></body></tmx>
"""
TRADOS = """<?xml version="1.0" encoding="utf-8"?>
<tmx version="1.4"><header creationtool="SDL Language Platform" creationtoolversion="8.0" o-tmf="SDL TM8 Format" datatype="xml"
 segtype="sentence" adminlang="en-US" srclang="en-US" creationdate="20240501T101010Z" creationid="x">
<prop type="x-Recognizers">RecognizeAll</prop><prop type="x-TMName">tm</prop></header><body>
<tu creationdate="20240501T101010Z" lastusagedate="20240501T101010Z" usagecount="2"><prop type="x-LastUsedBy">x</prop>
<tuv xml:lang="en-US"><seg>A <bpt i="1" type="10" x="1" />dog<ept i="1" /> runs.</seg></tuv>
<tuv xml:lang="de-DE"><seg>Ein <bpt i="1" type="10" x="1" />Hund<ept i="1" /> rennt.<ph x="2" type="14" /></seg></tuv>
</tu></body></tmx>
"""
TRADOS_2007 = tmx(
    tu(r"A <ut>{\b </ut>dog<ut>}</ut> runs.", r"Ein <ut>{\b </ut>Hund<ut>}</ut> rennt.", codes=("EN-US", "DE-DE"), attribute="lang"),
    header='<header creationtool="TRADOS Translator&apos;s Workbench" o-encoding="iso-8859-1" srclang="EN-US"><prop type="RTFStyle">{}</prop></header>',
    before='<!DOCTYPE tmx SYSTEM "tmx11.dtd">', root='tmx version="1.1"',
)  # fmt: skip
OPUS = """<?xml version="1.0" encoding="UTF-8" ?>
<tmx version="1.4">
<header creationdate="Tue May  1 10:10:10 2024"
          srclang="en" adminlang="en" o-tmf="unknown" segtype="sentence" creationtool="Uplug" creationtoolversion="unknown"
          datatype="PlainText" />
  <body>
    <tu>
      <tuv xml:lang="en"><seg>A dog runs.</seg></tuv>
      <tuv xml:lang="de"><seg>Ein Hund rennt.</seg></tuv>
    </tu>
  </body>
</tmx>
"""
VIRTAAL = """<!DOCTYPE tmx
  SYSTEM 'tmx14.dtd'>
<tmx version="1.4"><header creationtool="Translate Toolkit" creationtoolversion="3.13" segtype="sentence" o-tmf="UTF-8"
 adminlang="en" srclang="en" datatype="PO"/><body>
<tu tuid="1"><prop type="x-context">c</prop><tuv xml:lang="en"><seg>A dog runs.</seg></tuv><tuv xml:lang="de"><seg>Ein Hund rennt.</seg></tuv></tu>
</body></tmx>"""
HEARTSOME = """<?xml version="1.0" encoding="UTF-8"?>
<tmx version="1.4"><header creationtool="Heartsome TM Server" srclang="*all*" adminlang="en" datatype="xml" o-tmf="x" segtype="block"/>
<body><tu tuid="1714"><tuv xml:lang="de-DE"><prop type="x">y</prop><seg>Ein <ph>&lt;g id="1"&gt;</ph>Hund<ph>&lt;/g&gt;</ph> rennt.</seg></tuv>
<tuv xml:lang="en-US"><seg>A <ph id="0">&lt;g id="1"&gt;</ph>dog<ph id="1">&lt;/g&gt;</ph> runs.</seg></tuv></tu></body></tmx>"""
DECLARED = PLAIN.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="{}"?>')

LAYOUTS: dict[str, tuple[str | bytes, list[tuple[str, str]]]] = {
    "plain": (PLAIN, [ONE, TWO]),
    "OmegaT": (OMEGAT, [ONE]),
    "memoQ": (MEMOQ, [ONE]),
    "Trados Studio": (TRADOS, [ONE]),
    "Trados 2007": (TRADOS_2007, [ONE]),
    "Wordfast": (tmx(tu(*ONE, codes=("EN-US", "DE-DE")), before='<!DOCTYPE tmx SYSTEM "tmx14.dtd">'), [ONE]),
    "OPUS": (OPUS, [ONE]),
    "Virtaal": (VIRTAAL, [ONE]),
    "Heartsome": (HEARTSOME, [ONE]),
    "Windows, a byte order mark": ("\ufeff" + OPUS.replace("\n", "\r\n"), [ONE]),
    "UTF-16": (DECLARED.format("UTF-16").encode("utf-16"), [ONE, TWO]),
    "UTF-16, the other way round": (b"\xfe\xff" + DECLARED.format("UTF-16").encode("utf-16-be"), [ONE, TWO]),
    "UTF-16 without a byte order mark": (DECLARED.format("UTF-16").encode("utf-16-le"), [ONE, TWO]),
    "Latin-1": (DECLARED.format("ISO-8859-1").replace("Ein", "É").encode("latin-1"), [(ONE[0], "É Hund rennt."), (TWO[0], "Ée Katze, auch.")]),
    "Windows-1252": (DECLARED.format("windows-1252").replace("dog", "„d“").encode("cp1252"), [("A „d“ runs.", ONE[1]), TWO]),
    "compressed": (gzip.compress(PLAIN.encode()), [ONE, TWO]),
    "TMX 1.1": (tmx(tu(*ONE, attribute="lang"), root='tmx version="1.1"'), [ONE]),
    "capitals": (tmx(tu(*ONE, codes=("EN", "DE"))), [ONE]),
    "underscores": (tmx(tu(*ONE, codes=("en_US", "de_DE"))), [ONE]),
    "three letters": (tmx(tu(*ONE, codes=("eng", "ger"))), [ONE]),
    "names of languages": (tmx(tu(*ONE, codes=("English", "German"))), [ONE]),
    "the other order": (tmx(f"<tu>{tuv('de', ONE[1])}{tuv('en', ONE[0])}</tu>"), [ONE]),
    "three languages": (tmx(f"<tu>{tuv('fr', 'c')}{tuv('de', ONE[1])}{tuv('en', ONE[0])}</tu>"), [ONE]),
    "two texts of one language": (tmx(f"<tu>{tuv('en', ONE[0])}{tuv('de', ONE[1])}{tuv('de', 'x')}</tu>"), [ONE]),
    "two texts of one language, the first is empty": (tmx(f"<tu>{tuv('en', ONE[0])}{tuv('de', '')}{tuv('de', ONE[1])}</tu>"), [ONE]),
    "two regions of one language": (tmx(f"<tu>{tuv('en-GB', ONE[0])}{tuv('en-US', 'x')}{tuv('de', ONE[1])}</tu>"), [ONE]),
    "a variant and the language itself": (tmx(f"<tu>{tuv('en-GB', 'x')}{tuv('en', ONE[0])}{tuv('de', ONE[1])}</tu>"), [ONE]),
    "one side missing": (tmx(f"<tu>{tuv('en', 'x')}</tu>", tu(*ONE)), [ONE]),
    "one side empty": (tmx(tu("x", ""), tu("x", "<ph>y</ph>"), "<tu><tuv xml:lang='en'><seg/></tuv></tu>", tu(*ONE)), [ONE]),
    "no segment": (tmx("<tu/>", "<tu><tuv xml:lang='en'/><tuv xml:lang='de'/></tu>", tu(*ONE)), [ONE]),
    "notes and properties": (tmx(f"<tu><note>n</note><prop type='x'>p</prop>{tuv('en', ONE[0], inside='<note>n</note>')}"
        f"{tuv('de', ONE[1], inside='<prop type=' + repr('y') + '>p</prop>')}</tu>", header="<header><note>n</note><prop type='x'>p</prop></header>"), [ONE]),
    "all source languages": (tmx(tu(*ONE), header='<header srclang="*all*"/>'), [ONE]),
    "a namespace": (tmx(tu(*ONE), root='tmx xmlns="http://www.lisa.org/tmx14" version="1.4"'), [ONE]),
    "a namespace with a prefix": ('<t:tmx xmlns:t="http://www.lisa.org/tmx14"><t:header/><t:body><t:tu><t:tuv xml:lang="en"><t:seg>A <t:ph>x</t:ph>dog</t:seg></t:tuv>'
        '<t:tuv xml:lang="de"><t:seg>Ein Hund</t:seg></t:tuv></t:tu></t:body></t:tmx>', [("A dog", "Ein Hund")]),
    "CDATA": (tmx(tu("<![CDATA[A < b & c]]>")), [("A < b & c", "b")]),
    "characters by number": (tmx(tu("&#65; &#x64;og &amp; a &lt;cat&gt; &quot;&apos;")), [("A dog & a <cat> \"'", "b")]),
    "an outside document type": (tmx(tu(*ONE), before='<!DOCTYPE tmx PUBLIC "-//LISA OSCAR:1998//DTD for Translation Memory eXchange//EN" "tmx14.dtd">'), [ONE]),
    "lines inside of a segment": (tmx(tu("\n        A dog\n        runs.\n      ", "\tEin  Hund\r\n rennt. ")), [ONE]),
    "paired codes": (tmx(tu('A <bpt i="1">&lt;b&gt;</bpt>dog<ept i="1">&lt;/b&gt;</ept> runs.')), [(ONE[0], "b")]),
    "paired codes inside of a word": (tmx(tu('H<bpt i="1">&lt;sub&gt;</bpt>2<ept i="1">&lt;/sub&gt;</ept>O')), [("H2O", "b")]),
    "an isolated code": (tmx(tu('A dog<it pos="begin">&lt;b&gt;</it> runs.')), [(ONE[0], "b")]),
    "a placeholder": (tmx(tu('See <ph x="1">&lt;img src="a.png"&gt;</ph>here.')), [("See here.", "b")]),
    "a placeholder that breaks the line": (tmx(tu("A dog<ph>&lt;br/&gt;</ph>runs.")), [(ONE[0], "b")]),
    "a placeholder whose type is to break the line": (tmx(tu('A dog<ph type="lb"/>runs.')), [(ONE[0], "b")]),
    "a break of RTF": (tmx(tu(r"A dog<ph>\line </ph>runs.")), [(ONE[0], "b")]),
    "highlighted": (tmx(tu("A <hi>dog</hi> <hi type='x'>ru<hi>ns</hi></hi>.")), [(ONE[0], "b")]),
    "highlighted, with codes": (tmx(tu("A <hi><bpt i='1'>x</bpt>dog<ept i='1'>y</ept></hi> runs.")), [(ONE[0], "b")]),
    "a footnote within a code": (tmx(tu(r"A dog<ph>{\footnote <sub>It <ph>x</ph>barks.</sub>}</ph> runs.")), [(ONE[0], "b")]),
    "highlighted within a code": (tmx(tu("A dog<ph>x<sub>It <hi>barks</hi>.</sub>y</ph> runs.")), [(ONE[0], "b")]),
    "lowered letters of HTML": (tmx(tu("H<sub>2</sub>O")), [("H2O", "b")]),
    "codes of XLIFF": (tmx(tu('A <g id="1">dog</g><x id="2"/> <mrk mtype="x">runs</mrk>.')), [(ONE[0], "b")]),
    "comments": (tmx("<!-- x -->", tu("A <!-- y -->dog runs.")), [(ONE[0], "b")]),
}  # fmt: skip

REFUSED: dict[str, tuple[str | bytes, tuple[str, str], str]] = {
    "languages that it does not have": (tmx(tu(*ONE, codes=("en-US", "fr"))), EN_DE, "en-us (1), fr (1)"),
    "another region": (tmx(tu(*ONE, codes=("en-GB", "de"))), ("en-us", "de"), "en-gb (1)"),
    "no languages": (tmx("<tu><tuv><seg>a</seg></tuv><tuv><seg>b</seg></tuv></tu>"), EN_DE, "none (1)"),
    "XLIFF": ('<?xml version="1.0"?>\n<xliff version="1.2"><file/></xliff>', EN_DE, "<xliff>"),
    "TBX": ('<martif type="TBX"><text/></martif>', EN_DE, "as TMX"),
    "cut off": (PLAIN[:-40], EN_DE, "broken XML"),
    "entities of its own": (tmx(tu("&x;"), before='<!DOCTYPE tmx [<!ENTITY x "y">]>'), EN_DE, "its own entities"),
    "an entity of HTML": (tmx(tu("a&nbsp;b")), EN_DE, "broken XML"),
    "an entity of an outside document type": (tmx(tu("a&nbsp;b"), before='<!DOCTYPE tmx SYSTEM "tmx14.dtd">'), EN_DE, "its own entities"),
    "Latin-1 that is not declared": (PLAIN.replace("Ein", "É").encode("latin-1"), EN_DE, "broken XML"),
}  # fmt: skip


def read(folder: Path, content: str | bytes, languages: tuple[str, str]) -> list[tuple[str, str]]:
    packed = isinstance(content, bytes) and content.startswith(b"\x1f\x8b")
    source = ParallelSource(path=written(folder, "a.tmx.gz" if packed else "a.tmx", content))
    return [(pair.source, pair.target) for pair in read_pairs(source, ReadReport(), languages=languages)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_read(tmp_path: Path, layout: str) -> None:
    content, expected = LAYOUTS[layout]
    assert read(tmp_path, content, EN_DE) == expected


@pytest.mark.parametrize("layout", REFUSED)
def test_refused(tmp_path: Path, layout: str) -> None:
    content, languages, told = REFUSED[layout]
    with pytest.raises(SeqtasksError) as raised:
        read(tmp_path, content, languages)
    assert told in f"{raised.value.message} {raised.value.hint}"
