"""What tasks have in common that generate text for a source, be it text, an image or a video."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Generic, Self

from pydantic import Field, model_validator
from typing_extensions import TypeVar

from seqtasks.decoding import DecodingConfig
from seqtasks.encoders import Encoder
from seqtasks.inference.logits_processors import ParsedDecodingConfig
from seqtasks.models import EncoderDecoder, Loss
from seqtasks.registry import ConfigModel
from seqtasks.tasks.base import Task
from seqtasks.tasks.data_loader import BatchT
from seqtasks.tasks.self_critical import SelfCritical
from seqtasks.text import Tokenizer

EncoderT = TypeVar("EncoderT", bound=Encoder, default=Encoder)


class Seq2SeqConfig(ConfigModel):
    """The settings that all of these tasks have."""

    encoders: ClassVar[type[Encoder]] = Encoder
    """Those that can read the task's source, which is `source`."""
    source: ClassVar[str] = "the source"
    model: EncoderDecoder.Config
    """The network."""
    decoding: ParsedDecodingConfig = DecodingConfig()
    """Default decoding options of the trained model."""
    eval_beam_size: int = Field(default=1, gt=0)
    """Beam size for validation during training."""

    @model_validator(mode="after")
    def sampled_targets_are_passed_once(self) -> Self:
        """Refuses R-Drop where targets are sampled: it would do nothing."""
        if self.model.r_drop > 0 and getattr(self, "self_critical", None) is not None:
            raise ValueError("model.r_drop and self_critical are mutually exclusive: set model.r_drop = 0")
        return self

    @model_validator(mode="after")
    def reads_the_source(self) -> Self:
        """Refuses an encoder that reads something else."""
        if not issubclass(Encoder.of(self.model.encoder), self.encoders):
            kinds = " or ".join(f'"{kind}"' for kind in self.encoders.known())
            raise ValueError(f"model.encoder has to read {self.source}: set kind = {kinds}")
        return self


class Seq2SeqTask(Task[EncoderDecoder[EncoderT], BatchT], Generic[EncoderT, BatchT]):
    """An encoder-decoder and how it decodes; the objective may be self-critical training."""

    self_critical: SelfCritical | None = None
    """The objective on rewarded samples, once training begins, where the configuration has one."""

    def start_self_critical(self, processor: Tokenizer, references: Iterable[Sequence[Sequence[int]]]) -> None:
        """Makes the objective that `self_critical` of the configuration asks for, if it does.

        Args:
            processor: The text processor of the target.
            references: The token ids of the references of each training example.
        """
        if self.config.self_critical is not None:
            self.self_critical = SelfCritical(self.config.self_critical, processor, self.config.decoding, references)

    def loss(self, model: EncoderDecoder[EncoderT], batch: Any) -> Loss:
        """That of the model, or self-critical training where the settings ask for it (Rennie et al. 2017)."""
        return super().loss(model, batch) if self.self_critical is None else self.self_critical.loss(model, batch)

    @property
    def validation_options(self) -> dict[str, Any]:
        """The decoding options of a validation: one hypothesis of a beam search."""
        return {"beam_size": self.config.eval_beam_size, "nbest": 1, "sample": False, "mbr_samples": 0}
