"""Rewrites models in today's names: manifest, configuration and settings of images; weights stay as they are.

    python tests/upgrade_bundles.py            # the models that ship
    python tests/upgrade_bundles.py my-model   # others

A model that is in today's names already is left alone. Any model can be used without it: names are mapped when a model
is read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from seqtasks.config.run import read_config, to_toml
from seqtasks.image.transforms import ImageConfig
from seqtasks.registry import kind_of
from seqtasks.storage.atomic import atomic_file
from seqtasks.storage.bundle import CONFIGURATION, FORMAT, MANIFEST, PROCESSORS, read_bundle
from seqtasks.storage.manifest import digest
from seqtasks.storage.model_paths import built_in_models, find_model
from seqtasks.tasks.captioning.base import IMAGES


def upgrade(path: Path) -> bool:
    """Rewrites one model; whether anything was to be done."""
    bundle = read_bundle(path)
    run = read_config(bundle.configuration, warn=False)
    model = getattr(run.task, "model").model_dump(mode="json")  # noqa: B009  # every task that trains has one
    manifest = bundle.manifest | {"format": FORMAT, "task": kind_of(run.task), "model": model}
    written = {CONFIGURATION: to_toml(run)}
    images = f"{PROCESSORS}/{IMAGES}"
    if images in manifest["sha256"]:
        written[images] = ImageConfig.load(path / images).model_dump_json(indent=2) + "\n"
    if manifest == bundle.manifest and all((path / name).read_text("utf-8") == text for name, text in written.items()):
        return False
    for name, text in written.items():
        with atomic_file(path / name) as stream:
            stream.write(text.encode())
        manifest["sha256"] = manifest["sha256"] | {name: digest(path / name)}
    with atomic_file(path / MANIFEST) as stream:
        stream.write((json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())
    read_bundle(path)
    return True


def main() -> None:
    for name in sys.argv[1:] or built_in_models():
        path = find_model(name)
        print(f"{path}: {'rewritten' if upgrade(path) else 'in these names already'}")


if __name__ == "__main__":
    main()
