"""How scores are shown."""

from __future__ import annotations

METRIC_NAMES = {
    "bleu": "BLEU",
    "chrf": "chrF",
    "ter": "TER",
    "cider-d": "CIDEr-D",
    **{f"bleu-{size}": f"BLEU-{size}" for size in range(1, 5)},
    "rouge-l": "ROUGE-L",
    "meteor": "METEOR",
    "span-f1": "span F1",
    "span-precision": "span precision",
    "span-recall": "span recall",
}


def metric_name(metric: str) -> str:
    return METRIC_NAMES.get(metric, metric)
