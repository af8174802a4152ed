"""Translation with a trained model, or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqtasks.data.examples import Pair
from seqtasks.errors import SeqtasksError
from seqtasks.models import Generator
from seqtasks.predictor.base import WritingPredictor, require_list
from seqtasks.tasks import TranslationTask
from seqtasks.tasks.base import Evaluation
from seqtasks.tasks.translation.translator import Translation, Translator


class TranslationPredictor(WritingPredictor):
    """Translates, scores translations and measures how good it is at it. See `load`."""

    task: TranslationTask

    def __init__(self, task: TranslationTask, models: Sequence[Generator]) -> None:
        super().__init__(task, models)
        self.translator = Translator(self.models, task.source, task.target)

    @property
    def languages(self) -> tuple[str, str]:
        """Codes of the source and the target language; "xx" where they are not known."""
        return self.task.config.languages.source, self.task.config.languages.target

    def translate(
        self,
        texts: Sequence[str],
        *,
        prefixes: Sequence[str] | None = None,
        attention: bool = False,
        first_number: int = 0,
        **options: Any,
    ) -> list[Translation]:
        """One translation for each text, in their order; `alternatives` hold the others of `nbest`.

        `options` are those of `Decoding`: beam, nbest, penalty, sample, temperature and so on. `prefixes`, one a
        text, are what the translations have to begin with. `attention` adds where the model looked. `first_number`
        is the number of the first text in a longer input that comes in parts: samples depend on it. An empty text
        stays empty.
        """
        require_list(texts, "texts")
        if prefixes is not None:
            require_list(prefixes, "prefixes")
            require_equal(len(prefixes), "prefixes", len(texts))
        return self.translator.translate(
            texts, self.decoding(**options), prefixes=prefixes, first_number=first_number, attention=attention
        )

    def score(self, texts: Sequence[str], translations: Sequence[str]) -> list[Translation]:
        """How probable each of the given translations is, token by token (forced scoring)."""
        require_list(texts, "texts")
        require_list(translations, "translations")
        require_equal(len(translations), "translations", len(texts))
        return self.translator.score(texts, translations, penalty=self.task.config.decoding.penalty)

    def evaluate(self, pairs: Sequence[Pair], *, lowercase: bool | None = None, **options: Any) -> Evaluation:
        """Translates the pairs' sources and compares with their targets: BLEU, chrF, TER.

        `lowercase` ignores case; None is what the model was trained to ignore. The evaluation's `decoding` is the
        signature of all that the outputs depend on.
        """
        return self.signed(self.task.evaluate(self.translator, pairs, self.decoding(**options), lowercase=lowercase))


def require_equal(count: int, name: str, texts: int) -> None:
    if count != texts:
        raise SeqtasksError(f"There are {count} {name} for {texts} texts.", "Give one for each.")
