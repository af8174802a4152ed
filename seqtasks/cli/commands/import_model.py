"""`seqtasks import`: a model of another program as one of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seqtasks.cli.options import LanguagePair, split_languages
from seqtasks.cli.output import warn
from seqtasks.cli.suffixes import ensure_directory
from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_dir, is_file

FILES = (".npz", ".argosmodel")
"""Models that are files."""


def import_model(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Directory of a Marian model of transformers or of a model of CTranslate2, or its name on the Hugging "
            "Face Hub; an .npz of Marian, or an .argosmodel.",
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Output directory; by default named after SOURCE."),
    ] = None,
    target_language: Annotated[
        str | None,
        typer.Option(
            "--target-language", metavar="CODE", help="Target language of a multilingual model, such as deu in >>deu<<."
        ),
    ] = None,
    vocab: Annotated[
        list[Path] | None,
        typer.Option(
            "--vocab",
            metavar="FILE",
            help="For an .npz or CTranslate2: vocabulary (.spm, .yml) of the source, and again that of the target; by "
            "default those beside it.",
        ),
    ] = None,
    languages: LanguagePair = None,
) -> None:
    """Import a translation model of another program: OPUS-MT and other Marian models, CTranslate2, Argos Translate.

    An imported model is like one that was trained here: it translates, is evaluated, trained further and exported.
    Those of CTranslate2 and packages of Argos Translate translate and are evaluated.

    \b
    Examples:
      seqtasks import opus-mt-en-de --output opus-en-de
      seqtasks import Helsinki-NLP/opus-mt-en-mul --target-language deu
      seqtasks import model.npz --vocab vocab.spm --language-pair en-de
      seqtasks import opus-en-de-ctranslate2 --language-pair en-de
      seqtasks import translate-en_de-1_9.argosmodel --output argos-en-de
    """
    file = Path(source)
    out = output or Path(f"{file.stem if file.suffix in FILES else file.name}-imported")
    ensure_directory(out)
    if is_file(out) or (is_dir(out) and any(out.iterdir())):
        raise SeqtasksError(f"{out} already exists.", "Choose another directory with --output, or remove it.")

    from seqtasks.importers import import_model as make_bundle

    named = split_languages(languages)
    make_bundle(source, out, target_language=target_language, vocab=vocab or (), languages=named, warn=warn)
    print(f'{out}: seqtasks translate --model {out} --text "..."')
