#!/usr/bin/env bash
# langcodes 3.5.1 with language_data 1.4.0.
#
# Headers of tables of translations name languages: `en`, `deu`, `German`, `Deutsch`. langcodes finds all of them, and
# tag_is_valid and find look like the way to tell such a header from a first row of text. But three letters make a valid
# tag far more often than one would think, since ISO 639-3 has codes for some 7,900 languages: `one`, `cat`, `was`,
# `the` are Oneida, Catalan, Washo, Chitwania Tharu. And find knows languages under ordinary words: a column called
# "label" is in Label, a language of Papua New Guinea.
# What works: to take two letters, the codes of some dozens of languages with three, and names of at least four letters;
# and to ask for two different languages in one row.
#
# Seen: "valid tags: one cat was the sky", "names: label -> lbb".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet langcodes==3.5.1 language_data==1.4.0
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
import langcodes

words = ["one", "cat", "was", "dog", "the", "sky", "house", "text"]
print("valid tags:", *[word for word in words if langcodes.tag_is_valid(word)])
print("names: label ->", langcodes.find("label").to_tag())
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
valid tags: one cat was the sky
names: label -> lbb
SEEN
