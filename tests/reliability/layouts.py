"""How tables of the world are written, for the tests of what has to be read from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from seqtasks.data.files.compression import import_zstd

zstd = import_zstd(Path("a test"))


def table(*rows: tuple[str, ...], by: str = ",", end: str = "\n") -> str:
    """Rows with quotes where they are needed."""
    quoted = [[f'"{cell}"' if by in cell or '"' in cell or "\n" in cell else cell for cell in row] for row in rows]
    return "".join(by.join(row) + end for row in quoted)


def json_lines(*objects: Any) -> str:
    return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
