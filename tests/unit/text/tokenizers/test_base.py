import subprocess
import sys

import pytest

from seqtasks.registry import OneOf
from seqtasks.special_tokens import BEGIN, END, PAD, UNKNOWN
from seqtasks.text import Characters, Subwords, TextProcessor, Words


def test_special_ids() -> None:
    assert (PAD, UNKNOWN, BEGIN, END) == (0, 1, 2, 3)


@pytest.mark.parametrize("processor", [Subwords, Words, Characters])
def test_kinds_are_registered(processor: type[TextProcessor]) -> None:
    kind = processor.Config.model_fields["kind"].default
    assert TextProcessor.of_kind(kind) is processor
    assert OneOf(TextProcessor).parse({"kind": kind}) == processor.Config()


def test_import_is_light() -> None:
    program = "import sys, seqtasks.text; print({'torch', 'spacy', 'sentencepiece'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
