"""Makes a trained model ready to ship: half the size, its test scores, a card that says what it was trained on.

    seqtasks evaluate runs/en-de test.tsv --beam-size 5 --json > scores.json
    python recipes/package_model.py runs/en-de assets/models/en-de --scores scores.json --card card.md

Weights are stored in bfloat16, the precision that processors translate in, or in float16, which a CNN needs. Paths of
the data in `config.toml` become `data/FOLDER/FILE`, and those of one machine alone are left out; `--set` changes how
the model decodes unless it is told otherwise.
The card is a template: `{scores}` becomes a table, `{data}` what the model learned from.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
import torch
import typer

from runner import cell, run
from seqtasks import find_model, read_bundle, write_bundle

LABELS = "labels.json"
"""Where a bundle keeps the labels of a classifier."""
LEFT_OUT = (
    "feature_cache_dir", "init_from", "init_modules", "pretrained_lr_scale", "unfreeze_steps", "layerwise_lr_decay",
)  # fmt: skip
"""Settings that are for one machine, or for a training from a model that is there alone."""


def anonymous(value: Any) -> Any:
    """The same configuration with paths that name no machine."""
    if isinstance(value, Mapping):
        return {name: anonymous(item) for name, item in value.items() if name not in LEFT_OUT}
    if isinstance(value, list):
        return [anonymous(item) for item in value]
    if isinstance(value, str) and value.startswith("/"):
        path = Path(value)
        return str(Path("data", *path.parts[-2 if path.suffix else -1 :]))
    return value


def learned_from(data: Mapping[str, Any]) -> str:
    """How much data a model has seen, in words."""
    if "pairs" in data:
        return f"{data['pairs']:,} sentence pairs"
    if "words" in data:
        return f"{data['words']:,} words in {data['sentences']:,} sentences"
    if "documents" in data:
        return f"{data['documents']:,} labelled documents"
    if "characters" in data:
        return f"{data['characters']:,} characters of text"
    if "clips" in data:
        return f"videos made from {data['pictures']:,} images"
    return f"{data['captions']:,} captions of {data['pictures']:,} images"


def main(
    model: Path,
    destination: Path,
    scores: Annotated[
        list[Path],
        typer.Option(help="What `seqtasks evaluate --json` printed; may be repeated.", exists=True, dir_okay=False),
    ],
    card: Annotated[Path, typer.Option(help="The model card, Markdown.", exists=True, dir_okay=False)],
    dtype: Annotated[
        Literal["bfloat16", "float16"], typer.Option(help="Precision of the stored weights.")
    ] = "bfloat16",
    decoding: Annotated[
        list[str] | None, typer.Option("--set", help="An option of decoding as TOML, such as beam_size=5.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Option("--label", help="What a label is called from now on, as 0=negative.")
    ] = None,
) -> None:
    """Write a bundle that ships."""
    bundle = read_bundle(find_model(model))
    called = dict(name.partition("=")[::2] for name in names or ())
    if strange := sorted(called.keys() - bundle.manifest["data"].get("label_counts", {}).keys()):
        raise typer.BadParameter(f"the model has no label {strange[0]!r}", param_hint="--label")
    results = [json.loads(file.read_text(encoding="utf-8")) for file in scores]
    kept = [
        {
            **score,
            "data": " ".join([*(Path(name).name for name in result["data"]), result["split"] or ""]).strip(),
            "decoding": result["decoding"],
        }
        for result in results
        for score in result["scores"]
    ]
    table = "\n".join(
        ["| data | metric | value | signature | decoding |", "|---|---|---|---|---|"]
        + [
            f"| {s['data']} | {s['metric']} | {s['value']:#.4g} | {cell(s['signature'])} | {cell(s['decoding'])} |"
            for s in kept
        ]
    )
    data = dict(bundle.manifest["data"])
    if "label_counts" in data:
        data["label_counts"] = {called.get(label, label): count for label, count in data["label_counts"].items()}

    def processors(folder: Path) -> None:
        shutil.copytree(bundle.processors, folder, dirs_exist_ok=True)
        if called:
            labels = json.loads((folder / LABELS).read_text(encoding="utf-8"))
            labels["tokens"] = [called.get(label, label) for label in labels["tokens"]]
            (folder / LABELS).write_text(json.dumps(labels, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    configuration = tomllib.loads(bundle.configuration.read_text(encoding="utf-8"))
    if decoding:
        configuration["decoding"].update(tomllib.loads("\n".join(decoding)))
    write_bundle(
        destination,
        task=bundle.task,
        model=anonymous(bundle.model),
        tensors=bundle.tensors(),
        processors=processors,
        config_toml=tomli_w.dumps(anonymous(configuration)),
        scores=kept,
        data=data,
        card=card.read_text(encoding="utf-8").format(scores=table, data=learned_from(data)),
        dtype=getattr(torch, dtype),
    )
    size = sum(file.stat().st_size for file in destination.rglob("*") if file.is_file())
    print(f"{destination}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    run(main)
