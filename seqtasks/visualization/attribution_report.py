"""An HTML report of the words that decided a classification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from seqtasks.visualization.html_page import Write, open_html_page

if TYPE_CHECKING:
    from seqtasks.inference.attribution import ExplainedWord, Explanation

FAINTEST = 0.02
"""Share of the largest attribution below which words are not shaded."""
MOST_LABELS = 8
"""The most probable labels, whose probabilities are shown."""
STRONGEST = 6
"""Words that are named beside the text, on each side."""
METHODS = {
    "occlusion": "how much its log-odds fall when that word alone is hidden (occlusion)",
    "gradients": "what each word contributes to its log-odds (integrated gradients)",
}

LEGEND = """\
Words <span class="for" style="--share:.8">for</span> the label are blue, words
<span class="against" style="--share:.8">against</span> it are orange and underlined; stronger colors mean larger
values, relative to the largest of the text. Hover over a word to see its value."""


@contextmanager
def open_attribution_report(path: Path, origin: Sequence[str] = ()) -> Iterator[AttributionReport]:
    """A report that appears when it is complete.

        with open_attribution_report(Path("why.html")) as report:
            for text, found in zip(texts, classifier.classify(texts)):
                report.add("", found.probabilities, classifier.explain(text))

    Args:
        path: The file to write.
        origin: What made the labels, such as the model.

    Raises:
        SeqtasksError: The file cannot be written.
    """
    style = Path(__file__).with_suffix(".css")
    with open_html_page(path, "Labels and word attributions", origin, legend=LEGEND, style=style) as write:
        yield AttributionReport(write)


class AttributionReport:
    """Writes each text as it comes."""

    def __init__(self, write: Write) -> None:
        self.write = write

    def add(self, name: str, probabilities: Mapping[str, float], explanation: Explanation) -> None:
        """Adds a text.

        Args:
            name: Its heading; may be empty.
            probabilities: Of all labels, the most probable first.
            explanation: The attributions of its words to one of the labels.
        """
        self.write("<article>")
        if name:
            self.write(f'<h2 dir="auto">{escape(name)}</h2>')
        self.write('<table class="labels">')
        for label, probability in [*probabilities.items()][:MOST_LABELS]:
            chosen = ' class="chosen"' if label == explanation.label else ""
            self.write(
                f'<tr{chosen}><th scope="row" dir="auto">{escape(label)}</th><td>{probability:.1%}</td>'
                f'<td class="bar"><i style="--share:{probability:.3f}"></i></td></tr>'
            )
        self.write("</table>")
        if len(probabilities) > MOST_LABELS:
            self.write(f"<p>and {len(probabilities) - MOST_LABELS} more labels</p>")
        strengths = explanation.strengths()
        words = map(as_word, explanation.words, strengths)
        self.write("".join(['<p class="text" dir="auto">', *words, "</p>"]))
        self.write(f"<p>Why <b>{escape(explanation.label)}</b>: {METHODS[explanation.method]}.</p>")
        for kind, sign in (("for", 1), ("against", -1)):
            ranked = sorted(explanation.words, key=lambda word: -sign * word.value)
            strongest = [word for word in ranked[:STRONGEST] if sign * word.value > 0]
            if strongest:
                said = ", ".join(f"{escape(word.text)} <small>{word.value:+.2f}</small>" for word in strongest)
                self.write(f'<p dir="auto"><span class="{kind}" style="--share:.8">{kind}</span> {said}</p>')
        self.write("</article>")


def as_word(word: ExplainedWord, strength: float) -> str:
    """A word as HTML, shaded by its strength (-1 to 1); the tooltip is its value in log-odds."""
    said = escape(word.text)
    blank = " " * word.blank_before
    if abs(strength) < FAINTEST:
        return blank + said
    kind = "for" if strength > 0 else "against"
    return f'{blank}<span class="{kind}" style="--share:{abs(strength):.2f}" title="{word.value:+.3f}">{said}</span>'
