"""The pictures of `benchmarks.scaling`: both axes logarithmic, and thin lines of growth in proportion."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator
from PIL import Image

from benchmarks.scaling.curves import Curve

COLORS = {"Transformer": "tab:blue", "LSTM": "tab:orange"}
MOST_TICKS = 10


def draw(curve: Curve, path: Path) -> None:
    """Writes the picture of a curve."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, points in curve.lines.items():
        color = COLORS[name.partition(",")[0]]
        dashed = "--" if name.endswith("greedy") else "-"
        where, values = [point.x for point in points], [point.median for point in points]
        lowest, highest = ([getattr(point, end) for point in points] for end in ("lowest", "highest"))
        axes.fill_between(where, lowest, highest, color=color, alpha=0.2, linewidth=0)
        axes.plot(where, values, dashed, marker="o", markersize=4, color=color, label=name)
        ideal = [values[0] * (x / where[0]) ** curve.ideal for x in where]
        axes.plot(where, ideal, ":", color=color, linewidth=0.8)
    axes.plot([], [], ":", color="grey", linewidth=0.8, label="in proportion")
    values = [value for points in curve.lines.values() for point in points for value in (point.lowest, point.highest)]
    axes.set(xscale="log", yscale="log", xlabel=curve.x, ylabel=curve.y, title=curve.title)
    axes.set(ylim=(min(values) / 1.4, max(values) * 1.4))
    shown = sorted({point.x for points in curve.lines.values() for point in points})
    shared = all([point.x for point in points] == shown for points in curve.lines.values())
    locator = FixedLocator(shown) if shared and len(shown) <= MOST_TICKS else LogLocator(subs=(1, 2, 5))
    label(axes.xaxis, locator)
    label(axes.yaxis, LogLocator(subs=(1, 2, 5)))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    drawn = BytesIO()
    figure.savefig(drawn, dpi=110)
    Image.open(drawn).convert("RGB").quantize(64).save(path, optimize=True)


def label(axis: Axis, locator: FixedLocator | LogLocator) -> None:
    axis.set_major_locator(locator)
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))


def short(value: float) -> str:
    """16 k for 16,000."""
    for size, sign in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{sign}"
    return f"{value:.3g}"
