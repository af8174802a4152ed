"""Makes a trained model ready to ship: half the size, its test scores, a card that says what it was trained on.

    seqtasks evaluate runs/en-de test.tsv --beam 5 --json > scores.json
    python recipes/pack.py runs/en-de assets/models/en-de --scores scores.json --card card.md

Weights are stored in bfloat16, the precision that processors translate in. Paths of the data in `config.toml` become
`data/FOLDER/FILE`. The card is a template: `{scores}` becomes a table, `{data}` what the model learned from.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import tomli_w
import torch
import typer
from commands import cell

from seqtasks import find_model, read_bundle, write_bundle


def anonymous(value: Any) -> Any:
    """The same configuration with paths that name no machine."""
    if isinstance(value, Mapping):
        return {name: anonymous(item) for name, item in value.items()}
    if isinstance(value, list):
        return [anonymous(item) for item in value]
    if isinstance(value, str) and value.startswith("/"):
        return str(Path("data", *Path(value).parts[-2:]))
    return value


def main(
    model: Path,
    destination: Path,
    scores: Annotated[list[Path], typer.Option(help="What `seqtasks evaluate --json` printed; may be repeated.")],
    card: Annotated[Path, typer.Option(help="The model card, Markdown.")],
) -> None:
    """Write a bundle that ships."""
    bundle = read_bundle(find_model(model))
    results = [json.loads(file.read_text(encoding="utf-8")) for file in scores]
    kept = [
        {**score, "data": " ".join(Path(name).name for name in result["data"]), "decoding": result["decoding"]}
        for result in results
        for score in result["scores"]
    ]
    table = "\n".join(
        ["| data | metric | value | signature | decoding |", "|---|---|---|---|---|"]
        + [
            f"| {s['data']} | {s['metric']} | {s['value']:.2f} | {cell(s['signature'])} | {cell(s['decoding'])} |"
            for s in kept
        ]
    )
    data = bundle.manifest["data"]
    configuration = tomllib.loads(bundle.configuration.read_text(encoding="utf-8"))
    write_bundle(
        destination,
        task=bundle.task,
        model=bundle.model,
        tensors=bundle.tensors(),
        processors=lambda folder: shutil.copytree(bundle.processors, folder, dirs_exist_ok=True) and None,
        config_toml=tomli_w.dumps(anonymous(configuration)),
        scores=kept,
        data=data,
        card=card.read_text(encoding="utf-8").format(scores=table, data=f"{data['pairs']:,} sentence pairs"),
        dtype=torch.bfloat16,
    )
    size = sum(file.stat().st_size for file in destination.rglob("*") if file.is_file())
    print(f"{destination}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
