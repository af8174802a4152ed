"""The encoder of videos: a CNN for each frame, then an LSTM over time between the frames (Donahue et al. 2015)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from pydantic import Field
from torch import Tensor, nn

from seqtasks.encoders.cnn import CnnConfig, CnnEncoder, Images
from seqtasks.layers.memory import Memory
from seqtasks.layers.recurrent import recurrent_layer, reverse_padded


class RecurrentState(NamedTuple):
    """What the frames seen so far have left in each cell."""

    hidden: Float[Tensor, "videos cells width"]
    cell: Float[Tensor, "videos cells width"]


class CnnLstmEncoder(CnnEncoder):
    """Every frame is a row of the memory, and each of its cells knows what came before it.

    An LSTM runs over time in every cell of the grid, with the same weights for all; it reads the cell and the mean of
    all cells, and adds what it remembers to the cell. It adds nothing before training, so that a captioner of
    images can be the start. `temporal` says what a frame knows of: "none" is the captioner of images, "causal" is
    for streams, "both" looks ahead as well, as far as the frames that are given together.
    """

    class Config(CnnConfig):
        kind: Literal["cnn-lstm"] = "cnn-lstm"
        temporal: Literal["none", "causal", "both"] = "causal"
        """Which other frames a frame sees: none, earlier ones, or later ones as well."""
        lstm_hidden_size: int = Field(default=256, gt=0)
        """Size of the LSTM state of each cell, in each direction."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.memory_dim = config.lstm_hidden_size
        directions = {"none": 0, "causal": 1, "both": 2}[config.temporal]
        self.over_time = nn.ModuleList(
            recurrent_layer("lstm", 2 * self.dim, config.lstm_hidden_size) for _ in range(directions)
        )
        self.remembered = nn.Linear(directions * config.lstm_hidden_size, self.dim) if directions else None
        if self.remembered is not None:
            nn.init.zeros_(self.remembered.weight)
            nn.init.zeros_(self.remembered.bias)

    @property
    def looks_ahead(self) -> bool:
        """Whether what a frame gives depends on those after it."""
        return len(self.over_time) == 2

    def forward(self, images: Images, mask: Bool[Tensor, "rows cells"] | None = None) -> Memory:
        """Encodes images that have nothing to do with each other: videos of one frame."""
        return self.encode(images.unsqueeze(1), torch.ones(len(images), 1, dtype=torch.bool, device=images.device))[0]

    def encode(
        self,
        frames: UInt8[Tensor, "videos frames 3 height width"] | Float[Tensor, "videos frames cells channels"],
        mask: Bool[Tensor, "videos frames"],
        carried: RecurrentState | None = None,
    ) -> tuple[Memory, RecurrentState | None]:
        """The memory of every frame, video by video, padding included.

        Args:
            frames: Pixels (videos, frames, 3, height, width), or what the CNN has made of them.
            mask: True at real frames, which come before the padding.
            carried: What this returned for the frames before; without it the videos begin here.

        Returns:
            A row of the memory for each frame, and what to give to the frames that follow, which is of use only for
            videos that fill their row.
        """
        videos, length = mask.shape
        states = self.states(frames.flatten(0, 1))
        if self.remembered is None:
            return self.memory(states), None
        cells = states.shape[1]
        seen = torch.cat([states, states.mean(dim=1, keepdim=True).expand_as(states)], dim=2)
        lines = seen.view(videos, length, cells, -1).transpose(1, 2).flatten(0, 1)  # (videos * cells, frames, 2 * dim)
        start = None if carried is None else tuple(part.flatten(0, 1).unsqueeze(0).to(lines.dtype) for part in carried)
        outputs, last = self.over_time[0](lines, start)
        if self.looks_ahead:
            real = mask.repeat_interleave(cells, dim=0)
            backwards, _ = self.over_time[1](reverse_padded(lines, real))
            outputs = torch.cat([outputs, reverse_padded(backwards, real)], dim=2)
        added = self.remembered(self.dropout(outputs))
        states = states + added.view(videos, cells, length, -1).transpose(1, 2).flatten(0, 1)
        return self.memory(states), RecurrentState(*(part.squeeze(0).view(videos, cells, -1) for part in last))
