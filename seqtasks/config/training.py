"""How to train; what is trained is the task's business."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from seqtasks.registry import ConfigModel

Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveOrNone = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Decay = Annotated[float, Field(ge=0, lt=1)]
InitModules = Literal["model", "encoder"]


class TrainingConfig(ConfigModel):
    """The table `[training]` of a run configuration."""

    max_steps: Count = 20_000
    """Number of updates."""
    max_minutes: Positive | None = None
    """Stop after this many minutes of training."""
    batch_tokens: Count = 2_000
    """Tokens per batch, including padding, on its longer side."""
    gradient_accumulation_steps: Count = 1
    """Batches whose gradients are accumulated before an update."""

    learning_rate: Positive = 2e-3
    """Peak learning rate of AdamW."""
    pretrained_lr_scale: Positive = 1.0
    """Multiplier of the learning rate for the parts that come from `init_from`; new parts learn at the full rate."""
    weight_decay: PositiveOrNone = 0.0
    """Weight decay of AdamW, decoupled from the gradient."""
    l2_sp: PositiveOrNone = 0.0
    """Decay towards the weights of `init_from` instead of 0, decoupled too (L2-SP: Li et al. 2018); 0 = none."""
    betas: tuple[Decay, Decay] = (0.9, 0.98)
    """Decay rates of AdamW's running means of the gradients and of their squares."""
    lr_scheduler: Literal["inverse_sqrt", "cosine", "constant"] = "inverse_sqrt"
    """Schedule of the learning rate after the warm-up."""
    warmup_steps: CountOrNone = 1_000
    """Updates during which the learning rate rises from 0."""
    max_grad_norm: PositiveOrNone = 1.0
    """Gradients are clipped to this norm; 0 = no clipping."""
    max_nonfinite_steps: Count = 10
    """Consecutive updates that may be skipped because a gradient is not finite, before training stops."""

    averaging: Literal["none", "ema", "last"] = "ema"
    """Weights to validate and save: the latest, their exponential moving average, or the mean of the last validated."""
    ema_decay: Decay = 0.999
    """Share of the old mean at each update, for averaging = "ema"."""
    average_last_n: Count = 5
    """Number of validations whose weights are averaged, for averaging = "last"."""

    eval_steps: Count = 500
    """Updates between validations."""
    eval_on_start: bool = False
    """Whether to validate before the first update, too: how good the model of `init_from` is."""
    save_steps: Count = 500
    """Updates between checkpoints."""
    save_total_limit: Count = 2
    """Number of latest checkpoints to keep, in addition to the best model."""
    metric_for_best_model: str | None = None
    """Validation metric that selects the best model, such as "chrf"; None is the first one of the task."""
    early_stopping_patience: CountOrNone = 0
    """Validations without improvement before training stops; 0 = never."""

    device: Annotated[str, Field(pattern=r"^[a-z]+(:\d+)?$")] = "auto"
    """"auto" (a GPU when there is one), "cpu", "cuda", "cuda:1"."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of matrix products; "auto" is bfloat16 where that is fast."""
    num_processes: CountOrNone = 0
    """Processes of one thread on a CPU that share the rows of each batch; 0 = one per core, at most 4."""
    num_threads: CountOrNone = 0
    """Threads on a CPU, all in one process; 0 = only those of `num_processes`."""

    @model_validator(mode="after")
    def processes_or_threads(self) -> TrainingConfig:
        """Refuses several processes with several threads each."""
        if self.num_processes > 1 and self.num_threads > 1:
            raise ValueError("set num_processes or num_threads, not both: each process has one thread")
        return self
