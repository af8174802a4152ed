"""The texts of one column of JSON lines and of Parquet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seqtasks.data.text_column import column_texts
from seqtasks.errors import SeqtasksError

ROWS = [{"text": "a", "translation": {"en": "x", "de": "y"}}, {"text": None, "translation": {"en": "z"}}, {"text": ""}]


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".parquet":
        pytest.importorskip("pyarrow")
        from pyarrow import Table
        from pyarrow.parquet import write_table

        write_table(Table.from_pylist(rows), path)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_each_row_has_a_text_or_none(name: str, tmp_path: Path) -> None:
    file = written(tmp_path / name, ROWS)
    assert list(column_texts(file, "text")) == ["a", None, ""]
    assert list(column_texts(Path(f"file://{file}"), "translation.en")) == ["x", "z", None]
    with pytest.raises(SeqtasksError, match=r"has no column 'label'\. Its columns are text, translation\.de"):
        list(column_texts(file, "label"))


def test_a_broken_row_has_none(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "a"}\n{"text"\n7\n{"text": "b"}\n', encoding="utf-8")
    assert list(column_texts(file, "text")) == ["a", None, None, "b"]


def test_other_files_have_no_columns(tmp_path: Path) -> None:
    with pytest.raises(SeqtasksError, match=r"--text-column is for files that end in \.parquet"):
        column_texts(tmp_path / "rows.txt", "text")
