"""JoeyNMT 2.3 in training on Multi30k English-German: target tokens a second, as one line of JSON.

Runs in an environment of its own, made from joeynmt.txt beside this file; JoeyNMT is used as installed and
adapted only while it runs: its trainer ends by time, keeps validation off the clock and writes no checkpoints, which
nothing would read; its tokenizer works with today's sentencepiece. JoeyNMT's own log goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

SOURCE, TARGET = "en", "de"
VOCABULARY = 10_000
BATCH_TOKENS = 4096
VALIDATE_EVERY = 500
WARM_UP = 5
# JoeyNMT's own ids, told to sentencepiece so that both agree on the first four pieces
UNKNOWN, PAD, BEGIN, END = 0, 1, 2, 3


def main() -> None:
    arguments = parse()
    with tempfile.TemporaryDirectory(prefix="joeynmt-") as name, redirect_stdout(sys.stderr):
        measured = train(arguments, Path(name))
    print(json.dumps(measured))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "data", nargs="?", type=Path, help="folder with train.en, train.de, val.en, val.de (SEQTASKS_DATA/multi30k)"
    )
    parser.add_argument("--model", choices=["transformer", "lstm"], default="transformer")
    parser.add_argument("--minutes", type=float, default=3.0, help="of training, validation not counted (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="%(default)s")
    arguments = parser.parse_args()
    if arguments.data is None:
        if "SEQTASKS_DATA" not in os.environ:
            parser.error("name the multi30k folder, or set SEQTASKS_DATA to the folder that holds it")
        arguments.data = Path(os.environ["SEQTASKS_DATA"]) / "multi30k"
    files = [arguments.data / f"{part}.{language}" for part in ("train", "val") for language in (SOURCE, TARGET)]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        parser.error(f"no such file: {', '.join(missing)}")
    if arguments.minutes <= 0 or arguments.threads < 1:
        parser.error("--minutes must be above 0 and --threads at least 1")
    return arguments


def train(arguments: argparse.Namespace, work: Path) -> dict[str, Any]:
    """Learns the subwords, then trains with JoeyNMT's own command; `work` takes every file written."""
    import torch
    import yaml

    learn_subwords(arguments.data, work, arguments.threads)
    configuration = work / "config.yaml"
    configuration.write_text(yaml.safe_dump(settings(arguments.data, work, arguments.model)), encoding="utf-8")

    torch.set_num_threads(arguments.threads)
    import joeynmt.__main__
    from joeynmt import tokenizers, training

    admit_all_pieces(tokenizers)
    measured = limit(training, arguments.minutes)
    sys.argv = ["joeynmt", "train", str(configuration), "--skip-test"]
    joeynmt.__main__.main()
    return {"peer": "joeynmt", "model": arguments.model, "threads": arguments.threads, **measured}


def learn_subwords(data: Path, work: Path, threads: int) -> None:
    """A joint unigram model of both languages: `subwords.model`, and its pieces a line each in `vocabulary.txt`."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        input=[str(data / f"train.{SOURCE}"), str(data / f"train.{TARGET}")],
        model_prefix=str(work / "subwords"),
        model_type="unigram",
        vocab_size=VOCABULARY,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=threads,
        unk_id=UNKNOWN,
        pad_id=PAD,
        bos_id=BEGIN,
        eos_id=END,
        minloglevel=1,
    )
    model = sentencepiece.SentencePieceProcessor(model_file=str(work / "subwords.model"))
    pieces = [model.id_to_piece(number) for number in range(model.get_piece_size())]
    (work / "vocabulary.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")


def settings(data: Path, work: Path, model: str) -> dict[str, Any]:
    """JoeyNMT's configuration; what is not named keeps JoeyNMT's default."""

    def side(language: str) -> dict[str, Any]:
        return {
            "lang": language,
            "level": "bpe",  # JoeyNMT's word for subwords of any kind
            "tokenizer_type": "sentencepiece",
            "tokenizer_cfg": {"model_file": str(work / "subwords.model")},
            "voc_file": str(work / "vocabulary.txt"),
        }

    return {
        "name": f"multi30k_{model}",
        "model_dir": str(work / "model"),
        "use_cuda": False,
        "data": {
            "train": str(data / "train"),
            "dev": str(data / "val"),
            "dataset_type": "plain",
            "src": side(SOURCE),
            "trg": side(TARGET),
        },
        "testing": {"batch_size": 64, "eval_metrics": ["bleu"]},
        "training": {
            "optimizer": "adam",
            "adam_betas": [0.9, 0.98],
            "learning_rate": 0.001,
            "learning_rate_min": 0.0,
            "learning_rate_warmup": 400,
            "scheduling": "warmupinversesquareroot",
            "clip_grad_norm": 1.0,
            "normalization": "tokens",
            "label_smoothing": 0.1,
            "batch_size": BATCH_TOKENS,
            "batch_type": "token",
            "epochs": 1_000_000,
            "logging_freq": 25,
            "validation_freq": VALIDATE_EVERY,
            "early_stopping_metric": "bleu",
            "print_valid_sents": [],
        },
        "model": MODELS[model],
    }


TRANSFORMER = {
    "type": "transformer",
    "num_layers": 4,
    "num_heads": 4,
    "embeddings": {"embedding_dim": 128, "scale": True},
    "hidden_size": 128,
    "ff_size": 256,
    "dropout": 0.3,
    "layer_norm": "pre",
}
LSTM = {
    "type": "recurrent",
    "rnn_type": "lstm",
    "num_layers": 1,
    "embeddings": {"embedding_dim": 256, "dropout": 0.3},
}
TIED = {"tied_embeddings": True, "tied_softmax": True}
MODELS: dict[str, dict[str, Any]] = {
    "transformer": {
        **TIED,
        "initializer": "xavier_uniform",
        "embed_initializer": "xavier_uniform",
        "encoder": TRANSFORMER,
        "decoder": TRANSFORMER,
    },
    "lstm": {
        **TIED,
        # 128 in each direction; JoeyNMT's encoder fails with one direction alone
        "encoder": {**LSTM, "hidden_size": 128, "bidirectional": True},
        "decoder": {**LSTM, "hidden_size": 256, "attention": "luong", "input_feeding": False, "hidden_dropout": 0.3},
    },
}


def admit_all_pieces(tokenizers: Any) -> None:
    """Makes JoeyNMT's tokenizer leave sentencepiece's own vocabulary alone.

    JoeyNMT restricts sentencepiece to the pieces of the vocabulary through `SetVocabulary`, which sentencepiece 0.2.3
    no longer has; here the vocabulary is all of the model's pieces, so there is nothing to restrict.
    """
    tokenizers.SentencePieceTokenizer.set_vocab = tokenizers.BasicTokenizer.set_vocab


def limit(training: Any, minutes: float) -> dict[str, Any]:
    """Makes JoeyNMT's trainer stop after `minutes`; the figures are in the returned dictionary when it has ended.

    The clock starts after WARM_UP updates, the first of which loads much of torch, and stands still in validation.
    Target tokens are those the loss is taken over: end of sentence counted, padding not. On a quiet machine
    `processor_minutes` is close to `minutes` times the threads that were really used.
    """
    measured: dict[str, Any] = {}

    class LimitedTrainManager(training.TrainManager):  # type: ignore[misc]
        begin: float | None = None
        begin_tokens = 0
        begin_processor = 0.0
        validating = 0.0
        validating_processor = 0.0

        def train_and_validate(self, *arguments: Any, **options: Any) -> None:
            measured.update(validation_bleu=None, validation_updates=None)
            super().train_and_validate(*arguments, **options)
            seconds = self.seconds()
            processor_seconds = time.process_time() - self.begin_processor - self.validating_processor
            tokens = self.stats.total_tokens - self.begin_tokens
            measured.update(
                target_tokens_per_second=round(tokens / seconds, 1),
                target_tokens=tokens,
                updates=self.stats.steps - WARM_UP,
                minutes=round(seconds / 60, 3),
                processor_minutes=round(processor_seconds / 60, 3),
            )

        def seconds(self) -> float:
            return 0.0 if self.begin is None else time.perf_counter() - self.begin - self.validating

        def _train_step(self, *arguments: Any, **options: Any) -> Any:
            if self.begin is None and self.stats.steps == WARM_UP:
                self.begin, self.begin_tokens = time.perf_counter(), self.stats.total_tokens
                self.begin_processor = time.process_time()
            result = super()._train_step(*arguments, **options)
            if self.seconds() >= minutes * 60:
                self.stats.is_max_update = True
            return result

        def _validate(self, *arguments: Any, **options: Any) -> None:
            begin, begin_processor = time.perf_counter(), time.process_time()
            super()._validate(*arguments, **options)
            self.validating += time.perf_counter() - begin
            self.validating_processor += time.process_time() - begin_processor

        def _add_report(self, valid_scores: dict[str, float], *arguments: Any, **options: Any) -> None:
            measured.update(validation_bleu=round(valid_scores["bleu"], 2), validation_updates=self.stats.steps)
            super()._add_report(valid_scores, *arguments, **options)

        def _save_checkpoint(self, *_: Any) -> None:
            pass

    training.TrainManager = LimitedTrainManager
    return measured


if __name__ == "__main__":
    main()
