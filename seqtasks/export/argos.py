"""Translation models as packages of Argos Translate: zip archives with a model of CTranslate2."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from seqtasks.decoding import DecodingConfig
from seqtasks.errors import SeqtasksError, require_package
from seqtasks.export.ctranslate2 import require_transformers, write_model
from seqtasks.models import EncoderDecoder
from seqtasks.registry import kind_of
from seqtasks.storage.atomic import atomic_file
from seqtasks.tasks import TranslationTask
from seqtasks.text import SubwordTokenizer
from seqtasks.version import __version__

SUFFIX = ".argosmodel"
VERSION = "1.0"
"""Of a package, and the oldest of Argos Translate that has such packages."""
COMPRESSION = 1
"""The default takes eight times as long for a tenth less."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of all files, so that the same model is the same package."""

README = """\
# A translation model for Argos Translate, {languages.source} to {languages.target}

Written by seqtasks {version}. Install it with `argospm install {name}{suffix}`, then, in Python:

```python
import argostranslate.translate

print(argostranslate.translate.translate("A dog runs.", "{languages.source}", "{languages.target}"))
```

Argos Translate searches with options of its own (a beam of 4; `ARGOS_BEAM_SIZE=1` is greedy search, whose tokens are
those of seqtasks). Unlike `seqtasks translate`, it neither cleans texts (Unicode's composed form, invisible characters)
nor copies words with characters that the vocabulary lacks, and it writes a blank for each underscore. It splits texts
into sentences by a model for the language of the source, which it downloads when it is first needed.

The model's card is in `CARD.md`.
"""


def write_argos(task: TranslationTask, model: EncoderDecoder, decoding: DecodingConfig, card: str, path: Path) -> None:
    """Writes a package: the model in float32, vocabulary, text processor, the card, and a guide to use it.

    Args:
        task: The task of the model, with its processors.
        model: A Transformer.
        decoding: The options of our own search; Argos Translate has others.
        card: The model card, in Markdown.
        path: The file.

    Raises:
        SeqtasksError: The package ctranslate2 is missing, or Argos Translate lacks the network or the text processors,
            or does not learn the languages.
    """
    processor = require_one_processor(task)
    require_transformers(task, model)
    about = metadata(task)
    require_package("ctranslate2", "--format argos needs ctranslate2.", "export")
    folder = f"translate-{about['from_code']}_{about['to_code']}-{VERSION.replace('.', '_')}"
    languages = task.config.languages
    guide = README.format(languages=languages, version=__version__, name=path.stem, suffix=SUFFIX)
    with TemporaryDirectory() as place, atomic_file(path) as stream, ZipFile(stream, "w") as archive:

        def add(name: str, content: bytes) -> None:
            info = ZipInfo(f"{folder}/{name}", LONG_AGO)
            info.external_attr = 0o644 << 16  # anyone may read it
            archive.writestr(info, content, ZIP_DEFLATED, COMPRESSION)

        write_model(task, model, Path(place))
        add("metadata.json", json.dumps(about, indent=4).encode() + b"\n")
        add("README.md", guide.encode())
        add("CARD.md", card.encode())
        add("sentencepiece.model", processor.proto)
        for file in sorted(Path(place).iterdir()):
            add(f"model/{file.name}", file.read_bytes())


def require_one_processor(task: TranslationTask) -> SubwordTokenizer:
    """The text processor of both sides.

    Raises:
        SeqtasksError: It is not sentencepiece's, or there are two.
    """
    source, target = task.source, task.target
    if not isinstance(source, SubwordTokenizer) or not isinstance(target, SubwordTokenizer):
        raise SeqtasksError(
            f'Argos Translate reads subwords only: this model\'s text.kind is "{kind_of(task.config.text)}".',
            'Train one with text.kind = "subwords".',
        )
    if source.prefix:
        raise SeqtasksError(
            f"Argos Translate cannot put {source.config.source_prefix} before each text, as this model needs it.",
            "Export for another runtime.",
        )
    if source.proto != target.proto:
        raise SeqtasksError(
            "Argos Translate has one sentencepiece model for both languages: this model has two.",
            "Train one with shared_vocab = true, or export for another runtime.",
        )
    return source


def metadata(task: TranslationTask) -> dict[str, str]:
    """What tells Argos Translate of a package.

    Raises:
        SeqtasksError: A language is not known.
    """
    from langcodes import Language

    languages = task.config.languages
    if "xx" in (languages.source, languages.target):
        raise SeqtasksError(
            "Argos Translate finds packages by their languages, which this model does not tell.",
            "Train or import it with its languages, such as --language-pair en-de.",
        )
    return {
        "package_version": VERSION,
        "argos_version": VERSION,
        "from_code": languages.source,
        "from_name": Language.get(languages.source).display_name(),
        "to_code": languages.target,
        "to_name": Language.get(languages.target).display_name(),
    }
