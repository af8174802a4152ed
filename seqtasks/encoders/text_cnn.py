"""Convolutions over neighboring tokens, windows of several widths side by side (Kim 2014, arXiv:1408.5882)."""

from __future__ import annotations

from typing import Literal, Self

import torch
from jaxtyping import Int
from pydantic import Field, model_validator
from torch import Tensor, nn

from seqtasks.encoders.base import PretrainedInitConfig, TextEncoder
from seqtasks.layers.convolution import KernelSizes
from seqtasks.layers.dropout import Dropout
from seqtasks.layers.embedding import TokenEmbedding
from seqtasks.layers.memory import Mask, Memory
from seqtasks.layers.word_embedding import WordEmbedding


class TextCnnEncoder(TextEncoder):
    """Each state is what filters of several widths find around its token (Kim 2014, equations 2 and 3).

    A window of an odd width is centered at its token, one of an even width reaches one token further back. What lies
    outside of a text is zero, as padding is, so that a text may be shorter than the windows. The memory's summary is
    the highest output of each filter in the text: what `pooling = "max"` of a classifier gives (equation 4).
    """

    class Config(PretrainedInitConfig):
        kind: Literal["text-cnn"] = "text-cnn"
        kernel_sizes: KernelSizes = (3, 4, 5)
        """How many tokens filters see; each width has filters of its own."""
        num_filters: int = Field(default=100, gt=0)
        """Filters (feature maps) of each width."""
        dropout: float = Field(default=0.0, ge=0, lt=1)
        """On the filters' outputs; that of the paper, on what pooling makes of them, is `model.dropout`."""

        @model_validator(mode="after")
        def only_an_embedding_can_be_taken(self) -> Self:
            """Refuses to start from the encoder of a language model, none of which has convolutions."""
            if self.init_from is not None and self.init_modules != "embedding":
                raise ValueError(
                    'no language model has these layers; init_modules = "embedding" takes only its embedding'
                )
            return self

    def __init__(self, config: Config, embedding: TokenEmbedding | WordEmbedding) -> None:
        super().__init__(config, embedding)
        self.dim = config.num_filters * len(config.kernel_sizes)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(embedding.dim, config.num_filters, width, padding=width // 2) for width in config.kernel_sizes
        )
        self.dropout = Dropout(config.dropout)

    def forward(self, tokens: Int[Tensor, "rows src *parts"], mask: Mask) -> Memory:
        """Applies the filters of all widths to the window around each token, and ReLU to what they give."""
        real = mask.unsqueeze(2)
        vectors = (self.embed(tokens) * real).mT  # -> rows width src
        # an even width gives one output more, for the window behind the text
        maps = [convolution(vectors)[..., : tokens.shape[1]] for convolution in self.convolutions]
        states = self.dropout(torch.cat(maps, dim=1).relu().mT)
        return Memory(states, mask, (states * real).amax(dim=1))
