"""`seqtasks models`: the included models."""

from __future__ import annotations


def models() -> None:
    """List the included models.

    \b
    Example:
      seqtasks models
    """
    from seqtasks.cli.commands.info import facts
    from seqtasks.metrics.score import format_score, metric_name
    from seqtasks.storage.bundle import read_bundle
    from seqtasks.storage.model_paths import built_in_models, find_model

    names = built_in_models()
    if not names:
        print(
            "No models ship with this installation. Train one: seqtasks train translation pairs.tsv --output my-model"
        )
        return
    for name in names:
        bundle = read_bundle(find_model(name), verify=False)
        shown = facts(bundle)
        what = ", ".join(shown[key] for key in ("task", "languages") if key in shown)
        score = ""
        if bundle.scores:
            best = bundle.scores[0]
            score = f", {metric_name(best['metric'])} {format_score(best['metric'], best['value'])}"
        print(f"{name:<12} {what}, {shown['parameters']} parameters, {shown['size']}{score}")
