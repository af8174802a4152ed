"""Texts in which the words that decided are marked: in colour where there is colour, else by signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqtasks.inference.attribution import Explanation

MARKED, STRONG = 0.25, 0.6
"""Of the largest value: from here on a word is marked, and marked twice."""
FOR, AGAINST = (0, 95, 175), (190, 80, 0)
"""Red, green, blue: blue and orange, which no common colour blindness takes for each other."""


def marked_text(explanation: Explanation, colours: str | None) -> str:
    """The text on one line. Words that speak for the label are marked +, those against it -, strong ones twice.

    `colours` is what the terminal knows, as rich says it ("standard", "256", "truecolor"): marked words stand on a
    colour there, strong ones in bold, and those against the label are underlined as well. Without colours marked words
    are in brackets behind their sign.
    """
    words = zip(explanation.words, explanation.strengths(), strict=True)
    mark = bracketed if colours is None else coloured
    return "".join(
        " " * word.blank_before + (word.text if abs(strength) < MARKED else mark(word.text, strength, colours))
        for word, strength in words
    )


def bracketed(text: str, strength: float, colours: str | None) -> str:
    sign = "+" if strength > 0 else "-"
    return f"[{sign * (2 if abs(strength) >= STRONG else 1)}{text}]"


def coloured(text: str, strength: float, colours: str | None) -> str:
    from rich.color import Color, ColorSystem
    from rich.style import Style

    style = Style(
        color=Color.from_rgb(255, 255, 255),
        bgcolor=Color.from_rgb(*(FOR if strength > 0 else AGAINST)),
        bold=abs(strength) >= STRONG,
        underline=strength < 0,
    )
    system = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "windows": ColorSystem.WINDOWS}
    return style.render(text, color_system=system.get(colours or "", ColorSystem.TRUECOLOR))


def colours_of_output() -> str | None:
    """What the terminal at standard output knows; None where there is none, or NO_COLOR is set."""
    from rich.console import Console

    console = Console()
    return None if console.no_color or not console.is_terminal else console.color_system


def explanation_fields(explanation: Explanation) -> dict[str, Any]:
    """For JSON: what was explained, how, and each word with its blank and its value."""
    return {
        "label": explanation.label,
        "method": explanation.method,
        "log_odds": round(explanation.log_odds, 6),
        "hidden_log_odds": round(explanation.hidden_log_odds, 6),
        "words": [[" " * word.blank_before + word.text, round(word.value, 6)] for word in explanation.words],
    }
