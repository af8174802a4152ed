"""The contract of readers of data files."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from seqtasks.data.captions.source import CaptionReader, Row
from seqtasks.data.documents.source import Document, DocumentReader, DocumentSource
from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.parallel.source import PairReader, ParallelSource
from seqtasks.data.reader import Reader
from seqtasks.data.tagging.conllu import Sentence
from seqtasks.data.tagging.readers import SentenceReader
from seqtasks.data.text_io import require_file
from seqtasks.errors import SeqtasksError
from seqtasks.testing.contract import check_rules

CUTS = 40
"""Places at which a file is cut off."""

EXAMPLES: dict[type[Reader], type] = {
    PairReader: Pair,
    CaptionReader: Row,
    SentenceReader: Sentence,
    DocumentReader: Document,
}
"""What the readers of each branch give."""


def check_reader(reader: type[Reader], file: Path | str, *, languages: tuple[str, str] | None = None) -> None:
    """Checks a reader on a file: types, what it counts, compression, and files that are damaged, empty or missing.

        check_reader(EqualsReader, "pairs.equals")

    Args:
        reader: The class.
        file: A small right file, of at least two examples, whose suffix is the reader's.
        languages: The two languages to read, where a file of pairs holds several.

    Raises:
        SeqtasksError: There is no such file.
        ContractError: It breaks its contract; the message says how, a line for each problem.
    """
    require_file(Path(file))
    contract = ReaderContract(reader, Path(file), languages)
    rules = [contract.again, contract.compressed, contract.cut_off, contract.other_bytes, contract.missing]
    check_rules(reader.__qualname__, [contract.examples], rules)


class ReaderContract:
    """The rules for one reader."""

    def __init__(self, reader: type[Reader], file: Path, languages: tuple[str, str] | None) -> None:
        self.reader, self.file, self.languages = reader, file, languages
        self.branch = next((branch for branch in EXAMPLES if issubclass(reader, branch)), None)
        self.skipped = ReadReport()

    def read(self, file: Path) -> Iterator[Any]:
        """The examples of a file; `skipped` is its report."""
        self.skipped = ReadReport()
        reader: Any = self.reader()
        if self.branch is PairReader:
            found = reader.read(ParallelSource(path=file), self.skipped, self.languages)
        elif self.branch is CaptionReader:
            found = reader.read(file, {"image": None, "caption": None})
        elif self.branch is DocumentReader:
            found = reader.read(DocumentSource(path=file), self.skipped)
        else:
            found = reader.read(file, self.skipped)
        return iter(found)

    def examples(self) -> Iterator[str]:
        """A right file gives examples of the branch's type, each counted at its place."""
        name = self.reader.__qualname__
        if self.branch is None:
            yield f"{name} is none of {', '.join(branch.__name__ for branch in EXAMPLES)}: inherit from one of them."
            return
        if not isinstance(self.branch.for_file(self.file), self.reader):
            example = f'class {name}({self.branch.__name__}, kind="own")'
            yield f"{self.file.name} does not lead to {name}: {example} reads files that end in .own."
        found = list(self.read(self.file))
        if len(found) < 2:
            yield f"{self.file} has {len(found)} examples: give one with two or more."
            return
        expected = EXAMPLES[self.branch]
        wrong = next((each for each in found if not isinstance(each, expected)), None)
        if wrong is not None:
            yield f"read gives {type(wrong).__name__}, expected {expected.__module__}.{expected.__name__}."
        told = len(found) + self.skipped.skipped
        if self.branch is not CaptionReader and len(found) <= self.skipped.read and self.skipped.read != told:
            yield (
                f"The report counts {self.skipped.read} examples, of which {len(found)} were yielded and "
                f"{self.skipped.skipped} left out: call skipped.skip(reason) for each that is skipped."
            )
        if self.branch is not CaptionReader and self.skipped.read < len(found):
            yield (
                f"The report counts {self.skipped.read} of {len(found)} examples: call skipped.reach(file, line) for "
                "each, before it is yielded or skipped."
            )

    def again(self) -> Iterator[str]:
        """Reading is lazy, and the second time gives the same."""
        first = list(self.read(self.file))
        if list(self.read(self.file)) != first:
            yield "Reading a second time gives other examples."
        if list(islice(self.read(self.file), 1)) != first[:1]:
            yield "Reading the first example alone gives another one."

    def compressed(self) -> Iterator[str]:
        """A file behind .gz is read as the plain one."""
        with TemporaryDirectory() as folder:
            plain, packed = Path(folder, self.file.name), Path(folder, self.file.name + ".gz")
            plain.write_bytes(self.file.read_bytes())
            packed.write_bytes(gzip.compress(self.file.read_bytes()))
            expected = list(map(repr, self.read(plain)))
            try:
                found = [repr(each).replace(packed.name, plain.name) for each in self.read(packed)]
            except SeqtasksError as error:
                yield f"The file behind .gz is refused ({error}): open it with seqtasks.data.text_io.read_lines."
                return
        if found != expected:
            yield "The file behind .gz gives other examples: open it with seqtasks.data.text_io.read_lines."

    def cut_off(self) -> Iterator[str]:
        """A file that breaks off anywhere gives examples or a SeqtasksError."""
        whole = self.file.read_bytes()
        yield from self.refused({f"truncated after {cut} bytes": whole[:cut] for cut in self.places(len(whole))})

    def other_bytes(self) -> Iterator[str]:
        """A file with wrong bytes anywhere gives examples or a SeqtasksError."""
        whole = self.file.read_bytes()
        changed = {
            f"with the byte FF at {at}": whole[:at] + b"\xff" + whole[at + 1 :] for at in self.places(len(whole))
        }
        yield from self.refused(changed | {"that is empty": b"", "of blank lines": b"\n\n\n"})

    def missing(self) -> Iterator[str]:
        """A missing file is a SeqtasksError that names it."""
        with TemporaryDirectory() as folder:
            path = Path(folder, "missing" + self.file.suffix)
            try:
                list(self.read(path))
            except SeqtasksError as error:
                if path.name not in str(error):
                    yield f"The error about a missing file does not name it: {error}"
            except OSError as error:
                yield f"A missing file is a {type(error).__name__}: read it with seqtasks.data.text_io.read_lines."

    def refused(self, contents: dict[str, bytes]) -> Iterator[str]:
        """One sentence for the first of these contents that gives another exception than SeqtasksError."""
        with TemporaryDirectory() as folder:
            path = Path(folder, "own" + self.file.suffix)
            for name, data in contents.items():
                path.write_bytes(data)
                try:
                    list(self.read(path))
                except SeqtasksError:
                    continue
                except Exception as error:
                    yield (
                        f"A file {name} is a {type(error).__name__}: {error}. Leave the example out with "
                        "skipped.skip(reason), or raise a SeqtasksError that says what is wrong and where."
                    )
                    return

    @staticmethod
    def places(length: int) -> list[int]:
        """Places all over a file."""
        return sorted({length * number // CUTS for number in range(CUTS)})
