"""Names of output files: what is written has to be what the suffix says."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from seqtasks.errors import SeqtasksError
from seqtasks.storage.presence import is_dir

Form = Literal["text", "jsonl", "conllu", "srt", "vtt"]
"""What a command writes: lines of text, or one of the formats that other programs read."""

NAMES: Final[dict[Form, str]] = {
    "text": "plain text", "jsonl": "JSON lines", "conllu": "CoNLL-U", "srt": "SubRip subtitles",
    "vtt": "WebVTT subtitles",
}  # fmt: skip

ENDINGS: Final[dict[Form, str]] = {
    "text": ".txt", "jsonl": ".jsonl", "conllu": ".conllu", "srt": ".srt", "vtt": ".vtt",
}  # fmt: skip

FORMS: Final[dict[str, Form]] = {
    ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl", ".conllu": "conllu", ".srt": "srt", ".vtt": "vtt",
    ".tsv": "text", ".txt": "text",
}  # fmt: skip
"""The formats that suffixes stand for."""

FOREIGN: Final = frozenset((
    ".7z", ".aac", ".argosmodel", ".avi", ".avif", ".bin", ".bmp", ".bz2", ".conllup", ".csv", ".cupt", ".doc", ".docx",
    ".gif", ".gz", ".htm", ".html", ".jpeg", ".jpg", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4", ".npy", ".npz",
    ".odt", ".ods", ".onnx", ".parquet", ".pdf", ".pickle", ".pkl", ".png", ".ppt", ".pptx", ".ps", ".pt", ".pth",
    ".rtf", ".safetensors", ".svg", ".tar", ".tgz", ".tif", ".tiff", ".tmx", ".toml", ".wav", ".webm", ".webp",
    ".xhtml", ".xls", ".xlsx", ".xml", ".xz", ".yaml", ".yml", ".zip", ".zst",
))  # fmt: skip
"""What no command writes into `--output`. Other suffixes, such as `.de` or `.out`, say nothing of the format."""


def ensure_form(path: Path | None, form: Form, choices: dict[Form, str]) -> None:
    """Raises SeqtasksError where `--output` names a file of another kind than what is written.

    Args:
        path: The file, if one is named.
        form: What will be written.
        choices: The option that chooses each other form that the command has, for the hint.
    """
    if path is None:
        return
    suffix = path.suffix.lower()
    wanted = FORMS.get(suffix)
    if (form == "jsonl" and suffix == ".txt") or wanted == form or (wanted is None and suffix not in FOREIGN):
        return
    message = f"--output {path}: the output is {NAMES[form]}, which does not match the suffix {suffix}."
    if wanted in choices:
        raise SeqtasksError(message, f"Add {choices[wanted]}, or choose another file name.")
    raise SeqtasksError(message, f"Choose a file name that ends in {ENDINGS[form]}.")


def ensure_directory(path: Path) -> None:
    """Raises SeqtasksError where `--output`, which names a directory, has the suffix of a file."""
    if path.suffix.lower() in FOREIGN | FORMS.keys() and not is_dir(path):
        raise SeqtasksError(
            f"--output {path}: the output is a directory, but {path.suffix} is the suffix of a file.",
            f"Choose a directory name, such as {path.with_suffix('')}.",
        )


def ensure_suffix(option: str, path: Path | None, *suffixes: str) -> None:
    """Raises SeqtasksError, which names the option, where the file that it asks for has none of the suffixes."""
    from seqtasks.storage.atomic import require_suffix

    if path is not None:
        try:
            require_suffix(path, *suffixes)
        except SeqtasksError as error:
            raise SeqtasksError(f"{option} {error.message}", error.hint) from None
