"""What processes of a Ray cluster do in tests; they find it by its name."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.inference.bulk import Batch
from seqtasks.storage.batch_results import BatchResult


@dataclass(frozen=True)
class Shout:
    """Capital letters; the word "bad" cannot be processed, "deadly" ends the process, "once" the first that gets it."""

    marks: Path

    def __call__(self, pipeline: Any, batch: Batch[str]) -> BatchResult:
        if "bad" in batch.items:
            raise ValueError("bad")
        if "deadly" in batch.items:
            os._exit(1)
        if "once" in batch.items and not (mark := self.marks / "once").exists():
            mark.touch()
            os._exit(1)
        return BatchResult(
            [item.upper() for item in batch.items], messages=[f"threads: {os.environ.get('OMP_NUM_THREADS')}"]
        )

    def failed(self, batch: Batch[str], reason: str) -> BatchResult:
        return BatchResult(["-"] * len(batch.items), messages=[reason], failed=len(batch.items))
