"""The processes of torchrun, on one machine or on many, share the rows of each batch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from seqtasks.models import Loss
from seqtasks.training.data_parallel import Batch, OneProcess, part_of
from seqtasks.training.ranks import Ranks, reporting_lost_rank


class Objective(nn.Module):
    """The loss of a model on a batch as a module's output, which is where DistributedDataParallel looks.

    Args:
        model: The model that is trained.
        loss: Gives its loss on a batch.
    """

    def __init__(self, model: nn.Module, loss: Callable[[Any], Loss]) -> None:
        super().__init__()
        self.model = model
        self.loss = loss

    def forward(self, batch: Any) -> tuple[Tensor, Tensor]:
        """The sum of the loss, and what it is to be divided by."""
        loss = self.loss(batch)
        used: Tensor = WithZeroGradients.apply(loss.total, *(each for each in self.parameters() if each.requires_grad))
        return used, loss.count


class WithZeroGradients(torch.autograd.Function):
    """A value as it is, from which all parameters get a gradient of zero.

    PyTorch waits for the gradients of all parameters in every rank. Some rows give none to some of them, such as a
    window of a video without a caption to the decoder.
    """

    @staticmethod
    def forward(ctx: Any, value: Tensor, *parameters: Tensor) -> Tensor:
        """Gives a copy of the value."""
        ctx.shapes = [(each.shape, each.dtype) for each in parameters]
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        """Zeros that take no memory."""
        (gradient,) = gradients
        return (gradient, *(gradient.new_zeros((), dtype=dtype).expand(shape) for shape, dtype in ctx.shapes))


class RankDataParallel(OneProcess):
    """Computes the share of this rank; PyTorch adds up the gradients of all while they come (Li et al. 2020).

    Every rank makes the same batches and takes its own rows of each, so that rows need not be sent. What is random in
    the other ranks follows from a number that the first one draws for each of them and each batch, as it does for
    forked processes: as many of either kind train the same model.

    A rank for which a batch has no row computes one all the same, since all have to take part, and counts it as
    nothing.

    Args:
        model: The same weights in every rank; those of the first one count.
        loss: Gives the loss of a part of a batch.
        ranks: All of them.
    """

    def __init__(self, model: nn.Module, loss: Callable[[Any], Loss], ranks: Ranks) -> None:
        self.ranks = ranks
        self.count = ranks.size
        with reporting_lost_rank():
            self.objective = DistributedDataParallel(Objective(model, loss), gradient_as_bucket_view=True)
        # a lambda, as PyTorch compares annotations and does not know them as the strings that they are here
        self.objective.register_comm_hook(None, lambda _, bucket: summed(bucket))

    def run(self, batch: Batch, *, is_last: bool) -> tuple[float, float]:
        """See `OneProcess`."""
        drawn = torch.stack([torch.randint(2**62, ()) for _ in range(self.ranks.size - 1)])
        seeds = self.ranks.from_first(drawn)
        if not self.ranks.is_first:
            torch.manual_seed(int(seeds[self.ranks.rank - 1]))
        mine = part_of(batch, self.ranks.share)
        is_empty = len(mine[0]) == 0
        with reporting_lost_rank(), nullcontext() if is_last else self.objective.no_sync():
            total, count = self.objective(part_of(batch, slice(0, 1)) if is_empty else mine)
            (0.0 * total if is_empty else total).backward()
        own = (0.0, 0.0) if is_empty else (total.item(), count.item())
        all_totals, all_counts = self.ranks.sum(*own)
        return all_totals, all_counts


def summed(bucket: Any) -> Any:
    """Adds up gradients: losses are sums, which are divided by what all of them count together."""
    return dist.all_reduce(bucket.buffer(), async_op=True).get_future().then(lambda done: done.value()[0])
