"""What the settings of all models have in common."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from seqtasks.registry import ConfigModel


class ModelConfig(ConfigModel):
    """Settings of a model whose parts share its width."""

    hidden_size: int
    """Width of the embedding."""

    def width(self) -> tuple[int, str]:
        """The width of what the parts read, and what users know it by."""
        return self.hidden_size, f"hidden_size = {self.hidden_size}"

    @model_validator(mode="after")
    def heads_divide_width(self) -> Self:
        """Refuses a width that an encoder's or decoder's heads cannot share evenly."""
        width, name = self.width()
        for part in ("encoder", "decoder"):
            heads = getattr(getattr(self, part, None), "num_heads", 1)
            if width % heads:
                raise ValueError(f"{name} cannot be shared by {heads} heads")
        return self
