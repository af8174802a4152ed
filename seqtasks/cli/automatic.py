"""Training from data alone: for each task the configuration that suits the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from seqtasks.cli.options import split_languages


class Automatic(NamedTuple):
    """A task that can be trained from data alone."""

    data: str
    """What its data may be called, for messages."""
    run: Callable[[Sequence[Path], Sequence[str], str | None], str]
    """The configuration, as TOML, for the data, what `--set` says and `--language-pair`."""


def translation_run(files: Sequence[Path], overrides: Sequence[str], languages: str | None) -> str:
    """Pairs of sentences."""
    from seqtasks.cli.data import data_sources, languages_of

    sources = data_sources(files)
    named = split_languages(languages) or languages_of(files)

    from seqtasks.tasks.translation.automatic import automatic_translation

    kinds = chosen_kinds(overrides, "model.encoder", "model.decoder")
    return automatic_translation(sources, named, **kinds)


def captioning_run(paths: Sequence[Path], overrides: Sequence[str], languages: str | None) -> str:
    """Pictures with captions."""
    require_no_languages("captioning", languages)
    from seqtasks.cli.data import caption_source

    source = caption_source(paths, None)

    from seqtasks.tasks.captioning.automatic import automatic_captioning

    kinds = chosen_kinds(overrides, "text", "model.encoder", "model.decoder")
    return automatic_captioning(source, **kinds)


def tagging_run(files: Sequence[Path], overrides: Sequence[str], languages: str | None) -> str:
    """Sentences with labels."""
    require_no_languages("tagging", languages)
    from seqtasks.tasks.tagging.automatic import automatic_tagging
    from seqtasks.tasks.tagging.task import TaggedSource

    kinds = chosen_kinds(overrides, "model.encoder", "model.characters")
    sources = [TaggedSource(path=file) for file in files]
    return automatic_tagging(sources, **kinds)


def classification_run(paths: Sequence[Path], overrides: Sequence[str], languages: str | None) -> str:
    """Documents with labels."""
    require_no_languages("classification", languages)
    from seqtasks.data.documents import DocumentSource
    from seqtasks.tasks.classification.automatic import automatic_classification

    said = written(overrides)
    sources = [
        DocumentSource(
            path=path,
            text=column(said.get(f"data.train.{number}.text")),
            label=column(said.get(f"data.train.{number}.label")),
            separator=said.get(f"data.train.{number}.separator") or None,
        )
        for number, path in enumerate(paths)
    ]
    start = said.get("model.encoder.start_from")
    return automatic_classification(sources, **chosen_kinds(overrides, "text", "model.encoder"), start_from=start)


def generation_run(paths: Sequence[Path], overrides: Sequence[str], languages: str | None) -> str:
    """Texts."""
    require_no_languages("generation", languages)
    from seqtasks.data.text_stream import TextSource
    from seqtasks.tasks.generation.automatic import automatic_generation

    said = written(overrides)
    sources = [
        TextSource(path=path, text=column(said.get(f"data.train.{number}.text"))) for number, path in enumerate(paths)
    ]
    return automatic_generation(sources, **chosen_kinds(overrides, "text", "model.encoder"))


def require_no_languages(task: str, languages: str | None) -> None:
    if languages is not None:
        raise typer.BadParameter(
            f"{task} knows one language; say which with --set text.language=de", param_hint="--language-pair"
        )


def chosen_kinds(overrides: Sequence[str], *parts: str) -> dict[str, str]:
    """What `--set model.decoder.kind=lstm` and the like say of these parts, by their last names.

    The kind of a part decides which other settings it has.
    """
    said = written(overrides)
    return {part.rpartition(".")[2]: said[f"{part}.kind"] for part in parts if f"{part}.kind" in said}


def written(overrides: Sequence[str]) -> dict[str, str]:
    """What `--set` says, by name."""
    return {name.strip(): value.strip().strip("\"'") for name, _, value in (each.partition("=") for each in overrides)}


def column(value: str | None) -> str | int | None:
    """A column by its name or its number."""
    return int(value) if value is not None and value.isdecimal() else value


AUTOMATIC = {
    "translation": Automatic("pairs.tsv", translation_run),
    "captioning": Automatic("photos/ captions.csv", captioning_run),
    "tagging": Automatic("train.conllu", tagging_run),
    "classification": Automatic("reviews.csv", classification_run),
    "generation": Automatic("book.txt", generation_run),
}
