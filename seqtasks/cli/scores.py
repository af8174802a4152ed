"""How scores are shown."""

from __future__ import annotations

METRIC_NAMES = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "ter": "TER",
    "cider-d": "CIDEr-D",
    "rouge-l": "ROUGE-L",
    "meteor": "METEOR",
}


def metric_name(metric: str) -> str:
    return METRIC_NAMES.get(metric, metric)
