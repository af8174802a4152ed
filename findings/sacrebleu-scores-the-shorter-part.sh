#!/usr/bin/env bash
# sacrebleu 2.6.0.
#
# The command line of sacrebleu refuses files of different lengths, and so a program that calls corpus_score is believed
# to be safe: a decoder that lost its last thousand sentences, or a reference file of another release of a test set,
# would be an error. It is none. corpus_score goes over hypotheses and references side by side, stops at the end of
# the shorter list, and gives the score of that part, with the signature of a whole corpus. That holds for BLEU, chrF and
# TER, for too few hypotheses as for too few references.
# What works: to compare the lengths before.
#
# Seen: "BLEU 100.0 chrF 100.0 TER 0.0" for four hypotheses with two references, and for two with four.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet sacrebleu==2.6.0
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
from sacrebleu import metrics

right = ["The dog runs across the grass.", "Two men talk on a street corner."]
wrong = ["Completely different words here today.", "Nothing that anyone has asked for."]
for name, hypotheses, references in (
    ("4 hypotheses, 2 references:", right + wrong, right),
    ("2 hypotheses, 4 references:", right, right + wrong),
):
    scores = [getattr(metrics, kind)().corpus_score(hypotheses, [references]).score for kind in ("BLEU", "CHRF", "TER")]
    print(name, *(f"{kind} {score:.1f}" for kind, score in zip(("BLEU", "chrF", "TER"), scores)))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
4 hypotheses, 2 references: BLEU 100.0 chrF 100.0 TER 0.0
2 hypotheses, 4 references: BLEU 100.0 chrF 100.0 TER 0.0
SEEN
