"""The OpenNMT-py side of `benchmarks.training_speed`: its own `onmt_train` on a configuration that is written here.

The text is cut into pieces beforehand, so that OpenNMT-py has nothing to tokenise while it trains. Nothing of it is
changed but that a clock listens to its trainer, and stops it before it would validate or save. Batches are of 4,096
tokens of the longer side, padding counted (`batch_type: tokens`). The LSTM feeds no attention back (`input_feed: 0`),
which lets a layer run over the whole sentence at once. OpenNMT-py's log goes to standard error.
Environment: opennmt.txt beside this file.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onmt.bin.train
import onmt.trainer
import torch
import yaml
from sentencepiece import SentencePieceProcessor

import side

BUCKET = 29_000
"""Sentences that are sorted by length together: all of Multi30k."""

TRANSFORMER = {
    "encoder_type": "transformer",
    "decoder_type": "transformer",
    "layers": 4,
    "heads": 4,
    "hidden_size": 128,
    "word_vec_size": 128,
    "transformer_ff": 256,
    "position_encoding": True,
    "dropout": [side.DROPOUT],
    "attention_dropout": [0.0],
}
LSTM = {
    "encoder_type": "brnn",
    "decoder_type": "rnn",
    "rnn_type": "LSTM",
    "layers": 1,
    "hidden_size": 256,
    "word_vec_size": 256,
    "global_attention": "general",
    "input_feed": 0,
    "dropout": [side.DROPOUT],
}
MODELS: dict[str, dict[str, Any]] = {"transformer": TRANSFORMER, "lstm": LSTM}


class TimeIsOverError(Exception):
    """Ends OpenNMT-py's training."""


def main() -> None:
    given = side.arguments(__doc__, list(MODELS))
    torch.set_num_threads(given.threads)
    clock = side.Clock(given.minutes)
    models = listen(clock)
    with TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        work = Path(folder)
        configuration = work / "configuration.yaml"
        configuration.write_text(yaml.safe_dump(settings(given.data, given.vocabulary, work, given.model)))
        sys.argv = ["onmt_train", "-config", str(configuration)]
        with suppress(TimeIsOverError):
            onmt.bin.train.main()
    parameters = sum(parameter.numel() for parameter in models[-1].parameters())
    clock.report(parameters=parameters, versions=side.versions("OpenNMT-py", "torch"))


def settings(data: Path, vocabulary: Path, work: Path, model: str) -> dict[str, Any]:
    """OpenNMT-py's configuration; what is not named keeps its default. Writes the files that it names."""
    subwords = SentencePieceProcessor(model_file=str(vocabulary))
    for language in (side.SOURCE, side.TARGET):
        lines = (data / f"train.{language}").read_text(encoding="utf-8").splitlines()
        text = "".join(" ".join(pieces) + "\n" for pieces in subwords.encode(lines, out_type=str))
        (work / f"train.{language}").write_text(text, encoding="utf-8")
    pieces = [subwords.id_to_piece(number) for number in range(subwords.get_piece_size())]
    ordinary = [piece for number, piece in enumerate(pieces) if not (
        subwords.is_control(number) or subwords.is_unknown(number)
    )]  # fmt: skip
    (work / "vocabulary.txt").write_text("".join(f"{piece}\n" for piece in ordinary), encoding="utf-8")
    return {
        "data": {
            "train": {
                "path_src": str(work / f"train.{side.SOURCE}"),
                "path_tgt": str(work / f"train.{side.TARGET}"),
                "transforms": [],
            }
        },
        "src_vocab": str(work / "vocabulary.txt"),
        "src_vocab_size": len(pieces),
        "tgt_vocab_size": len(pieces),
        "share_vocab": True,
        "share_embeddings": True,
        "share_decoder_embeddings": True,
        "save_model": str(work / "model"),
        "train_steps": 1_000_000,
        "valid_steps": 1_000_000,
        "save_checkpoint_steps": 1_000_000,
        "report_every": 10,
        "seed": 1,
        "num_workers": 0,
        "bucket_size": BUCKET,
        "batch_type": "tokens",
        "batch_size": side.BATCH_TOKENS,
        "normalization": "tokens",
        "optim": "adam",
        "adam_beta1": side.BETAS[0],
        "adam_beta2": side.BETAS[1],
        "learning_rate": side.LEARNING_RATE,
        "decay_method": "rsqrt",
        "warmup_steps": side.LEARNING_RATE_WARM_UP,
        "max_grad_norm": 1.0,
        "label_smoothing": side.LABEL_SMOOTHING,
        "param_init_glorot": True,
        "param_init": 0.0,
        **MODELS[model],
    }


def listen(clock: side.Clock) -> list[torch.nn.Module]:
    """Makes OpenNMT-py's trainer tell the clock of each update; the model it trains will be in the returned list."""
    models: list[torch.nn.Module] = []
    update = onmt.trainer.Trainer._gradient_accumulation

    def timed(trainer: Any, batches: Any, normalization: Any, total: Any, report: Any) -> None:
        models[:] = [trainer.model]
        words, loss = total.n_words, total.loss
        update(trainer, batches, normalization, total, report)
        if clock.update(total.n_words - words, total.loss - loss):
            raise TimeIsOverError

    onmt.trainer.Trainer._gradient_accumulation = timed
    return models


if __name__ == "__main__":
    main()
