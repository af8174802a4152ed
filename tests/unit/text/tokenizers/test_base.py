import subprocess
import sys

import pytest

from seqtasks.registry import PolymorphicField
from seqtasks.special_tokens import BEGIN, END, PAD, UNKNOWN
from seqtasks.text import CharacterTokenizer, SubwordTokenizer, Tokenizer, WordTokenizer


def test_special_ids() -> None:
    assert (PAD, UNKNOWN, BEGIN, END) == (0, 1, 2, 3)


@pytest.mark.parametrize("processor", [SubwordTokenizer, WordTokenizer, CharacterTokenizer])
def test_kinds_are_registered(processor: type[Tokenizer]) -> None:
    kind = processor.Config.model_fields["kind"].default
    assert Tokenizer.of_kind(kind) is processor
    assert PolymorphicField(Tokenizer).parse({"kind": kind}) == processor.Config()


def test_import_is_light() -> None:
    program = "import sys, seqtasks.text; print({'torch', 'spacy', 'sentencepiece'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
