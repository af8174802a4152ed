"""Adversarial training (Miyato, Dai & Goodfellow 2017): texts whose vectors are moved to where the loss grows most."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from seqtasks.models import ClassificationBatch, Classifier, Loss
from seqtasks.models.token_masking import transform_embeddings


def adversarial_loss(model: Classifier, batch: ClassificationBatch, distance: float) -> Loss:
    """The mean of the loss of texts as they are and of their loss when they are moved (Miyato et al. 2017, equation 7).

    Dropout is the same in both. No gradient goes through the choice of the direction.

    Args:
        model: The classifier, in training mode.
        batch: Texts and their labels.
        distance: How far, as a share of the length of all vectors of a text together, so that a model gains nothing by
            making them longer.
    """
    devices = [batch.tokens.device] if batch.tokens.is_cuda else []
    read: list[Tensor] = []

    def noted(vectors: Tensor) -> Tensor:
        read.append(vectors if vectors.requires_grad else vectors.requires_grad_())
        return vectors

    with torch.random.fork_rng(devices), transform_embeddings(model.encoder, noted):
        plain = model.loss(batch)
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    direction, *gradients = torch.autograd.grad(plain.total, [read[0], *learning], materialize_grads=True)
    move = adversarial_perturbation(direction, read[0].detach(), batch.mask.unsqueeze(2), distance)
    with transform_embeddings(model.encoder, lambda vectors: vectors + move):
        moved = model.loss(batch)
    return Loss((known(plain.total, learning, gradients) + moved.total) / 2, plain.count)


def adversarial_perturbation(
    direction: Float[Tensor, "rows src dim"],
    vectors: Float[Tensor, "rows src dim"],
    mask: Bool[Tensor, "rows src 1"],
    distance: float,
) -> Float[Tensor, "rows src dim"]:
    """The way in which the loss grows fastest (equation 5), as far as a share of each row's length."""
    length, steepness = ((each * mask).flatten(1).float().norm(dim=1) for each in (vectors, direction))
    scale = torch.where(steepness > 0, distance * length / steepness, 0.0)
    return direction * (scale.view(-1, 1, 1) * mask).to(direction.dtype)


def known(value: Float[Tensor, ""], parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> Float[Tensor, ""]:
    """The value with these gradients, which are not computed a second time."""
    slopes = ((parameter * gradient).sum() for parameter, gradient in zip(parameters, gradients, strict=True))
    line = sum(slopes, value.new_zeros(()))
    return value.detach() + line - line.detach()
