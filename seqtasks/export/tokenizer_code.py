"""The guides of exported models: READMEs with a program, which does without seqtasks where that can be."""

from __future__ import annotations

from typing import Any

from seqtasks.decoding import DecodingConfig, LengthLimit
from seqtasks.errors import SeqtasksError
from seqtasks.tasks import TranslationTask
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer
from seqtasks.text.normalize import BLANKS, JOINERS, UNSEEN
from seqtasks.version import __version__

CLEAN = (
    f"""\
unseen = {UNSEEN!a}
joiners = {JOINERS!a}
blanks = {BLANKS!a}
"""
    + """\
reserved = {"\\ue000": "\\ue0000", "\\u2581": "\\ue0001", "\\u2585": "\\ue0002"}  # what sentencepiece would lose
plain = {written: character for character, written in reserved.items()}


def clean(text):
    seen = re.sub(joiners, "", re.sub(unseen, "", re.sub(blanks, " ", text)))
    return re.sub(blanks, " ", unicodedata.normalize("NFC", seen)).strip()


def prepare(text):
    return "".join(reserved.get(character, character) for character in clean(text))


def restore(text):
    return clean(re.sub("\\ue000[012]?", lambda found: plain.get(found[0], "\\ufffd"), text))
"""
)


def render_guide(
    task: TranslationTask, decoding: DecodingConfig, readme: str, program: str, *, packages: str, **values: Any
) -> str:
    """Fills in the templates of a guide.

    Raises:
        SeqtasksError: For processors of a user's own.
    """
    files = [f"`{name}{processor.extension}`" for name, processor in sides(task).items()]
    values |= {
        "kind": type(task.source).__name__,
        "opening": opening(task),
        "names": '("source", "target")' if len(sides(task)) == 2 else '("shared", "shared")',
        "clean": CLEAN,
        "decoding": decoding,
        "limit": LengthLimit.parse(decoding.max_length),
        "languages": task.config.languages,
        "version": __version__,
        "packages": f"{packages} {'sentencepiece' if isinstance(task.source, SubwordTokenizer) else 'seqtasks'}",
        "signature": decoding.signature(),
        "files": f"- {', '.join(files)}: the text {'processor' if len(files) == 1 else 'processors'}",
    }
    return readme.format(program=program.format(**values), **values)


def sides(task: TranslationTask) -> dict[str, Tokenizer]:
    """The processors, by the names of their files: one where both languages share it."""
    return {"source": task.source} if task.target is task.source else {"source": task.source, "target": task.target}


def opening(task: TranslationTask) -> str:
    """The lines that open `source` and `target`.

    Raises:
        SeqtasksError: For processors of a user's own.
    """
    lines = [f"{name} = {opened(name, processor)}" for name, processor in sides(task).items()]
    return "\n".join(lines if len(lines) == 2 else [*lines, "target = source"])


def opened(name: str, processor: Tokenizer) -> str:
    """The Python expression that opens a processor's file, for the program in a guide.

    Raises:
        SeqtasksError: The processor is a user's own, which no other program has.
    """
    file, kind = f"{name}{processor.extension}", type(processor).__name__
    if isinstance(processor, SubwordTokenizer):
        return f'SentencePieceProcessor(model_file="{file}")'
    if not isinstance(processor, WordTokenizer | CharacterTokenizer):
        raise SeqtasksError(
            f"The tokenizer {kind} is not part of seqtasks and cannot be exported.",
            'Train a model with text.kind = "subwords".',
        )
    settings = processor.config.model_dump(exclude={"kind"})
    given = ", ".join(f"{key}={value!r}" for key, value in settings.items())
    return f'{kind}.load(Path("{file}"), {kind}.Config({given}))'
