"""Makes RESULTS.md out of what the comparisons have left in `results/`.

    python -m benchmarks.report

One row a measure, in the order of ORDER; below it how each was measured. `comparison.record` writes what this reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ORDER = (
    "training",
    "time-to-bleu",
    "translation",
    "latency",
    "start",
    "memory",
    "captions",
    "character",
    "matrix-rate",
)
"""How the names of results begin, in the order of the table; what begins otherwise comes after them, by name."""
QUALITY = ("bleu", "chrf", "cider", "loss", "perplexity")
"""What the names of scores have in them, in small letters."""
COLUMNS = ("measure", "seqtasks", "peer", "ratio", "wanted", "", "quality: seqtasks / peer")

Result = Mapping[str, Any]

INTRODUCTION = """\
# Results

Made by `python -m benchmarks.report` out of `benchmarks/results/`; `make bench` measures everything again. Both sides
of a row took turns in one run with the same threads, unless it says otherwise below; values are medians of the rounds.
"""


def report(results: Mapping[str, Result]) -> str:
    """The page, from results by their names."""
    ordered = [results[name] for name in sorted(results, key=place)]
    table = [list(COLUMNS), ["---"] * len(COLUMNS), *map(row, ordered)]
    lines = [line(cells) for cells in table]
    return "\n".join([INTRODUCTION, *map(conditions, machines(ordered)), "", *lines, "", *map(details, ordered)])


def place(name: str) -> tuple[int, str]:
    """Where a result stands."""
    return next((number for number, start in enumerate(ORDER) if name.startswith(start)), len(ORDER)), name


def machines(results: list[Result]) -> list[tuple[Result, dict[str, list[str]]]]:
    """The machines that were measured on, each with the versions that were found there, mostly one a package."""
    found: list[tuple[Result, dict[str, list[str]]]] = []
    for result in results:
        known = next((versions for machine, versions in found if machine == result["machine"]), None)
        if known is None:
            known = {}
            found.append((result["machine"], known))
        for package, version in result["versions"].items():
            if version not in known.setdefault(package, []):
                known[package].append(version)
    return found


def conditions(found: tuple[Result, dict[str, list[str]]]) -> str:
    """A machine and its versions, as an item of a list."""
    machine, versions = found
    told = ", ".join(f"{package} {' and '.join(each)}" for package, each in versions.items())
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    return f"- {where}: {told}"


def row(result: Result) -> list[str]:
    """A row of the table."""
    ours, peer, unit = result["seqtasks"], result["peer"], result["unit"]
    least, most, ratio = result["at_least"], result["at_most"], result["ratio"]
    wanted, met = [], True
    if least is not None:
        wanted.append(f"at least {least:g}")
        met = met and ratio >= least
    if most is not None:
        wanted.append(f"at most {most:g}")
        met = met and ratio <= most
    return [
        result["measure"],
        f"{number(ours['value'])} {unit}",
        f"{number(peer['value'])} ({peer['name']})",
        f"{ratio:.2f}",
        " and ".join(wanted),
        ("met" if met else "**missed**") if wanted else "",
        quality(ours, peer),
    ]


def quality(ours: Result, peer: Result) -> str:
    """Scores of both sides, those that one of them has."""
    names = [name for name in {**ours, **peer} if any(word in name.lower() for word in QUALITY)]
    titles = [name.replace("bleu", "BLEU").replace("_", " ") for name in names]
    scores = [f"{shown(ours.get(name, '-'))} / {shown(peer.get(name, '-'))}" for name in names]
    return ", ".join(f"{title} {both}" for title, both in zip(titles, scores, strict=True))


def details(result: Result) -> str:
    """How a measure was taken, as a section."""
    items = [f"- {result[side]['name']}: {told(result[side], result['unit'])}" for side in ("seqtasks", "peer")]
    for name, value in result["setup"].items():
        if isinstance(value, Mapping):
            items += [f"- {name}, {part}: {shown(each)}" for part, each in value.items()]
        else:
            items.append(f"- {name}: {shown(value)}")
    return "\n".join([f"## {result['measure']}", "", "```sh", result["command"], "```", "", *items, ""])


def told(side: Result, unit: str) -> str:
    """All that is known of a side, the value first."""
    rest = [f"{name} {shown(value)}" for name, value in side.items() if name not in ("name", "value")]
    return ", ".join([f"{number(side['value'])} {unit}", *rest])


def shown(value: object) -> str:
    """A value of the set-up: a spread as its median and bounds, other tables as pairs."""
    if isinstance(value, Mapping):
        if value.keys() == {"median", "lowest", "highest"}:
            return f"{number(value['median'])} ({number(value['lowest'])} to {number(value['highest'])})"
        return ", ".join(f"{name} {shown(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return f"`{value}`" if isinstance(value, str) and "|" in value else str(value)


def number(value: float) -> str:
    """Three digits at least."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"


def line(cells: list[str]) -> str:
    """A line of a Markdown table."""
    whole = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(whole)} |"


def main() -> None:
    """Read all results, write the page."""
    files = sorted((HERE / "results").glob("*.json"))
    if not files:
        raise SystemExit("benchmarks/results holds no result: run a comparison first.")
    results = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    (HERE / "RESULTS.md").write_text(report(results), encoding="utf-8")


if __name__ == "__main__":
    main()
