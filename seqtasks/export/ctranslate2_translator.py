"""Translation with CTranslate2 in the place of our own search: the same outputs, sooner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from seqtasks.decoding import Decoding, Hypothesis, LengthPenalty, LengthRule
from seqtasks.errors import SeqtasksError
from seqtasks.export.ctranslate2 import unknown_token, vocabulary, write_model
from seqtasks.export.ctranslate2_search import search_options
from seqtasks.export.packages import require_package
from seqtasks.models import Generator
from seqtasks.special_tokens import END
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.translation.translator import Found, Translator

BATCH = 32
"""Sentences that a thread translates at once; more is slower on a CPU."""

Arithmetic = Literal["int8", "float32"]


class CTranslate2Translator(Translator):
    """A Transformer that CTranslate2 runs on the CPU, a batch a thread.

    In float32 the outputs are those of our own search, but where scores are equal to the last digits, and where the
    best hypothesis of a beam ends after three beams of others: then the search has stopped before it. Hypotheses come
    without the log-probabilities of their tokens. Raises SeqtasksError where the package is missing,
    or for a network that it does not have.
    """

    def __init__(self, task: TranslationTask, model: Generator, *, arithmetic: Arithmetic, threads: int) -> None:
        super().__init__([model], task.source, task.target)
        require_package("ctranslate2", "the engine ctranslate2")
        from ctranslate2 import Translator as Engine

        with TemporaryDirectory() as place:
            write_model(task, model, Path(place))
            self.engine = Engine(place, compute_type=arithmetic, inter_threads=threads, intra_threads=1)
        self.arithmetic = arithmetic
        self.source_names, names = vocabulary(task.source), vocabulary(task.target)
        self.numbers = {name: number for number, name in enumerate(names)}
        self.unknown = unknown_token(task)

    def options(self, decoding: Decoding) -> dict[str, Any]:
        """The arguments of its search. Raises SeqtasksError for options of decoding that it does not have."""
        return search_options(decoding, self.unknown)

    def find(
        self,
        sources: Sequence[Sequence[int]],
        decoding: Decoding,
        prefixes: Sequence[Sequence[int]],
        numbers: Sequence[int],
        attention: bool,
    ) -> list[Found]:
        """The search of each tokenised source; those of one length together, since their length limit is the same."""
        if any(prefixes) or attention:
            lacks = "tell where the model looked" if attention else "begin with what is given"
            raise SeqtasksError(f"The engine ctranslate2 cannot {lacks}.", "Take the engine torch.")
        options = self.options(decoding)
        limit, penalty = LengthRule.parse(decoding.max_length), LengthPenalty.parse(decoding.penalty)
        together: dict[int, list[int]] = defaultdict(list)
        for row, ids in enumerate(sources):
            together[len(ids)].append(row)
        under_way: dict[int, Any] = {}
        for length, rows in sorted(together.items(), reverse=True):
            started = self.engine.translate_batch(
                [[self.source_names[number] for number in sources[row]] for row in rows],
                max_batch_size=BATCH,
                max_decoding_length=limit(length + 1),
                return_scores=True,
                return_end_token=True,
                asynchronous=True,
                **options,
            )
            under_way |= zip(rows, started, strict=True)
        return [(self.hypotheses(under_way[row].result(), penalty), None) for row in range(len(sources))]

    def hypotheses(self, result: Any, penalty: LengthPenalty) -> list[Hypothesis]:
        """What it found, best first, in our numbers."""
        found = []
        for names, normalised in zip(result.hypotheses, result.scores, strict=True):
            tokens = tuple(self.numbers[name] for name in names)
            finished = tokens[-1:] == (END,)
            score = normalised * penalty(len(tokens))
            found.append(Hypothesis(tokens[: len(tokens) - finished], score, normalised, (), finished))
        return found
