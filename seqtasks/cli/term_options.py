"""Terms that come out in a certain way, or as they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seqtasks.errors import SeqtasksError

if TYPE_CHECKING:
    from seqtasks.decoding import DecodingConfig


@dataclass(frozen=True)
class TermOptions:
    """Files with terms, as a group of options."""

    glossary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table (.tsv, .csv) of terms: a term, then its translations, of which one is taken; or a termbase "
            "(.tbx).",
        ),
    ] = None
    do_not_translate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Words and phrases that stay as they are, one per line.")
    ] = None

    @property
    def files(self) -> list[Path]:
        """Those that are given."""
        return [file for file in (self.glossary, self.do_not_translate) if file is not None]

    def options(self, languages: tuple[str, str]) -> dict[str, Any]:
        """What they say, as options of `TranslationPipeline.translate`.

        Args:
            languages: Codes of source and target.

        Raises:
            SeqtasksError: One of the files cannot be read.
        """
        options: dict[str, Any] = {}
        if self.glossary is not None:
            from seqtasks.text.glossary import Glossary

            options["glossary"] = Glossary.from_file(self.glossary, languages)
        if self.do_not_translate is not None:
            from seqtasks.data.text_io import read_file

            options["protect"] = read_file(self.do_not_translate).splitlines()
        return options

    def check(self, decoding: DecodingConfig) -> None:
        """Raises SeqtasksError for a glossary with what is no beam search."""
        if self.glossary is not None and (decoding.sample or decoding.beam_size == 1):
            raise SeqtasksError(
                "--glossary needs beam search.", "Leave out --sample, and set --beam-size to 2 or more."
            )


@dataclass(frozen=True)
class WordOptions:
    """What every output contains and does not, as a group of options."""

    force_words: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Every output contains this word or phrase (beam search); may be repeated."),
    ] = None
    bad_words: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="No output contains this word or phrase; may be repeated."),
    ] = None

    def options(self, count: int | None = None) -> dict[str, list[Any]]:
        """Those that are given, for one output or for each of `count`."""
        given = {"force_words": self.force_words, "bad_words": self.bad_words}
        return {name: words if count is None else [words] * count for name, words in given.items() if words}
