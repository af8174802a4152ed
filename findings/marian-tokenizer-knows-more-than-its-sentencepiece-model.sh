#!/usr/bin/env bash
# transformers 5.24.0 with sentencepiece 0.2.3.
#
# OPUS-MT's models cut a source text by source.spm and number the pieces by vocab.json. A character that source.spm has
# never seen should be <unk>, then: sentencepiece says so when asked for ids, and every mapping from its ids to those of
# the vocabulary (one that an importer builds once, for speed) makes <unk> of it. MarianTokenizer asks for pieces as
# text instead, in which sentencepiece leaves what it does not know as it stands, and looks that text up: if the target
# language has the character, the model is given the token of the target. Two such characters side by side come as one
# piece, which the vocabulary lacks: they are <unk> again. So "Ä" is copied, and "ÄÖ" is lost.
# What works: to give the rewritten sentencepiece model the single characters of the vocabulary, ten below its worst
# score, as it scores what it does not know itself.
#
# Seen: sentencepiece's ids are 0 (its <unk>) for Ä and for ÄÖ; MarianTokenizer has the token Ä for the first alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet transformers==5.24.0 sentencepiece==0.2.3 sacremoses==0.1.1
cd "$folder"
"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/errors" <<'PYTHON' || { cat "$folder/errors"; exit 1; }
import json

from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from transformers import MarianTokenizer

texts = {"source": ["the cat sees a dog", "a dog runs"], "target": ["die Ähre der Öfen", "das Öl der Ära"]}
pieces = set()
for side, lines in texts.items():
    SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 20), model_prefix=side, vocab_size=60, hard_vocab_limit=False, minloglevel=2
    )
    model = SentencePieceProcessor(model_file=f"{side}.model")
    with open(f"{side}.spm", "wb") as file:
        file.write(open(f"{side}.model", "rb").read())
    pieces |= {model.id_to_piece(n) for n in range(3, model.get_piece_size())}
names = ["</s>", "<unk>", *sorted(pieces), "<pad>"]
json.dump({name: number for number, name in enumerate(names)}, open("vocab.json", "w"))
json.dump({"source_lang": "en", "target_lang": "de"}, open("tokenizer_config.json", "w"))

source = SentencePieceProcessor(model_file="source.spm")
tokenizer = MarianTokenizer.from_pretrained(".")
for text in ("a Ä dog", "a ÄÖ dog"):
    print("sentencepiece", [source.id_to_piece(n) for n in source.encode(text) if n == source.unk_id()])
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)
    print("MarianTokenizer", [token for token in tokens if token in ("Ä", "Ö", "ÄÖ", "<unk>")])
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
sentencepiece ['<unk>']
MarianTokenizer ['Ä']
sentencepiece ['<unk>']
MarianTokenizer ['<unk>']
SEEN
