#!/usr/bin/env bash
# zstandard 0.25.0.
#
# The package zstandard reads a file that is cut off, as by a broken download, as a shorter file: its stream_reader and
# its open() give what there is and then the end, without an error. gzip of the standard library raises EOFError there,
# and so does compression.zstd of Python 3.14. A corpus of which a half arrived trains a model, and nobody knows.
# What works: compression.zstd, or its backport backports.zstd, which is compared here.
#
# Seen: less than all of the bytes, and of the lines, of a file that was cut off, without an error; the backport refuses.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet zstandard==0.25.0 backports.zstd==1.8.0
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
import io

import zstandard
from backports import zstd

text = "".join(f"line {number}\n" for number in range(50_000)).encode()
packed = zstandard.ZstdCompressor().compress(text)
cut = packed[: len(packed) // 2]
read = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(cut)).read()
print("zstandard, cut off:", 0 < len(read) < len(text), text.startswith(read))
lines = list(zstandard.open(io.BytesIO(cut), "rt"))
print("zstandard.open, cut off:", 0 < len(lines) < 50_000)
try:
    zstd.ZstdFile(io.BytesIO(cut)).read()
except EOFError as error:
    print("backports.zstd, cut off:", error)
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
zstandard, cut off: True True
zstandard.open, cut off: True
backports.zstd, cut off: Compressed file ended before the end-of-stream marker was reached
SEEN
