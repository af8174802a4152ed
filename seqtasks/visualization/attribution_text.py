"""Texts whose decisive words are marked: in color on a terminal, else with signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqtasks.inference.attribution import Explanation

MARKED, STRONG = 0.25, 0.6
"""Shares of the largest attribution from which a word is marked, and marked as strong."""
FOR, AGAINST = (0, 95, 175), (190, 80, 0)
"""Red, green, blue: blue and orange, which common color blindness does not confuse."""


def highlight_words(explanation: Explanation, color_system: str | None = None) -> str:
    """The text on one line, its decisive words marked.

    Args:
        explanation: The attributions of the text's words.
        color_system: What the terminal supports, as rich calls it ("standard", "256", "truecolor"): words for the label
            get a blue background, words against it an orange one and a line below, strong ones are bold. With None
            marked words are in brackets after + or -, strong ones after two of them.
    """
    words = zip(explanation.words, explanation.strengths(), strict=True)
    mark = bracketed if color_system is None else colored
    return "".join(
        " " * word.blank_before + (word.text if abs(strength) < MARKED else mark(word.text, strength, color_system))
        for word, strength in words
    )


def bracketed(text: str, strength: float, color_system: str | None) -> str:
    """The word as "[+word]" or "[-word]", with two signs where it is strong."""
    sign = "+" if strength > 0 else "-"
    return f"[{sign * (2 if abs(strength) >= STRONG else 1)}{text}]"


def colored(text: str, strength: float, color_system: str | None) -> str:
    """The word on a colored ground, in the colors that a terminal has; bold where it is strong."""
    from rich.color import Color, ColorSystem
    from rich.style import Style

    style = Style(
        color=Color.from_rgb(255, 255, 255),
        bgcolor=Color.from_rgb(*(FOR if strength > 0 else AGAINST)),
        bold=abs(strength) >= STRONG,
        underline=strength < 0,
    )
    systems = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "windows": ColorSystem.WINDOWS}
    return style.render(text, color_system=systems.get(color_system or "", ColorSystem.TRUECOLOR))
