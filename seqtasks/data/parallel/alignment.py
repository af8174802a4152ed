"""Word alignments of sentence pairs, by a statistical aligner."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import Integer

from seqtasks.errors import SeqtasksError
from seqtasks.storage.atomic import atomic_file

Links = Integer[np.ndarray[Any, Any], "_ 2"]
"""Places of a source token and of a target token that stand for each other, ordered by the source."""

Texts = Sequence[Sequence[int]] | Sequence[Integer[np.ndarray[Any, Any], "_"]]
"""Token ids of each text."""

NEIGHBORS = tuple((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if (x, y) != (0, 0))


def align(sources: Texts, targets: Texts, cache: Path) -> list[Links]:
    """Which tokens stand for which, in every pair.

    eflomal (Östling & Tiedemann 2016) aligns both directions, which are joined by grow-diag-final-and (Koehn et al.
    2003). It draws at random and cannot be seeded: what it gave is kept, so that a resumed training sees the same.

    Args:
        sources: Token ids of each source.
        targets: Token ids of each target.
        cache: The folder to keep alignments in; a file for each data and vocabulary.

    Raises:
        SeqtasksError: eflomal is not installed, or failed.
    """
    path = cache / f"{fingerprint(sources, targets)}.npz"
    if not path.is_file():
        links = [symmetrize(*both) for both in zip(*run_eflomal(sources, targets), strict=True)]
        save(links, path)
    return load(path)


def fingerprint(sources: Texts, targets: Texts) -> str:
    """A name for these texts and this vocabulary."""
    digest = hashlib.sha256()
    for side in (sources, targets):
        for ids in side:
            digest.update(np.asarray([*ids, -1], dtype=np.int32).tobytes())
    return digest.hexdigest()[:32]


def run_eflomal(sources: Texts, targets: Texts) -> tuple[Iterator[Links], Iterator[Links]]:
    """Alignments of both directions, one link for a target token in the first, for a source token in the second."""
    try:
        from eflomal import Aligner
    except ImportError:
        raise SeqtasksError(
            "Guided alignment needs the word aligner eflomal, which is not installed.",
            "pip install 'seqtasks[alignment]'",
        ) from None
    with TemporaryDirectory() as folder:
        forward, backward = os.path.join(folder, "forward"), os.path.join(folder, "backward")
        try:
            Aligner().align(as_text(sources), as_text(targets), forward, backward)
        except Exception as error:
            raise SeqtasksError(f"The word aligner eflomal failed: {error}") from error
        return parsed(forward), parsed(backward)


def as_text(side: Texts) -> Iterator[str]:
    """Ids as words, a text a line, as aligners read them."""
    return (" ".join(map(str, ids)) for ids in side)


def parsed(path: str) -> Iterator[Links]:
    """Alignments in the form of Pharaoh: `0-0 1-2`, a pair a line."""
    lines = Path(path).read_text(encoding="ascii").splitlines()
    return (np.array([link.split("-") for link in line.split()], dtype=np.int64).reshape(-1, 2) for line in lines)


def symmetrize(forward: Links, backward: Links) -> Links:
    """Joins two alignments by grow-diag-final-and (Koehn et al. 2003, "Statistical Phrase-Based Translation").

    It begins with the links that both have, adds neighbors of links, from either, as long as one of the two tokens has
    none, and at the end links of tokens which both have none.
    """
    one, other = set(map(tuple, forward.tolist())), set(map(tuple, backward.tolist()))
    links, union = one & other, sorted(one | other)
    sources, targets = {source for source, _ in links}, {target for _, target in links}

    def add(link: tuple[int, ...]) -> None:
        links.add(link)
        sources.add(link[0])
        targets.add(link[1])

    grown = True
    while grown:
        grown = False
        for source, target in union:
            near = any((source + x, target + y) in links for x, y in NEIGHBORS)
            if near and (source, target) not in links and (source not in sources or target not in targets):
                add((source, target))
                grown = True
    for link in (*sorted(one), *sorted(other)):
        if link[0] not in sources and link[1] not in targets:
            add(link)
    return np.array(sorted(links), dtype=np.int64).reshape(-1, 2)


def save(links: Sequence[Links], path: Path) -> None:
    """Writes alignments, all links one after the other and how many each pair has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    counts = np.array([len(each) for each in links], dtype=np.int32)
    joined = np.concatenate(links) if links else np.zeros((0, 2))
    with atomic_file(path) as file:
        np.savez(file, links=joined.astype(np.uint16), counts=counts)


def load(path: Path) -> list[Links]:
    """What `save` wrote."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            links, counts = stored["links"], stored["counts"]
        return np.split(links, counts.cumsum()[:-1]) if len(counts) else []
    except (OSError, ValueError, KeyError, EOFError):
        raise SeqtasksError(
            f"{path}: these alignments are damaged.", "Remove the file; it will be recreated."
        ) from None
