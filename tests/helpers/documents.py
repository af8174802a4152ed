"""Documents of our own making whose labels depend on single words, on the order of words and on nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from seqtasks.data.documents.readers import Document

FILLERS = ["the", "a", "film", "story", "plot", "scene", "actor", "it", "was", "and", "of", "with"]
GOOD, BAD = ("splendid", "gripping", "warm"), ("dull", "clumsy", "cold")


def labelled_document(chance: random.Random, fillers: int) -> Document:
    """A word of praise or of blame among others; behind "not" it means the opposite."""
    praised, turned = chance.random() < 0.5, chance.random() < 0.3
    word = chance.choice(GOOD if praised else BAD)
    words = chance.choices(FILLERS, k=chance.randint(2, fillers))
    words.insert(chance.randrange(len(words)), f"not {word}" if turned else word)
    return Document(" ".join(words), ("pos" if praised != turned else "neg",))


def labelled_documents(count: int, seed: int = 1, fillers: int = 9) -> list[Document]:
    chance = random.Random(seed)
    return [labelled_document(chance, fillers) for _ in range(count)]


def write_documents(path: Path, documents: Iterable[Document]) -> Path:
    """A table with a header; labels stand between bars."""
    rows = [f"{'|'.join(document.labels)}\t{document.text}\n" for document in documents]
    path.write_text("".join(["label\ttext\n", *rows]), encoding="utf-8")
    return path
