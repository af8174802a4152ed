"""Whether pairs of texts are in the languages of a model, and not the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from seqtasks.data.examples import Pair, ReadReport
from seqtasks.data.language_detection import base_language, language_name
from seqtasks.data.parallel.readers import languages_of, read_pairs
from seqtasks.data.parallel.source import Languages, ParallelSource
from seqtasks.errors import SeqtasksError
from seqtasks.tasks.data_warnings import ANY_LANGUAGE, are_swapped

LOOKED_AT = 2_000
"""So many pairs of a source tell its languages."""


def require_direction(languages: Languages, sources: Sequence[ParallelSource]) -> None:
    """Raises SeqtasksError where the names of files, or their texts, are in the languages the other way round.

    Args:
        languages: The codes of source and target; nothing is checked where they are not known.
        sources: The pairs, of which the first are looked at.
    """
    source, target = map(base_language, languages)
    if ANY_LANGUAGE in (source, target) or source == target:
        return
    for each in sources:
        pairs = list(islice(read_pairs(each, ReadReport(), languages=languages), LOOKED_AT))
        if is_named_otherwise(each, (source, target), pairs) or are_swapped(languages, pairs):
            files = f"{each.source} and {each.target}" if each.path is None else str(each.path)
            ours, theirs = language_name(source), language_name(target)
            raise SeqtasksError(
                f"{files}: the pairs go from {theirs} to {ours}, the model from {ours} to {theirs}.",
                "Leave out --reverse (reverse)." if each.reverse else "Exchange the sides with --reverse (reverse).",
            )


def is_named_otherwise(each: ParallelSource, languages: Languages, pairs: Sequence[Pair]) -> bool:
    """Whether two files have the languages in their names, in the other order, and the texts do not contradict that."""
    if each.source is None or each.target is None:
        return False
    named = languages_of([each.source, each.target])
    wanted = languages if each.reverse else languages[::-1]
    return named is not None and tuple(map(base_language, named)) == wanted and not are_swapped(languages[::-1], pairs)
