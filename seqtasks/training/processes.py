"""How many processes train, and which kind of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from seqtasks.device import configure_runtime
from seqtasks.errors import SeqtasksError
from seqtasks.models import Loss
from seqtasks.training.data_parallel import Backward, ForkedDataParallel, OneProcess
from seqtasks.training.distributed_data_parallel import RankDataParallel
from seqtasks.training.ranks import Ranks

MOST = 4
"""Processes that are started unasked: the parts of a batch get too small for more of them."""


def choose_processes(wanted: int, threads: int, cores: int, device: torch.device, ranks: int = 1) -> int:
    """How many processes train, those that torchrun has started left out.

    Args:
        wanted: As many; 0 is one a core unless threads were asked for.
        threads: Those that were asked for, 0 for none in particular.
        cores: Those that this process may run on.
        device: Several processes need a CPU.
        ranks: Processes that torchrun has started: each trains alone.

    Raises:
        SeqtasksError: Several are wanted and cannot be had.
    """
    possible = device.type == "cpu" and "fork" in multiprocessing.get_all_start_methods()
    if wanted > 1 and not possible:
        raise SeqtasksError(
            f"training.num_processes = {wanted}: several processes are supported only on a CPU, under Linux or macOS.",
            "Leave it out.",
        )
    if ranks > 1:
        if wanted > 1:
            raise SeqtasksError(
                f"training.num_processes = {wanted}, but torchrun has started {ranks} processes already.",
                "Set training.num_processes = 0, and start as many with torchrun --nproc-per-node.",
            )
        return 1
    return wanted or (min(cores, MOST) if possible and not threads else 1)


def start_processes(
    model: nn.Module, loss: Callable[[Any], Loss], backward: Backward, count: int, ranks: Ranks
) -> OneProcess:
    """What computes the gradients of a batch.

    Args:
        model: The model that is trained.
        loss: Gives its loss on a batch.
        backward: Adds the gradients of that loss.
        count: Processes on this machine, as `choose_processes` gave it.
        ranks: Those that torchrun has started.
    """
    if ranks.size > 1:
        return RankDataParallel(model, loss, ranks)
    if count > 1:
        configure_runtime(1)
        return ForkedDataParallel(model, count - 1, backward)
    return OneProcess(backward)
