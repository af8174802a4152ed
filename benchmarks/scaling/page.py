"""The page of `benchmarks.scaling`: the pictures, the points, and the sentences that someone wrote about them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.scaling.curves import Curve, Point
from benchmarks.scaling.plots import short

ORDER = ("beam", "batch", "length", "vocabulary", "data", "model")
BENDS = "**Where it bends:**"
HEAD = """\
# How cost grows

```sh
.venv/bin/python -m benchmarks.scaling path/to/multi30k --output benchmarks/scaling/results
```

Decoding has one thread, training a process a core. Points are medians of rounds, and the band is from the slowest to
the fastest; a round before them does not count. In decoding all points of a picture take turns. A dotted line,
from the first point on, is growth in proportion. In the tables, the number in brackets is the exponent p since the
point above: y grew as x to the power of p. Each picture's numbers lie beside it as JSON. Measuring again rewrites this
page, but not what stands behind "Where it bends", which is a reading of the curves: no cause was measured alone.
"""


def write_page(folder: Path) -> None:
    """Writes README.md of all curves that the folder has; sentences about them stay."""
    path = folder / "README.md"
    old = path.read_text(encoding="utf-8") if path.is_file() else ""
    written = dict(re.findall(rf"^!\[[^\n]*\]\((\w+)\.png\)$.*?^{re.escape(BENDS)} ?([^\n]*)$", old, re.M | re.S))
    sections = [HEAD]
    for name in ORDER:
        file = folder / f"{name}.json"
        if file.is_file():
            values = json.loads(file.read_text(encoding="utf-8"))
            sections.append(section(Curve.from_plain(values["curve"]), written.get(name, "")))
            machine, versions = values["machine"], values["versions"]
            told = ", ".join(f"{package} {number}" for package, number in versions.items())
            sections.append(f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}, {told}.\n")
    path.write_text("\n".join(sections), encoding="utf-8")


def section(curve: Curve, sentence: str) -> str:
    """A heading, the picture, what was done, the sentence, the table."""
    setup = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in curve.setup.items())
    return "\n\n".join((
        f"## {curve.title}", f"![{curve.title}]({curve.name}.png)", f"{curve.remark} ({setup}.)",
        f"{BENDS} {sentence}".rstrip(), table(curve),
    )) + "\n"  # fmt: skip


def table(curve: Curve) -> str:
    columns = [curve.x]
    for line in curve.lines:
        columns += [f"{line}: {curve.y}", *([curve.also] if curve.also else [])]
    rows = [columns, ["---", *["---:"] * (len(columns) - 1)]]
    for x in sorted({point.x for points in curve.lines.values() for point in points}):
        row = [short(x)]
        for points in curve.lines.values():
            point = next((point for point in points if point.x == x), None)
            row += cells(point, curve)
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells(point: Point | None, curve: Curve) -> list[str]:
    """The measure with its exponent, and the other measure where there is one."""
    if point is None:
        return [""] * (2 if curve.also else 1)
    exponent = "" if point.exponent is None else f" ({point.exponent:+.2f})"
    return [f"{point.median:,.5g}{exponent}", *([f"{point.also:,g}"] if point.also is not None else [])]
