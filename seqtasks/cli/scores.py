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
    "loss": "nats/token",
    "bits-per-character": "bits/character",
    "span-f1": "span F1",
    "span-precision": "span precision",
    "span-recall": "span recall",
    "macro-f1": "macro F1",
    "micro-f1": "micro F1",
    "subset-accuracy": "subset accuracy",
    "calibration-error": "calibration error",
    "majority-accuracy": "majority accuracy",
}


def metric_name(metric: str) -> str:
    return METRIC_NAMES.get(metric, metric)
