"""Files by URL."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import output_file
from seqtasks.storage.pipes import open_readable
from seqtasks.storage.urls import url_of, version_of


@pytest.mark.parametrize("url", ["memory://bucket/folder/a.txt", "file:///tmp/a b.txt", "s3://bucket/a.txt"])
def test_a_path_remembers_its_url(url: str) -> None:
    assert url_of(url) == url
    assert url_of(Path(url)) == url


@pytest.mark.parametrize("name", ["a.txt", "/a/b", "C:/a", "nothing://a/b", "a:b", "what: this/that", ""])
def test_other_names_are_none(name: str) -> None:
    assert url_of(name) is None
    assert url_of(Path(name)) is None


def test_an_output_appears_when_it_is_complete() -> None:
    url = Path("memory://urls/out.txt")
    with suppress(ZeroDivisionError), output_file(url) as stream:
        stream.write(b"half")
        raise ZeroDivisionError
    with pytest.raises(SeqtasksError, match=r"memory://urls/out\.txt: there is no such file or folder"):
        open_readable(url)
    with output_file(url) as stream:
        stream.write(b"whole\n")
    with open_readable(url) as file:
        assert file.read() == b"whole\n"


def test_what_a_protocol_needs_is_named() -> None:
    with pytest.raises(SeqtasksError, match=r"abfs://bucket/a: a package is missing\. .*adlfs"):
        open_readable("abfs://bucket/a")


def test_versions_tell_files_that_were_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"1")
    first = version_of(str(file))
    assert version_of(f"file://{file}") == first
    file.write_bytes(b"12")
    assert version_of(str(file)) != first
