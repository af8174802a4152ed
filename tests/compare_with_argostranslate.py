"""Compares a model with what argostranslate makes of its package, text by text.

    pip install argostranslate==1.11.0 && python tests/compare_with_argostranslate.py en-de texts.txt --beam 1

argostranslate is too large to be in the tests' environment. Texts are given to it whole: what splits them into
sentences would be downloaded.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path


class Whole:
    """In the place of argostranslate's splitters of sentences."""

    def split_sentences(self, text: str) -> list[str]:
        return [text]


def of_argostranslate(
    package: Path, folder: Path, languages: tuple[str, str], texts: list[str], beam: int
) -> list[str]:
    os.environ |= {
        "ARGOS_PACKAGES_DIR": str(folder), "ARGOS_BEAM_SIZE": str(beam), "ARGOS_COMPUTE_TYPE": "float32",
    }  # fmt: skip
    import argostranslate.package
    import argostranslate.translate

    argostranslate.package.install_from_path(package)
    translation = argostranslate.translate.get_translation_from_codes(*languages).underlying
    translation.sentencizer = Whole()
    return [translation.translate(text) for text in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("texts", type=Path)
    parser.add_argument("--beam", type=int, default=1)
    given = parser.parse_args()
    from seqtasks.export import write_argos
    from seqtasks.loading import open_models

    task, pipeline = open_models([given.model], "translation", device="cpu", dtype="float32")
    texts = given.texts.read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as place:
        package, folder = Path(place) / "own.argosmodel", Path(place) / "packages"
        write_argos(task, pipeline.models[0], pipeline.default_decoding, "", package)
        theirs = of_argostranslate(package, folder, pipeline.languages, texts, given.beam)
    ours = pipeline.translate(texts, beam_size=given.beam)
    for text, own, other in zip(texts, ours, theirs, strict=True):
        if own.text != other:
            print(text, own.text, other, "", sep="\n")
    equal = sum(own.text == other for own, other in zip(ours, theirs, strict=True))
    print(f"{equal} of {len(texts)} texts are equal")


if __name__ == "__main__":
    main()
