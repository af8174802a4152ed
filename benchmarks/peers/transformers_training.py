"""The transformers side of `benchmarks.training_speed`: its Marian classes in a loop such as its users write.

The optimiser is the one its own trainer takes by default (fused AdamW, gradients clipped at 1); the model computes in
float32, or in bfloat16 by autocast (`--setting`). Batches are of similar lengths, 4,096 tokens of the longer side,
padding counted. Environment: transformers.txt beside this file.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import count

import torch
from sentencepiece import SentencePieceProcessor
from torch import Tensor, nn
from transformers import MarianConfig, MarianMTModel, get_inverse_sqrt_schedule

import side

PAD, BEGIN, END = 0, 2, 3

Example = tuple[list[int], list[int]]


def main() -> None:
    given = side.arguments(__doc__, ["transformer"], ["float32", "bfloat16"])
    torch.set_num_threads(given.threads)
    torch.manual_seed(1)
    subwords = SentencePieceProcessor(model_file=str(given.vocabulary))
    sources, targets = (
        subwords.encode((given.data / f"train.{language}").read_text(encoding="utf-8").splitlines())
        for language in (side.SOURCE, side.TARGET)
    )
    examples = [([*source, END], [*target, END]) for source, target in zip(sources, targets, strict=True)]
    model = MarianMTModel(configuration(subwords.get_piece_size())).train()
    optimiser = torch.optim.AdamW(model.parameters(), side.LEARNING_RATE, side.BETAS, fused=True)
    schedule = get_inverse_sqrt_schedule(optimiser, side.LEARNING_RATE_WARM_UP)
    clock = side.Clock(given.minutes)
    for source, begun, target in batches(examples):
        with precision(given.setting):
            logits = model(
                input_ids=source, attention_mask=source != PAD, decoder_input_ids=begun, use_cache=False
            ).logits
            loss = nn.functional.cross_entropy(
                logits.flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=side.LABEL_SMOOTHING
            )
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
        tokens = int((target != PAD).sum())
        if clock.update(tokens, loss.item() * tokens):
            break
    clock.report(parameters=model.num_parameters(), versions=side.versions("transformers", "torch"))


def configuration(size: int) -> MarianConfig:
    return MarianConfig(
        vocab_size=size,
        d_model=128,
        encoder_layers=4,
        decoder_layers=4,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
        activation_function="relu",
        dropout=side.DROPOUT,
        scale_embedding=True,
        max_position_embeddings=512,
        pad_token_id=PAD,
        eos_token_id=END,
        forced_eos_token_id=None,
        decoder_start_token_id=BEGIN,
    )


def precision(setting: str) -> AbstractContextManager[None]:
    return torch.autocast("cpu", torch.bfloat16) if setting == "bfloat16" else nullcontext()


def batches(examples: list[Example]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Sources, targets from the begin token on, targets to the end token; epoch after epoch, in random order."""
    for epoch in count():
        order = random.Random(epoch)
        shuffled = order.sample(examples, len(examples))
        grouped = grouped_by_length(shuffled)
        order.shuffle(grouped)
        for group in grouped:
            yield (
                padded([source for source, _ in group]),
                padded([[BEGIN, *target[:-1]] for _, target in group]),
                padded([target for _, target in group]),
            )


def grouped_by_length(examples: list[Example]) -> list[list[Example]]:
    groups: list[list[Example]] = [[]]
    for example in sorted(examples, key=lambda example: (max(map(len, example)), len(example[1]))):
        if (len(groups[-1]) + 1) * max(map(len, example)) > side.BATCH_TOKENS:
            groups.append([])
        groups[-1].append(example)
    return groups


def padded(rows: list[list[int]]) -> Tensor:
    return nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)


if __name__ == "__main__":
    main()
