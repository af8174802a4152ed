"""Our side of `benchmarks.training_speed`: the trainer as a run configuration sets it up.

Processes and precision are the default ones. A batch is 4,096 tokens of the longer side, padding counted.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import side
from seqtasks.config.run import read_config
from seqtasks.tasks import TranslationTask
from seqtasks.training.events import StepEvent
from seqtasks.training.trainer import Trainer

RUN = """
task = "translation"

[data]
train = [{{ source = "{source}", target = "{target}" }}]

[text]
kind = "subwords"
vocab_size = 10000

[training]
max_steps = 1_000_000
eval_steps = 1_000_000
save_steps = 1_000_000
batch_tokens = {batch_tokens}
learning_rate = {learning_rate}
warmup_steps = {warmup}
device = "cpu"

[model]
embedding_dropout = {dropout}
label_smoothing = {label_smoothing}
"""
TRANSFORMER = """dim = 128

[model.encoder]
kind = "transformer"
num_layers = 4
num_heads = 4
ffn_dim = 256
dropout = {dropout}

[model.decoder]
kind = "transformer"
num_layers = 4
num_heads = 4
ffn_dim = 256
dropout = {dropout}
"""
LSTM = """dim = 256

[model.encoder]
kind = "lstm"
hidden_size = 256
num_layers = 1
dropout = {dropout}

[model.decoder]
kind = "lstm"
hidden_size = 256
num_layers = 1
dropout = {dropout}
"""
MODELS = {"transformer": TRANSFORMER, "lstm": LSTM}


def main() -> None:
    given = side.arguments(__doc__, list(MODELS))
    text = (RUN + MODELS[given.model]).format(
        source=(given.data / f"train.{side.SOURCE}").resolve(),
        target=(given.data / f"train.{side.TARGET}").resolve(),
        batch_tokens=side.BATCH_TOKENS,
        learning_rate=side.LEARNING_RATE,
        warmup=side.LEARNING_RATE_WARM_UP,
        dropout=side.DROPOUT,
        label_smoothing=side.LABEL_SMOOTHING,
    )
    run = read_config(None, text=text)
    assert isinstance(run.task, TranslationTask.Config)
    prepared = TranslationTask.prepare(run.task, run.seed, processors=given.vocabulary.parent)
    with TemporaryDirectory() as out:
        trainer = Trainer(
            prepared.task, run.training, out=Path(out), seed=run.seed, config_toml=text, data=prepared.data
        )
        clock = side.Clock(given.minutes)
        updates = trainer.run()
        for update in updates:
            if isinstance(update, StepEvent) and clock.update(update.num_tokens, update.loss * update.num_tokens):
                break
        updates.close()
    clock.report(
        parameters=sum(tensor.numel() for tensor in trainer.weights.values()),
        dtype=str(trainer.dtype).removeprefix("torch."),
        versions=side.versions("torch"),
    )


if __name__ == "__main__":
    main()
