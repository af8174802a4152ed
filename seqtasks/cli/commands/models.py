"""`seqtasks models`: what ships."""

from __future__ import annotations


def models() -> None:
    """List the models that ship.

    \b
    Example:
      seqtasks models
    """
    from seqtasks.cli.commands.info import facts
    from seqtasks.cli.scores import metric_name
    from seqtasks.metrics.score import format_score
    from seqtasks.storage.bundle import built_in_models, find_model, read_bundle

    names = built_in_models()
    if not names:
        print(
            "No models ship with this installation. Train one: seqtasks train translation pairs.tsv --output my-model"
        )
        return
    for name in names:
        bundle = read_bundle(find_model(name), verify=False)
        told = facts(bundle)
        score = next(
            (
                f", {metric_name(shown['metric'])} {format_score(shown['metric'], shown['value'])}"
                for shown in bundle.scores
            ),
            "",
        )
        what = ", ".join(told[key] for key in ("task", "languages") if key in told)
        print(f"{name:<12} {what}, {told['parameters']} parameters, {told['size']}{score}")
