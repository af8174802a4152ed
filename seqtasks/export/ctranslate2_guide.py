"""The README of a model in CTranslate2's form: what is there, and a program that translates as we do."""

from __future__ import annotations

import json
from typing import Any

from seqtasks.decoding import DecodingConfig
from seqtasks.export.ctranslate2_tensors import POSITIONS
from seqtasks.export.tokenizer_code import render_guide
from seqtasks.tasks import TranslationTask
from seqtasks.text import SubwordTokenizer

SUBWORDS = """\
import re
import unicodedata

from ctranslate2 import Translator
from sentencepiece import SentencePieceProcessor

{opening}
{clean}

def tokenize(text):
    return source.encode(prepare(text), out_type=str)


def detokenize(tokens):
    return restore(target.decode(tokens))
"""

VOCABULARIES = """\
import json
from pathlib import Path

from ctranslate2 import Translator
from seqtasks.text import {kind}

{opening}
source_tokens, target_tokens = (json.loads(Path(f"{{name}}_vocabulary.json").read_text()) for name in {names})
numbers = {{token: number for number, token in enumerate(target_tokens)}}


def tokenize(text):
    return [source_tokens[number] for number in source.encode(text)]


def detokenize(tokens):
    return target.decode([numbers[token] for token in tokens])
"""

TRANSLATE = """\


translator = Translator(".", compute_type="float32")
options = {options}


def translate(text):
    tokens = tokenize(text)
    if not tokens:
        return ""
    longest = (len(tokens) + 1) * {limit.factor.numerator} // {limit.factor.denominator} + {limit.offset}
    [found] = translator.translate_batch([tokens], max_decoding_length=longest, **options)
    return detokenize(found.hypotheses[0])


print(translate("A dog runs."))
"""

README = """\
# A translation model for CTranslate2, {languages.source} to {languages.target}

Written by seqtasks {version}. In this directory, with `pip install {packages}`:

```python
{program}```

The weights are in float32, and the options mean `{signature}`: the outputs are those of
seqtasks, except where scores are tied to the last digits, and where the best hypothesis of a beam ends after
{patience:.0f} beams of others (a higher `patience` finds it; 1 is faster and misses more of them).

Unlike `seqtasks translate`, this program neither splits texts of more than 400 tokens into sentences (the position
embeddings end after {positions:,}) nor copies protected spans, lost numbers and words with characters that the
vocabulary lacks, and it does not stop
outputs that say the same over and over.

- `model.bin`, `config.json`, `*_vocabulary.json`: the model
{files}
- `CARD.md`: the model card: training data and its terms
"""


def guide(task: TranslationTask, decoding: DecodingConfig, options: dict[str, Any]) -> str:
    """The text, for the task's processors and these options. SeqtasksError for processors of a user's own."""
    program = (SUBWORDS if isinstance(task.source, SubwordTokenizer) else VOCABULARIES) + TRANSLATE
    return render_guide(
        task, decoding, README, program, packages="ctranslate2",
        options=json.dumps(options, indent=4), patience=options["patience"], positions=POSITIONS,
    )  # fmt: skip
