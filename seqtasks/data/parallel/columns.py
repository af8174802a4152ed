"""Which columns of a table, or keys of JSON objects, hold a text and its translation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from seqtasks.data.column_names import Role, language_of
from seqtasks.data.columns import named_columns, requested_columns, text_columns, unclear
from seqtasks.data.headers import may_be_header, names_half_a_pair
from seqtasks.data.parallel.source import Languages
from seqtasks.data.tables import Table
from seqtasks.errors import SeqtasksError

ROLES = (
    Role("source", ("source", "src", "original", "input", "sentence1")),
    Role("target", ("target", "trg", "tgt", "translation", "translated", "output", "sentence2")),
)


def pair_columns(
    table: Table, requested: Mapping[str, str | int | None], languages: Languages | None, *, sure: bool = False
) -> tuple[int, int]:
    """The places of the source and of the target in a table, or among the keys of JSON objects.

    Columns that were asked for come first, then names such as `source` and `target`, then names of languages. Without
    names the columns of texts are taken, a pair of them: numbers, identifiers and addresses are none. `sure` says that
    somebody told whether there is a header.

    Raises:
        SeqtasksError: It is not clear which they are, or a column that was asked for is not there.
    """
    if table.width < 2:
        raise SeqtasksError(
            f"{table.path}: its rows have one column, but pairs need two. {table.describe()}.",
            "Write one pair per line, a text, a tab and its translation, or a .csv or .jsonl file.",
        )
    names = table.header or ("",) * table.width
    found = requested_columns(table.path, names, requested)
    if table.header and len(found) < 2:
        called, in_words = (
            named_columns(names, ROLES),
            named_columns([name.replace(" ", "_") for name in names], ROLES, in_words=True),
        )
        spoken = language_columns(table.path, names, languages) if len(called) < 2 else {}
        found = (spoken or (in_words if len(called) < 2 else called)) | found
    doubtful = names_half_a_pair(table.sample, ROLES) or (not found and may_be_header(table.sample))
    if not table.header and not sure and doubtful:
        raise SeqtasksError(
            f"{table.path}: it is not clear whether the first row names the columns. {table.describe()}.",
            "Specify it: --header, with --source-column and --target-column, or --no-header "
            "(header = true or false in a configuration).",
        )
    if len(found) < 2:
        texts = [place for place in text_columns(table.sample, table.width) if place not in found.values()]
        missing = [role.name for role in ROLES if role.name not in found]
        if len(texts) != len(missing) or (table.header and not found and set(table.header) - {""}):
            raise unclear(table, "which of its columns are the source and the target", ROLES)
        found.update(zip(missing, texts, strict=True))
    if found["source"] == found["target"]:
        raise SeqtasksError(f"{table.path}: one column cannot be both the source and the target.", "Give two columns.")
    return found["source"], found["target"]


def language_columns(path: Path, names: Sequence[str], languages: Languages | None) -> dict[str, int]:
    """The places of the columns that are called after languages: those that are asked for, else the only two."""
    known = {code: place for place, name in enumerate(names) if name and (code := language_of(name))}
    if len(known) < 2:
        return {}
    asked = languages or tuple(known)
    codes = [language_of(code) or code for code in asked]
    if len(codes) != 2 or not set(codes) <= set(known):
        shown = ", ".join(known)
        wish = "which two languages to read" if languages is None else f"where {' and '.join(asked)} are"
        raise SeqtasksError(
            f"{path}: it is not clear {wish}: its columns are called {shown}.",
            "Give two of them with --language-pair, such as --language-pair en-de.",
        )
    return {role.name: known[code] for role, code in zip(ROLES, codes, strict=True)}
