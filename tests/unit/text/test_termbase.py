"""Termbases: terms out of TBX of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from translate.storage.tbx import tbxfile

from seqtasks.errors import SeqtasksError
from seqtasks.text.glossary import Glossary

OLD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><martifHeader><fileDesc><sourceDesc><p>terms</p></sourceDesc></fileDesc></martifHeader>
<text><body>
<termEntry id="1"><descrip type="definition">an animal</descrip>
 <langSet xml:lang="en-US"><tig><term>dog</term></tig><ntig><termGrp><term>domestic
   dog</term></termGrp></ntig></langSet>
 <langSet xml:lang="fr"><tig><term>chien</term></tig></langSet>
 <langSet xml:lang="de"><tig><term>Hund</term><termNote type="partOfSpeech">noun</termNote></tig>
  <tig><term>Köter</term><termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig>
  <tig><term>Haushund</term></tig></langSet></termEntry>
<termEntry id="2"><langSet xml:lang="en"><tig><term>cat</term></tig></langSet></termEntry>
</body></text></martif>
"""
NEW = """<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2"><tbxHeader/><text><body>
<conceptEntry id="1">
 <langSec xml:lang="en"><termSec><term>dog</term></termSec><termSec><term>domestic dog</term></termSec></langSec>
 <langSec xml:lang="DE-AT"><termSec><term>Hund</term></termSec>
  <termSec><term>Köter</term><termNote type="administrativeStatus">supersededTerm-admn-sts</termNote></termSec>
  <termSec><term>Haushund</term></termSec></langSec></conceptEntry>
</body></text></tbx>
"""


@pytest.mark.parametrize("source", [OLD, NEW])
def test_each_term_of_a_concept_has_those_of_the_other_language(tmp_path: Path, source: str) -> None:
    (tmp_path / "a.tbx").write_text(source, encoding="utf-8")
    glossary = Glossary.from_file(tmp_path / "a.tbx", ("en", "de"))
    assert [tuple(term) for term in glossary.terms] == [
        ("dog", ("Hund", "Haushund")), ("domestic dog", ("Hund", "Haushund")),
    ]  # fmt: skip
    back = Glossary.from_file(tmp_path / "a.tbx", ("de", "en"))
    assert [term.source for term in back.terms] == ["Hund", "Köter", "Haushund"]


def test_what_translate_toolkit_writes_is_read(tmp_path: Path) -> None:
    written = tbxfile(sourcelanguage="en", targetlanguage="de")
    for source, target in [("climate change", "Klimawandel"), ("R&D", "F&E")]:
        written.addsourceunit(source).target = target
    written.savefile(str(tmp_path / "a.tbx"))
    glossary = Glossary.from_file(tmp_path / "a.tbx", ("en", "de"))
    assert [tuple(term) for term in glossary.terms] == [("climate change", ("Klimawandel",)), ("R&D", ("F&E",))]


@pytest.mark.parametrize(
    ("source", "languages", "problem"),
    [
        (OLD, ("en", "it"), "no concept has terms in both en and it. Its languages are de, en, en-us, fr."),
        (OLD, ("xx", "de"), "the languages to look for in this termbase are not known"),
        (OLD, None, "the languages to look for in this termbase are not known"),
        ("<html/>", ("en", "de"), "its root is html, so that it is no TBX"),
        (OLD[:300], ("en", "de"), "broken XML"),
        ('<!DOCTYPE tbx [<!ENTITY a "b">]><tbx>&a;</tbx>', ("en", "de"), "it declares entities"),
    ],
)
def test_what_is_no_termbase_is_told(
    tmp_path: Path, source: str, languages: tuple[str, str] | None, problem: str
) -> None:
    (tmp_path / "a.tbx").write_text(source, encoding="utf-8")
    with pytest.raises(SeqtasksError, match=r"a\.tbx") as error:
        Glossary.from_file(tmp_path / "a.tbx", languages)
    assert problem in str(error.value)
