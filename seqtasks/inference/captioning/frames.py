"""The frames of a video as a captioner reads them: each alone, or knowing those before it."""

from __future__ import annotations

import torch
from jaxtyping import UInt8
from torch import Tensor

from seqtasks.encoders import CnnLstmEncoder
from seqtasks.encoders.cnn_lstm import RecurrentState
from seqtasks.models import EncoderDecoder, EncoderDecoderStepper


def frames_stepper(
    model: EncoderDecoder, pixels: UInt8[Tensor, "frames 3 height width"], carried: RecurrentState | None
) -> tuple[EncoderDecoderStepper, RecurrentState | None]:
    """The model bound to frames that follow those which `carried` comes from; what to carry on."""
    if not isinstance(model.encoder, CnnLstmEncoder):
        return model.make_stepper(pixels), None
    real = torch.ones(1, len(pixels), dtype=torch.bool, device=pixels.device)
    memory, carried = model.encoder.encode(pixels.unsqueeze(0), real, carried)
    return EncoderDecoderStepper(model.decoder, memory), carried
