#!/usr/bin/env bash
# argostranslate 1.11.0 with sentencepiece 0.2.3.
#
# A package of Argos Translate has a sentencepiece model, and its tokens become text by decode_pieces, which gives back
# what was encoded. argostranslate then replaces ▁, of which there is none any more, and each underscore: it cannot write
# one. File names, identifiers and placeholders such as user_name lose theirs in every translation, whatever the model
# does, and a package that was tested with sentencepiece and CTranslate2 alone writes other texts there.
# What works: to protect such spans outside of argostranslate, and to compare a package's outputs without underscores.
#
# Seen: what sentencepiece decodes has the underscores, what argostranslate's SentencePieceTokenizer decodes has blanks.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet sentencepiece==0.2.3
"$folder/venv/bin/python" -m pip install --quiet --no-deps argostranslate==1.11.0 # of which one module is enough
cd "$folder"
"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/errors" <<'PYTHON' || { cat "$folder/errors"; exit 1; }
from argostranslate.tokenizer import SentencePieceTokenizer
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

lines = ["open the file user_name.txt", "set max_length to ten", "the file is open"]
SentencePieceTrainer.train(
    sentence_iterator=iter(lines * 20), model_prefix="both", vocab_size=60, hard_vocab_limit=False, minloglevel=2
)
model, argos = SentencePieceProcessor(model_file="both.model"), SentencePieceTokenizer("both.model")
for text in lines[:2]:
    tokens = argos.encode(text)
    print("sentencepiece:", model.decode_pieces(tokens))
    print("argostranslate:", argos.decode(tokens))
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
sentencepiece: open the file user_name.txt
argostranslate: open the file user name.txt
sentencepiece: set max_length to ten
argostranslate: set max length to ten
SEEN
