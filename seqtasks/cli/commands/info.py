"""`seqtasks info`: what a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seqtasks.cli.options import ModelArgument

if TYPE_CHECKING:
    from seqtasks.storage.bundle import Bundle

ORIGIN = ("init_from", "init_modules")
"""Settings of a part that say where its training began, not what it is."""


def info(model: ModelArgument) -> None:
    """Describe a model and check its files.

    \b
    Example:
      seqtasks info my-model
    """
    from seqtasks.storage.bundle import read_bundle
    from seqtasks.storage.model_paths import find_model

    bundle = read_bundle(find_model(model), engines=True)
    shown = facts(bundle)
    width = max(map(len, shown))
    for name, value in shown.items():
        print(f"{name:<{width}}  {value}")


def facts(bundle: Bundle) -> dict[str, str]:
    """Human-readable facts, in the order to show them."""
    import tomllib

    from seqtasks.metrics.score import format_score, metric_name

    task = tomllib.loads(bundle.configuration.read_text(encoding="utf-8"))
    languages, data = task.get("languages", {}), bundle.manifest["data"]
    versions, model = bundle.manifest["versions"], bundle.model
    size = sum(file.stat().st_size for file in bundle.path.rglob("*") if file.is_file())
    shown = {
        "model": str(bundle.path),
        "task": bundle.task,
        **({"languages": f"{languages['source']} to {languages['target']}"} if languages else {}),
        "text": ", ".join(f"{name} {value}" for name, value in task.get("text", {}).items()),
        "settings": ", ".join(f"{name} {value}" for name, value in model.items() if isinstance(value, int | str)),
        **{name: describe(part) for name, part in model.items() if isinstance(part, dict)},
        "parameters": f"{bundle.stored_values():,}",
        "size": f"{size / 1e6:,.1f} MB",
        "data": ", ".join(
            f"{count:,} {name.replace('_', ' ')}" for name, count in data.items() if isinstance(count, int)
        ),
    }
    for score in bundle.scores:
        on = f" on {score['data']}" if "data" in score else ""
        shown[f"{metric_name(score['metric'])}{on}"] = (
            f"{format_score(score['metric'], score['value'])}  {score['signature']}"
        )
    shown["trained with"] = ", ".join(f"{name} {version}" for name, version in versions.items())
    shown["files"] = "integrity check passed: all checksums match"
    return shown


def describe(part: dict[str, Any]) -> str:
    """The settings of an encoder or decoder in a line."""
    others = ", ".join(f"{name} {value}" for name, value in part.items() if name not in ("kind", *ORIGIN))
    return f"{part.get('kind', '?')} ({others})"
