"""Translation with a trained model that CTranslate2 runs."""

from __future__ import annotations

from typing import Any

import torch

from seqtasks.decoding import Decoding
from seqtasks.errors import SeqtasksError
from seqtasks.export.ctranslate2_translator import CTranslate2Translator
from seqtasks.predictor.translation import TranslationPredictor

INSTEAD = "Take the engine torch."


class CTranslate2Predictor(TranslationPredictor):
    """Translates with CTranslate2. What does not search, such as `score`, is as before."""

    translator: CTranslate2Translator

    @classmethod
    def of(cls, loaded: Any, dtype: str) -> CTranslate2Predictor:
        """In the place of a predictor that has been loaded in float32; `dtype` "auto" is int8.

        Raises SeqtasksError for a task, a network, a device or a precision that CTranslate2 does not have here.
        """
        if not isinstance(loaded, TranslationPredictor):
            raise SeqtasksError(f"The engine ctranslate2 is for translation, not for {loaded.kind}.", INSTEAD)
        if len(loaded.models) > 1:
            raise SeqtasksError("The engine ctranslate2 runs one model, no ensemble.", INSTEAD)
        if loaded.device.type != "cpu":
            raise SeqtasksError("The engine ctranslate2 is for the CPU here.", INSTEAD)
        if dtype == "bfloat16":
            raise SeqtasksError("The engine ctranslate2 computes in int8 or in float32.", "Leave out the bfloat16.")
        predictor = cls(loaded.task, loaded.models)
        predictor.translator = CTranslate2Translator(
            loaded.task,
            loaded.models[0],
            arithmetic="float32" if dtype == "float32" else "int8",
            threads=torch.get_num_threads(),
        )
        return predictor

    @property
    def precision(self) -> str:
        return f"engine=ctranslate2|dtype={self.translator.arithmetic}"

    def decoding(self, **options: Any) -> Decoding:
        """As everywhere. Raises SeqtasksError for what the search of CTranslate2 does not have as well."""
        decoding = super().decoding(**options)
        self.translator.options(decoding)
        return decoding
