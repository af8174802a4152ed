"""Packages of Argos Translate: a model of CTranslate2 with its text processor and its languages, zipped or not."""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile, ZipInfo

from seqtasks.errors import SeqtasksError
from seqtasks.importers.ctranslate2 import ImportedEngine, imported_engine
from seqtasks.importers.ctranslate2_vocabulary import read_vocabularies
from seqtasks.importers.files import AGAIN, read_json
from seqtasks.importers.imported_model import language_code
from seqtasks.storage.presence import is_file

ABOUT = "metadata.json"
TEXTS, MOSES_TEXTS = "sentencepiece.model", "bpe.model"
READ = {ABOUT, TEXTS, MOSES_TEXTS, "README.md"}
"""Files of a package, beside those in `model`."""
MODEL = "model"
LARGEST = 4 * 2**30
"""Bytes that a package may unpack to."""
OWN_CODES = {"zt": "zh", "pb": "pt"}
"""Codes of Argos Translate for traditional Chinese and the Portuguese of Brazil."""


def read_argos(path: Path, name: str, languages: tuple[str, str] | None = None) -> ImportedEngine:
    """Reads an unpacked package.

    Args:
        path: It has `metadata.json`, `model` and `sentencepiece.model`.
        name: What the model is called.
        languages: Codes of the source and the target language; by default those of the package.

    Raises:
        SeqtasksError: A file is missing or damaged, or the package is of another kind.
    """
    about = read_json(path / ABOUT)
    if about.get("type", "translate") != "translate":
        raise SeqtasksError(f"{name} is a package of the type {about['type']!r}, not one that translates.")
    if not is_file(path / TEXTS) and is_file(path / MOSES_TEXTS):
        raise SeqtasksError(
            f"{name} cuts texts by Moses and BPE ({MOSES_TEXTS}), which cannot be imported.",
            f"Take a package with {TEXTS}.",
        )
    prefix = about.get("target_prefix", "")
    if not isinstance(prefix, str):
        raise SeqtasksError(f"{path / ABOUT}: target_prefix is no token.", AGAIN)
    return imported_engine(
        path / MODEL,
        name,
        read_vocabularies(path / MODEL),
        [path / TEXTS],
        target_prefix=prefix,
        languages=languages or (language(about.get("from_code")), language(about.get("to_code"))),
        card=path / "README.md",
    )


def language(code: object) -> str:
    """The ISO code of a language of Argos Translate."""
    return OWN_CODES.get(code, language_code(code)) if isinstance(code, str) else "xx"


@contextmanager
def unpacked(package: Path) -> Iterator[Path]:
    """The directory in a package: itself, or what is read of an archive, in a temporary place.

    Raises:
        SeqtasksError: It is no such archive, it is damaged, or has files that would lie elsewhere.
    """
    if not is_file(package):
        yield package
        return
    with TemporaryDirectory() as place:
        folder = Path(place) / package.stem
        try:
            with ZipFile(package) as archive:
                for member, name in wanted(package, archive):
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as packed, (folder / name).open("wb") as file:
                        copyfileobj(packed, file)
        except (BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
            raise SeqtasksError(f"{package} is not a zip archive, or damaged ({error}).", AGAIN) from error
        except OSError as error:
            raise SeqtasksError(f"{package} cannot be unpacked: {error.strerror or error}.") from error
        yield folder


def wanted(package: Path, archive: ZipFile) -> list[tuple[ZipInfo, PurePosixPath]]:
    """The files of an archive that are read, each with its path below the one directory of the package.

    Raises:
        SeqtasksError: There is no such directory, a path leads elsewhere, or they unpack to too much.
    """
    members = archive.infolist()
    for member in members:
        name, link = PurePosixPath(member.filename), stat.S_ISLNK(member.external_attr >> 16)
        if link or name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in member.filename:
            raise SeqtasksError(f"{package} has a file that would lie elsewhere: {member.filename!r}.")
    folders = {
        path.parent for path in (PurePosixPath(member.filename) for member in members)
        if path.name == ABOUT and len(path.parts) == 2
    }  # fmt: skip
    if len(folders) != 1:
        raise SeqtasksError(f"{package} is no package of Argos Translate: no directory in it has {ABOUT}.", AGAIN)
    [folder] = folders
    found = []
    for member in members:
        path = PurePosixPath(member.filename)
        if member.is_dir() or not path.is_relative_to(folder):
            continue
        name = path.relative_to(folder)
        if str(name) in READ or (len(name.parts) == 2 and name.parts[0] == MODEL):
            found.append((member, name))
    if sum(member.file_size for member, _ in found) > LARGEST:
        raise SeqtasksError(f"{package} unpacks to more than {LARGEST // 2**30} GiB.", AGAIN)
    return found
