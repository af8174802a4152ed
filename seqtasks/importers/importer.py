"""`seqtasks.import_model`: a model found, read and written."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from seqtasks.errors import SeqtasksError, require_package
from seqtasks.importers.argos import read_argos, unpacked
from seqtasks.importers.ctranslate2 import ImportedEngine, read_ctranslate2
from seqtasks.importers.huggingface_marian import read_huggingface_marian
from seqtasks.importers.imported_model import ImportedModel
from seqtasks.importers.marian import read_marian
from seqtasks.importers.marian_vocabulary import find_vocabularies
from seqtasks.storage.foreign_models import is_argos, is_ctranslate2
from seqtasks.storage.presence import is_dir, is_file
from seqtasks.tasks.data_reports import Warn

FILES = (
    "*.json", "*.spm", "*.model", "*_vocabulary.txt", "model.safetensors", "pytorch_model.bin", "model.bin",
    "README.md",
)  # fmt: skip
"""Of a model on the Hub."""


def import_model(
    source: Path | str,
    output: Path | str,
    *,
    target_language: str | None = None,
    vocab: Sequence[Path | str] = (),
    languages: tuple[str, str] | None = None,
    warn: Warn = warnings.warn,
) -> None:
    """Makes a bundle of a translation model of another program.

    Args:
        source: A directory of transformers with a Marian model, such as one of OPUS-MT, or its name on the Hugging Face
            Hub, such as `Helsinki-NLP/opus-mt-en-de`; a model of Marian itself: the `.npz`, or a directory with one;
            a directory of CTranslate2; or a package of Argos Translate: the `.argosmodel`, or its directory. The last
            two are run by CTranslate2, and cannot be trained further.
        output: The directory of the bundle.
        target_language: For models of several target languages, the code that they know it by, such as `deu`.
        vocab: For models of Marian itself and of CTranslate2: the vocabulary of the source and that of the target, or
            one for both; by default those beside the model. For CTranslate2 they are sentencepiece models.
        languages: Codes of the source and the target language, where the model does not tell them.
        warn: Called with a sentence where nothing tells them.

    Raises:
        SeqtasksError: It is no model that can be imported, it is damaged, or it cannot be downloaded.
    """
    path, out = find(source), Path(output)
    name = str(source) if path != Path(source) else path.resolve().name
    model: ImportedModel | ImportedEngine
    if is_argos(path):
        require_unset(path, "a package of Argos Translate", vocab=vocab, target_language=target_language)
        with unpacked(path) as folder:
            model = read_argos(folder, path.stem, languages)
            model.write(out)
    elif is_ctranslate2(path):
        model = read_ctranslate2(path, name, [Path(file) for file in vocab], target_language, languages)
        model.write(out)
    elif weights := marian_model(path):
        require_unset(path, "a model of Marian itself", target_language=target_language)
        vocabularies = [Path(file) for file in vocab] or find_vocabularies(weights)
        name = path.stem if path == weights else name
        model = read_marian(weights, name, vocabularies, languages or ("xx", "xx"))
        model.write(out)
    else:
        require_unset(path, "no model of Marian itself (.npz) nor of CTranslate2", vocab=vocab)
        if not is_file(path / "config.json"):
            raise SeqtasksError(f"{path} has no config.json.", "Give the directory of a Marian model of transformers.")
        model = read_huggingface_marian(path, name, target_language, languages)
        model.write(out)
    found = model.task.config.languages
    if "xx" in (found.source, found.target):
        warn(
            f"{name} does not tell its languages, which BLEU and files of several languages need: give them with "
            "--language-pair"
        )


def find(source: Path | str) -> Path:
    """The model at a path, or downloaded by its name.

    Raises:
        SeqtasksError: There is none.
    """
    path = Path(source)
    if is_dir(path) or is_argos(path) or marian_model(path):
        return path
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", str(source)) or is_file(path):
        raise SeqtasksError(
            f"{source} is neither a directory nor an .npz of Marian nor an .argosmodel.",
            "Give the directory of a Marian model or of CTranslate2, or OWNER/NAME on the Hub.",
        )
    return download(str(source))


def require_unset(path: Path, what: str, **options: object) -> None:
    """Raises SeqtasksError where an option is given that says nothing to such a model."""
    for option, value in options.items():
        if value:
            raise SeqtasksError(f"{path} is {what}: --{option.replace('_', '-')} does not apply.", "Leave it out.")


def marian_model(path: Path) -> Path | None:
    """The `.npz` that a path is, or that is in it; None where there is none.

    Raises:
        SeqtasksError: There are several.
    """
    if is_file(path):
        return path if path.suffix == ".npz" else None
    if not is_dir(path) or is_file(path / "config.json"):
        return None
    found = sorted(file for file in path.glob("*.npz") if not file.name.endswith(".optimizer.npz"))
    if len(found) > 1:
        names = ", ".join(file.name for file in found[:5])
        raise SeqtasksError(f"{path} has {len(found)} models: {names}.", "Give one of these files.")
    return found[0] if found else None


def download(name: str) -> Path:
    """The directory of a model on the Hub, downloaded or found in its cache.

    Raises:
        SeqtasksError: There is no such model, or no network.
    """
    require_package("huggingface_hub", f"{name} is no directory; downloading it needs huggingface_hub.", "hub")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except (OSError, ValueError) as error:  # all that it raises for names, rights and the network are among these
        reason = str(error).strip().partition("\n")[0]
        raise SeqtasksError(
            f"{name} is no directory, and cannot be downloaded ({reason}).",
            "Check the name and the network, or give a directory.",
        ) from error
