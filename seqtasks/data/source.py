"""Where pairs of texts come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from seqtasks.component import Settings


class Source(Settings):
    """Either one file of pairs (`path`) or two parallel files, a line a text (`source` and `target`).

    The suffix of `path` says its format: .tsv, .csv, .jsonl or .tmx; any file may be compressed (.gz behind that).
    """

    path: Path | None = None
    """One file of pairs."""
    source: Path | None = None
    """The source texts, one per line."""
    target: Path | None = None
    """Their translations, one per line."""
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    """How often an epoch draws each example of this source."""

    @model_validator(mode="after")
    def check_paths(self) -> Source:
        """One form or the other."""
        one, two = self.path is not None, self.source is not None and self.target is not None
        if one == two or (one and (self.source is not None or self.target is not None)):
            raise ValueError("give either path (one file of pairs) or source and target (two parallel files)")
        return self
