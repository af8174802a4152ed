#!/usr/bin/env bash
# sentencepiece 0.2.3.
#
# A user-defined symbol is documented as one piece in any context, and so it is taken for masks, placeholders and tags
# that must stay whole. That holds for encode alone. The n-best segmentations of a unigram model, and the sampling that
# subword regularization is made of, spell the symbol in letters and bytes as well: a model that is trained with
# sampling sees a tenth of its placeholders in pieces (with alpha 0.1, the value that the documentation shows), learns
# to write such pieces, and never meets them in use. With byte-pair models the symbol stays whole.
# What works: to leave out the segmentations that lack the symbols of the best one.
#
# Seen: the fifth of eight segmentations has no <ph> any more, and of 1,000 sampled ones from 50 to 150 have none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet sentencepiece==0.2.3
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
from io import BytesIO

from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

TEXTS = ["the cat sat on the mat", "a dog ran to the house", "we saw the <x> tree"] * 30


def trained(kind):
    proto = BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=proto, model_type=kind, vocab_size=320, hard_vocab_limit=False,
        byte_fallback=True, user_defined_symbols=["<ph>"], minloglevel=2,
    )
    return SentencePieceProcessor(model_proto=proto.getvalue())


def without(model):
    sampled = (model.encode("the<ph>cat", out_type=str, enable_sampling=True, alpha=0.1) for _ in range(1000))
    return sum("<ph>" not in pieces for pieces in sampled)


unigram, bpe = trained("unigram"), trained("bpe")
print("encode", *unigram.encode("the<ph>cat", out_type=str))
best = unigram.nbest_encode("the<ph>cat", nbest_size=8, out_type=str)
print("n-best", *("whole" if "<ph>" in pieces else "split" for pieces in best))
print("fifth", *best[4])
count = without(unigram)
print("sampled from a unigram model, split:", "50 to 150 of 1000" if 50 <= count <= 150 else count)
print("sampled from a byte-pair model, split:", without(bpe))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
encode ▁t h e <ph> c at
n-best whole whole whole whole split split split split
fifth ▁t h e < <0x70> h > c at
sampled from a unigram model, split: 50 to 150 of 1000
sampled from a byte-pair model, split: 0
SEEN
