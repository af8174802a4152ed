"""The README of a model in ONNX's form: what the graphs read and give, and a program that translates as we do."""

from __future__ import annotations

from seqtasks.decoding import DecodingConfig, LengthPenalty
from seqtasks.export.supported_decoding import require_supported_decoding
from seqtasks.export.tokenizer_code import render_guide
from seqtasks.tasks import TranslationTask
from seqtasks.text import SubwordTokenizer

SUBWORDS = """\
import re
import unicodedata

import numpy as np
from onnxruntime import InferenceSession
from sentencepiece import SentencePieceProcessor

{opening}
{clean}

def tokenize(text):
    return source.encode(prepare(text))


def detokenize(tokens):
    return restore(target.decode(tokens))
"""

OTHERS = """\
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession
from seqtasks.text import {kind}

{opening}
tokenize, detokenize = source.encode, target.decode
"""

TRANSLATE = '''\


PAD, UNKNOWN, BEGIN, END = 0, 1, 2, 3
reading, step = InferenceSession("source.onnx"), InferenceSession("step.onnx")
beam = {decoding.beam_size}


def penalty(length):
    return {penalty}


def search(tokens):
    """The best tokens that a beam finds, and their score."""
    longest = (len(tokens) + 1) * {limit.factor.numerator} // {limit.factor.denominator} + {limit.offset}
    names = [output.name for output in reading.get_outputs()]
    given = dict(zip(names, reading.run(None, {{"tokens": np.array([[*tokens, END]])}})))
    memory = {{name: value for name, value in given.items() if name.startswith("memory")}}
    state = {{name: value.repeat(beam, axis=1) for name, value in given.items() if name.startswith("state")}}
    last, written = np.full((1, beam), BEGIN), [[] for _ in range(beam)]
    scores = np.full(beam, -np.inf, dtype=np.float32)
    scores[0] = 0  # all hypotheses begin alike: one is enough
    best, best_score = [], -np.inf
    for length in range(1, longest + 1):
        log_probabilities, *after = step.run(None, {{"tokens": last, **memory, **state}})
        log_probabilities[..., [PAD, UNKNOWN, BEGIN]] = -np.inf
        totals = (scores[:, None] + log_probabilities[0]).ravel()
        chosen = np.argsort(-totals, kind="stable")[: 2 * beam]
        parents, found = np.divmod(chosen, log_probabilities.shape[2])
        for place in range(beam):
            score = totals[chosen[place]] / penalty(length)
            if found[place] == END and score > best_score:
                best, best_score = written[parents[place]], score
        onward = np.flatnonzero(found != END)[:beam]
        written = [[*written[parents[place]], int(found[place])] for place in onward]
        scores = totals[chosen[onward]]
        if length == longest and scores[0] / penalty(length) > best_score:
            best, best_score = written[0], scores[0] / penalty(length)
        if scores[0] / penalty(longest) <= best_score:
            break  # scores only fall: nothing can become better any more
        last = found[onward][None]
        state = {{name: value[:, parents[onward]] for name, value in zip(state, after)}}
    return best, best_score


def translate(text):
    tokens = tokenize(text)
    return detokenize(search(tokens)[0]) if tokens else ""


print(translate("A dog runs."))
'''

README = """\
# A translation model as ONNX, {languages.source} to {languages.target}

Written by seqtasks {version}. In this directory, with `pip install {packages}`:

```python
{program}```

It decodes one sentence with `{signature}`; the outputs are those of seqtasks, except where scores are tied
to the last digits. Unlike `seqtasks translate`, it neither splits texts of more than 400 tokens into sentences nor
copies protected spans, lost numbers and words with characters that the vocabulary lacks, and it does not stop outputs
that say the same over and over.

The graphs compute in float32 and take any number of rows and hypotheses:

- `source.onnx` reads `tokens` (rows, source), each row with the end token (3) and padded with 0. It gives `memory_*`,
  which the hypotheses of a row share, and `state_*` (rows, 1, ...) of one hypothesis before its first step.
- `step.onnx` reads `tokens` (rows, hypotheses), the begin token (2) first, `memory_*` and `state_*` (rows, hypotheses,
  ...). It gives `log_probabilities` (rows, hypotheses, vocabulary) of the next token, and `next_state_*`.
{files}
- `CARD.md`: the model card: training data and its terms
"""


def guide(task: TranslationTask, decoding: DecodingConfig) -> str:
    """The text, for the task's processors and these options.

    Raises:
        SeqtasksError: For processors of a user's own, and for options that the program does not have.
    """
    require_supported_decoding(decoding, "The program for an ONNX model")
    penalty = LengthPenalty.parse(decoding.length_penalty)
    written = {"none": "1", "average": "length", "wu": f"((5 + length) / 6) ** {penalty.alpha}"}[penalty.kind]
    program = (SUBWORDS if isinstance(task.source, SubwordTokenizer) else OTHERS) + TRANSLATE
    return render_guide(task, decoding, README, program, packages="numpy onnxruntime", penalty=written)
