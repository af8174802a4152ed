"""Self-critical training (Rennie et al. 2017): what scores better than the model's usual outputs becomes likelier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from seqtasks.data.collate import pad_groups
from seqtasks.decoding import DecodingConfig, Hypothesis, decode
from seqtasks.metrics.rewards import SEES_END, reward
from seqtasks.models import EncoderDecoder, Loss, Seq2SeqBatch
from seqtasks.registry import ConfigModel
from seqtasks.special_tokens import END, PAD, SPECIAL_PIECES
from seqtasks.text import Tokenizer


class SelfCriticalConfig(ConfigModel):
    """The table `[self_critical]` of a task that writes. Start from a model that writes well already (`init_from`)."""

    reward: Literal["cider-d", "bleu", "chrf"] = "cider-d"
    """The reward of outputs; cider-d is for several references, bleu and chrf are for translations."""
    num_samples: int = Field(default=5, gt=1)
    """Number of samples for each source."""
    baseline: Literal["samples", "greedy"] = "samples"
    """Baseline of the reward: the mean of the other samples (Luo 2020), or the output of greedy search."""


class SelfCritical:
    """The objective: draws outputs, scores each against its source's references and trains on it by its advantage.

    The loss is the mean reward below zero. Its gradient is that of the cross-entropy of each output, weighted by the
    advantage, which is the output's reward minus the baseline (equation 7 of the paper).

    Args:
        settings: The reward, the baseline and how many outputs are drawn.
        processor: The text processor of the target.
        decoding: Its length limit holds for the samples.
        training: The references of all training sources, token ids, from which cider-d knows what is rare.
    """

    def __init__(
        self,
        settings: SelfCriticalConfig,
        processor: Tokenizer,
        decoding: DecodingConfig,
        training: Iterable[Sequence[Sequence[int]]],
    ) -> None:
        self.settings = settings
        self.processor = processor
        self.greedy = DecodingConfig(beam_size=1, length_penalty="none", max_length=decoding.max_length)
        self.sampling = replace(self.greedy, sample=True, nbest=settings.num_samples)
        known = ([self.sentence(ids) for ids in others] for others in training)
        self.reward = reward(settings.reward, known if settings.reward == "cider-d" else ())

    def loss(self, model: EncoderDecoder, batch: Seq2SeqBatch) -> Loss:
        """What to add to the gradients for a batch; the random numbers of the samples come from torch's generator."""
        samples, baselines = self.outputs(model, batch)
        references = [list(self.references(*row)) for row in zip(batch.target, batch.target_mask, strict=True)]
        rewards = self.rewards(samples, references)
        if baselines is None:
            advantages = (rewards - rewards.mean(axis=1, keepdims=True)) * rewards.shape[1] / (rewards.shape[1] - 1)
        else:
            advantages = rewards - self.rewards(baselines, references)
        target = pad_groups(
            [[(*each.tokens, END) if each.finished else each.tokens for each in row] for row in samples], begin=True
        ).to(batch.target.device)
        weight = torch.from_numpy(advantages).to(batch.target.device, torch.float32)
        loss = model.loss(Seq2SeqBatch(batch.source, batch.source_mask, target, target != PAD, weight))
        return Loss(loss.total - loss.total.detach() - float(rewards.mean()) * loss.count, loss.count)

    def outputs(
        self, model: EncoderDecoder, batch: Seq2SeqBatch
    ) -> tuple[list[list[Hypothesis]], list[list[Hypothesis]] | None]:
        """The samples of each source and, where they are the baseline, what greedy search finds; without dropout."""
        training = model.training
        model.eval()
        with torch.no_grad():
            stepper = model.make_stepper(batch.source, batch.source_mask)
            lengths = torch.zeros(stepper.rows) if batch.source_mask is None else batch.source_mask.sum(dim=1)
            seed = int(torch.randint(2**62, ()))
            samples = decode(stepper, source_lengths=lengths.long(), options=replace(self.sampling, seed=seed))
            baselines = None
            if self.settings.baseline == "greedy":
                baselines = decode(stepper, source_lengths=lengths.long(), options=self.greedy)
        model.train(training)
        torch.clear_autocast_cache()  # it holds weights that were cast without a gradient
        return samples, baselines

    def rewards(
        self, found: Sequence[Sequence[Hypothesis]], references: Sequence[Sequence[Sequence[str]]]
    ) -> Float[np.ndarray, "rows outputs"]:
        """The reward of each output."""
        outputs = [self.sentence(each.tokens, finished=each.finished) for row in found for each in row]
        beside = [others for row, others in zip(found, references, strict=True) for _ in row]
        return self.reward(outputs, beside).reshape(len(found), -1)

    def references(self, target: Tensor, mask: Tensor) -> Iterator[Sequence[str]]:
        """The references of one source, out of its padded targets."""
        length = target.shape[-1]
        for ids, real in zip(target.view(-1, length), mask.view(-1, length), strict=True):
            if real.any():
                yield self.sentence(ids[real].tolist()[1:-1])

    def sentence(self, ids: Sequence[int], *, finished: bool = True) -> list[str]:
        """What the reward counts: tokens and their end, or the words of the text."""
        if self.settings.reward in SEES_END:
            return [*self.processor.pieces(ids), *([SPECIAL_PIECES[END]] if finished else [])]
        return self.processor.decode(ids).split()
