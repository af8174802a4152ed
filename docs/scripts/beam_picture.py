"""A picture of a beam search by a real model.

    python docs/scripts/beam_picture.py > beam.svg

The hypotheses that are alive after each step are recorded while the translator works, and drawn as a tree. Numbers are
sums of log-probabilities; what ends is divided by its length, as the penalty "average" has it.
"""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import torch

import seqtasks
from seqtasks.decoding import DecodingConfig, Hypothesis, decode
from seqtasks.special_tokens import NEVER_GENERATED

MODEL, SENTENCE, WIDTH = "en-de", "How are you?", 3
COLUMN, ROW, MARGIN = 150, 58, 24
BOX = (112, 36)

STYLE = """
.box { fill: #e8eaf6; stroke: #5c6bc0; } .end { fill: #c8e6c9; stroke: #388e3c; }
.dead { fill: #f5f5f5; stroke: #bdbdbd; }
path { fill: none; stroke: #9e9e9e; } path.best { stroke: #388e3c; stroke-width: 3; }
text { font: 13px sans-serif; fill: #212121; text-anchor: middle; } text.small { font-size: 11px; fill: #616161; }
"""

Prefix = tuple[int, ...]


class Node(NamedTuple):
    """A hypothesis after its last token."""

    score: float
    """The sum of its log-probabilities."""
    place: int
    """Its place in the beam, the best first."""


class Recorder:
    """A rule on the next token that changes nothing and remembers what was alive."""

    def __init__(self) -> None:
        self.alive: dict[Prefix, Node] = {(): Node(0.0, 0)}
        self.before: dict[Prefix, dict[int, float]] = {}
        """The likeliest next tokens of each, with their log-probabilities."""

    def __call__(self, log_probabilities, history):  # type: ignore[no-untyped-def]
        """Called before each step with the tokens of all live hypotheses."""
        for place, tokens in enumerate(history[0].tolist()):
            prefix = tuple(tokens)
            if prefix and prefix not in self.alive:
                parent = prefix[:-1]
                if parent not in self.alive or prefix[-1] not in self.before[parent]:
                    continue
                score = self.alive[parent].score + self.before[parent][prefix[-1]]
                self.alive[prefix] = Node(score, place)
            if prefix not in self.before:
                allowed = log_probabilities[0, place].clone()
                allowed[list(NEVER_GENERATED)] = -float("inf")
                best = allowed.topk(2 * WIDTH)
                self.before[prefix] = dict(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        return log_probabilities


def beam_svg() -> str:
    """Runs the search and draws it."""
    translator = seqtasks.load(MODEL, task="translation", dtype="float32", threads=1)
    source = translator.source.encode(SENTENCE)
    recorder = Recorder()
    options = DecodingConfig(
        beam_size=WIDTH, nbest=WIDTH, length_penalty="average", logits_processors=(lambda: recorder,)
    )
    [found] = decode(translator.stepper([source]), source_lengths=torch.tensor([len(source)]), options=options)
    pieces = {token: translator.target.pieces([token])[0] for path in recorder.alive for token in path}
    return svg(recorder.alive, [each for each in found if each.finished], pieces)


def svg(alive: dict[Prefix, Node], finished: list[Hypothesis], pieces: dict[int, str]) -> str:
    """One column a step, the beam from top to bottom; below it what has ended, with its normalized score."""
    best = finished[0].tokens
    kept = {tuple(each.tokens[:length]) for each in finished for length in range(len(each.tokens) + 1)}
    parts, lines = list[str](), list[str]()
    for prefix, node in alive.items():
        label = pieces[prefix[-1]] if prefix else "(begin)"
        is_best = prefix == tuple(best[: len(prefix)])
        parts += box(len(prefix), node.place, label, f"{node.score:.2f}", "box" if prefix in kept else "box dead")
        if prefix:
            lines.append(line(len(prefix), alive[prefix[:-1]].place, node.place, is_best))
    for rank, each in enumerate(finished):
        column, parent = len(each.tokens) + 1, alive[tuple(each.tokens)]
        parts += box(column, WIDTH + rank, "(end)", f"{each.score:.2f} / {column} = {each.normalized_score:.3f}", "end")
        lines.append(line(column, parent.place, WIDTH + rank, rank == 0))
    columns = 2 + max(max(map(len, alive)), *(len(each.tokens) for each in finished))
    width, height = 2 * MARGIN + columns * COLUMN, 2 * MARGIN + (WIDTH + len(finished)) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"<style>{STYLE}</style>\n" + "\n".join(lines + parts) + "\n</svg>\n"
    )


def box(column: int, row: int, label: str, number: str, kind: str) -> list[str]:
    """A hypothesis: its last token above its score."""
    x, y = MARGIN + column * COLUMN, MARGIN + row * ROW
    middle = x + BOX[0] / 2
    return [
        f'<rect class="{kind}" x="{x}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="6"/>',
        f'<text x="{middle}" y="{y + 15}">{escape(label)}</text>',
        f'<text class="small" x="{middle}" y="{y + 29}">{number}</text>',
    ]


def line(column: int, start: int, end: int, best: bool) -> str:
    """From a hypothesis to the one that continues it."""
    x, to = MARGIN + (column - 1) * COLUMN + BOX[0], MARGIN + column * COLUMN
    y, down = (MARGIN + row * ROW + BOX[1] / 2 for row in (start, end))
    bend = (x + to) / 2
    kind = ' class="best"' if best else ""
    return f'<path{kind} d="M{x},{y} C{bend},{y} {bend},{down} {to},{down}"/>'


if __name__ == "__main__":
    print(beam_svg(), end="")
