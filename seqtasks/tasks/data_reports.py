"""What is said of the data of a task: what was left out, that there are none, and a fingerprint of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from seqtasks.data.examples import ReadReport
from seqtasks.errors import SeqtasksError
from seqtasks.metrics.evaluation import Skipped
from seqtasks.text.normalize import is_normalized_otherwise

Warn = Callable[[str], object]
"""Takes a sentence about data that are left out."""


def warn_skipped(skipped: ReadReport, warn: Warn) -> None:
    """Tells what was left out, if anything was."""
    if skipped.skipped:
        warn(skipped.describe())


def skipped_in(*reports: ReadReport) -> tuple[Skipped, ...]:
    """What was left out by any of the reports, for an evaluation."""
    return tuple(
        Skipped(reason, omission.count, tuple(omission.places))
        for report in reports
        for reason, omission in report.omissions.items()
    )


def require_validation(validation: Sequence[Any], example: str, more: str) -> None:
    """Raises SeqtasksError where nothing is left to validate on."""
    if not validation:
        raise SeqtasksError(f"There is no {example} to validate on.", f"Give data.validation, or more training {more}.")


def fingerprint(examples: Iterable[Sequence[str]]) -> str:
    """A digest of the examples' texts that any change of them, of their order, or of what is read out of them changes.

    Texts that are normalized as in version 0.1 have the fingerprint that they had there.
    """
    digest = hashlib.sha256()
    otherwise = False
    for texts in examples:
        joined = "\0".join([*texts, "\n"])
        otherwise = otherwise or is_normalized_otherwise(joined)
        digest.update(joined.encode(errors="surrogatepass"))
    if otherwise:
        digest.update(b"normalized as in 0.2")
    return digest.hexdigest()
