"""Documents that are ZIP archives of XML: limits, and members that stay byte for byte."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from seqtasks.documents.document import malformed
from seqtasks.errors import SeqtasksError, require_package

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MAX_MEMBERS: Final = 10_000
MAX_TOTAL: Final = 512 << 20
"""Bytes of all members together, once they are unpacked."""


@dataclass(frozen=True)
class ZipContainer:
    """An archive in memory."""

    infos: tuple[zipfile.ZipInfo, ...]
    members: Mapping[str, bytes]

    @classmethod
    def read(cls, data: bytes, name: str, form: str) -> ZipContainer:
        """An archive.

        Args:
            data: The file.
            name: Its name, for messages.
            form: What it should be.

        Raises:
            SeqtasksError: It is none, or has too many or too large members.
        """
        require_package("lxml", f"{name}: lxml is needed to read a {form}.", "documents")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                infos = archive.infolist()
                if len(infos) > MAX_MEMBERS or sum(each.file_size for each in infos) > MAX_TOTAL:
                    raise SeqtasksError(
                        f"{name}: this {form} has more than {MAX_MEMBERS:,} members, or {MAX_TOTAL >> 20} MiB.",
                        "Divide it into smaller documents.",
                    )
                return cls(tuple(infos), {each.filename: archive.read(each) for each in infos})
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
            raise malformed(name, form, error) from None

    @property
    def names(self) -> list[str]:
        """Those of all members."""
        return [each.filename for each in self.infos]

    def member(self, name: str) -> bytes:
        """A member's bytes."""
        return self.members[name]

    def write(self, changed: Mapping[str, bytes]) -> bytes:
        """The archive with other bytes for some members, in the same order."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for info in self.infos:
                archive.writestr(info, changed.get(info.filename, self.members[info.filename]))
        return stream.getvalue()


def parse_xml(data: bytes, name: str, form: str) -> Element:
    """The root of an XML document; nothing outside it is loaded, and entities of its own are refused.

    Args:
        data: The document.
        name: Its file, for messages.
        form: What it should be.

    Raises:
        SeqtasksError: It is malformed, or declares entities.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise malformed(name, form, error) from None
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise malformed(name, form, "it declares entities of its own")
    return root


def write_xml(root: Element) -> bytes:
    """An XML document as Office programs write it."""
    from lxml import etree

    tree = root.getroottree()
    written: bytes = etree.tostring(
        tree, encoding=tree.docinfo.encoding or "UTF-8", xml_declaration=True, standalone=tree.docinfo.standalone
    )
    return written
