"""The page of the benchmarks' results, from made-up ones."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

REPORT = Path(__file__).parents[2] / "benchmarks" / "report.py"


@pytest.fixture(scope="module")
def page() -> ModuleType:
    spec = spec_from_file_location("benchmarks_report", REPORT)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result(measure: str, ratio: float, **changes: Any) -> dict[str, Any]:
    """What `comparison.record` writes."""
    return {
        "measure": measure,
        "unit": "sentences/s",
        "seqtasks": {"name": "ours", "value": 1234.5, "spread": {"median": 1234.5, "lowest": 1000, "highest": 1300}},
        "peer": {"name": "theirs", "value": 12.34},
        "ratio": ratio,
        "at_least": None,
        "at_most": None,
        "setup": {},
        "command": "python benchmarks/some.py",
        "machine": {"processor": "Some CPU", "cores": 2, "system": "Linux", "python": "3.12.1"},
        "versions": {"torch": "2.15.0"},
        **changes,
    }


def rows(text: str) -> list[list[str]]:
    """The cells of the table, without its two lines of head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_row(page: ModuleType) -> None:
    ours = {"name": "ours", "value": 1234.5, "bleu": 36.5}
    peer = {"name": "theirs", "value": 12.34, "bleu": 36.4, "CIDEr-D": 50.0}
    text = page.report({"captions": result("captions", 100.04, at_least=5.0, seqtasks=ours, peer=peer)})
    assert rows(text) == [
        [
            "captions",
            "1,234 sentences/s",
            "12.3 (theirs)",
            "100.04",
            "at least 5",
            "met",
            "BLEU 36.5 / 36.4, CIDEr-D - / 50.0",
        ]
    ]


@pytest.mark.parametrize(
    ("ratio", "wanted", "said"),
    [
        (4.99, {"at_least": 5.0}, "**missed**"),
        (5.0, {"at_least": 5.0}, "met"),
        (1.31, {"at_most": 1.3}, "**missed**"),
        (0.9, {"at_most": 1.3}, "met"),
        (0.9, {}, ""),
    ],
)
def test_met_or_missed(page: ModuleType, ratio: float, wanted: dict[str, float], said: str) -> None:
    assert rows(page.report({"any": result("any", ratio, **wanted)}))[0][5] == said


def test_order_is_fixed_and_unknown_names_come_last(page: ModuleType) -> None:
    names = ["zebra", "matrix-rate", "apple", "start", "translation-greedy", "translation-beam-5", "training-lstm"]
    found = rows(page.report({name: result(name, 1.0) for name in names}))
    known = ["training-lstm", "translation-beam-5", "translation-greedy", "start", "matrix-rate"]
    assert [cells[0] for cells in found] == [*known, "apple", "zebra"]


def test_details(page: ModuleType) -> None:
    peers = {"one": {"value": 3, "loss": 1.5}, "two": {"value": 2}}
    setup = {"threads": 2, "decoding": "beam=3|penalty=wu:1", "peers": peers, "failed": {}}
    text = page.report({"any": result("any", 1.0, setup=setup)})
    section = text.partition("## any\n")[2]
    assert "```sh\npython benchmarks/some.py\n```" in section
    assert "- ours: 1,234 sentences/s, spread 1,234 (1,000 to 1,300)" in section
    assert (
        "- threads: 2\n- decoding: `beam=3|penalty=wu:1`\n- peers, one: value 3, loss 1.5\n- peers, two: value 2\n"
        in section
    )
    assert "failed" not in section


def test_machines_and_versions(page: ModuleType) -> None:
    other = {"processor": "Other CPU", "cores": 8, "system": "Linux", "python": "3.11.2"}
    text = page.report(
        {
            "one": result("one", 1.0),
            "two": result("two", 1.0, versions={"torch": "2.16.0", "ctranslate2": "4.8.1"}),
            "three": result("three", 1.0, machine=other),
        }
    )
    assert "- Some CPU, 2 cores, Linux, Python 3.12.1: torch 2.15.0 and 2.16.0, ctranslate2 4.8.1\n" in text
    assert "- Other CPU, 8 cores, Linux, Python 3.11.2: torch 2.15.0\n" in text


def test_a_bar_does_not_end_a_cell(page: ModuleType) -> None:
    text = page.report({"start": result('echo "..." | seqtasks translate', 1.0)})
    assert r'| echo "..." \| seqtasks translate |' in text
