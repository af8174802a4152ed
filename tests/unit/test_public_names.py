"""The public names of the package, and what it offers to other packages."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import seqtasks
from seqtasks.encoders import TextEncoder
from seqtasks.integrations.spacy import make_tagger

STUB = Path(seqtasks.__file__).with_suffix(".pyi")
USER_CODE = """
from typing import Literal
from seqtasks.encoders import GruEncoder

class TestedEncoder(GruEncoder):
    class Config(GruEncoder.Config):
        kind: Literal["{kind}"] = "{kind}"
"""


def checked_types() -> dict[str, str]:
    """The names that type checkers see, with the modules that they come from."""
    imports = [node for node in ast.parse(STUB.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    return {str(alias.asname): f"seqtasks.{node.module}" for node in imports for alias in node.names}


def test_the_list_of_public_names_is_in_order() -> None:
    assert sorted(seqtasks.__all__) == list(seqtasks.__all__)
    assert list(checked_types().values()) == sorted(checked_types().values())


@pytest.mark.parametrize("name", sorted(checked_types()))
def test_a_name_is_what_type_checkers_take_it_for(name: str) -> None:
    assert getattr(seqtasks, name) is getattr(import_module(checked_types()[name]), name)
    assert name in dir(seqtasks)
    assert name in seqtasks.__all__


def test_names_come_when_they_are_asked_for() -> None:
    """`import seqtasks` is fast: it brings no torch, and an unknown name is an AttributeError."""
    code = "import seqtasks, sys; print('torch' in sys.modules, len(dir(seqtasks)) > 20, hasattr(seqtasks, 'nonsense'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "True", "False"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("TranslationPredictor", "TranslationPipeline"),
        ("Translator", "TranslationPipeline"),
        ("read_run", "read_config"),
    ],
)
def test_names_of_the_last_release_are_told_with_those_of_today(old: str, new: str) -> None:
    with pytest.raises(AttributeError, match=f"'{old}': it is called {new} since version 0.2"):
        getattr(seqtasks, old)
    with pytest.raises(AttributeError, match=r"'nonsense'$"):
        seqtasks.nonsense  # noqa: B018


def test_spacy_finds_the_tagger() -> None:
    [entry] = entry_points(group="spacy_factories", name="seqtasks_tagger")
    assert entry.load() is make_tagger


def test_a_pipeline_names_the_tagger_without_any_import_of_ours() -> None:
    code = (
        "import spacy; nlp = spacy.blank('en');"
        "nlp.add_pipe('seqtasks_tagger', config={'model': 'pos-en', 'threads': 1});"
        "print(*(token.pos_ for token in nlp('A dog runs.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["DET", "NOUN", "VERB", "PUNCT"]


def test_installed_packages_offer_components(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that is installed with an entry point in the group is found by the kind of its component."""
    (tmp_path / "offering.py").write_text(USER_CODE.format(kind="tested-entry-point"), encoding="utf-8")
    metadata = tmp_path / "offering-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: offering\nVersion: 1.0\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[seqtasks.components]\nours = offering\n", encoding="utf-8")
    with pytest.raises(KeyError):
        TextEncoder.of_kind("tested-entry-point")
    monkeypatch.syspath_prepend(tmp_path)
    assert TextEncoder.of_kind("tested-entry-point").__module__ == "offering"
