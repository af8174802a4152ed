"""Pictures of our own making: two colored shapes, and a sentence that says which they are and how they lie."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 48
"""Of the pictures, in pixels."""

COLORS = {
    "red": (220, 40, 40),
    "green": (40, 190, 60),
    "blue": (50, 80, 230),
    "yellow": (240, 220, 50),
    "white": (245, 245, 245),
}
OUTLINES: dict[str, list[tuple[float, float]]] = {
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "triangle": [(0, -1), (1, 0.9), (-1, 0.9)],
    "cross": [
        (-0.35, -1), (0.35, -1), (0.35, -0.35), (1, -0.35), (1, 0.35), (0.35, 0.35),
        (0.35, 1), (-0.35, 1), (-0.35, 0.35), (-1, 0.35), (-1, -0.35), (-0.35, -0.35),
    ],
}  # fmt: skip
"""Corners of shapes around (0, 0), y downwards; a circle has none."""

SHAPES = ("circle", *OUTLINES)
RELATIONS = {"left of": (1, 0), "above": (0, 1)}
"""From the first shape to the second, in steps along x and y."""

Kind = tuple[str, str]
"""A color and a shape."""

KINDS: tuple[Kind, ...] = tuple((color, shape) for color in COLORS for shape in SHAPES)


@dataclass(frozen=True)
class Scene:
    """What a picture shows, and what a person would say of it."""

    first: Kind
    relation: str
    second: Kind

    @property
    def caption(self) -> str:
        return f"a {' '.join(self.first)} {self.relation} a {' '.join(self.second)}"

    def render(self, chance: random.Random) -> Image.Image:
        """A picture of it: sizes, places and the dark background are random."""
        picture = Image.new("RGB", (SIDE, SIDE), tuple(chance.randint(0, 50) for _ in range(3)))
        draw = ImageDraw.Draw(picture)
        for side, (color, shape) in ((-1, self.first), (1, self.second)):
            radius = SIDE * chance.uniform(0.14, 0.2)
            x, y = (
                SIDE * (0.5 + side * step * chance.uniform(0.22, 0.27) + (1 - step) * chance.uniform(-0.15, 0.15))
                for step in RELATIONS[self.relation]
            )
            if shape in OUTLINES:
                corners = [(x + radius * right, y + radius * down) for right, down in OUTLINES[shape]]
                draw.polygon(corners, fill=COLORS[color])
            else:
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=COLORS[color])
        return picture


def every_scene() -> list[Scene]:
    """All that two different shapes can make."""
    return [
        Scene(first, relation, second) for first, second in itertools.permutations(KINDS, 2) for relation in RELATIONS
    ]


def write_pictures(folder: Path, shown: Sequence[Scene], chance: random.Random) -> list[Path]:
    """A picture of each scene and, in captions.csv, what it shows; returns the files of the pictures."""
    folder.mkdir()
    files = [folder / f"{number:05}.png" for number in range(len(shown))]
    for file, scene in zip(files, shown, strict=True):
        scene.render(chance).save(file, compress_level=1)
    lines = [f"{file.name},{scene.caption}" for file, scene in zip(files, shown, strict=True)]
    (folder / "captions.csv").write_text("\n".join(["image,caption", *lines]) + "\n", encoding="utf-8")
    return files
