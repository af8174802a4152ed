#!/usr/bin/env bash
# Python 3.11 to 3.14, webdataset 1.0.2.
#
# tarfile reads an archive whose header is damaged somewhere in the middle, by one wrong byte, up to there, and then it
# is at its end: iterating, getmembers() and extractall() give the members before and raise nothing. (Only the first
# header of an archive is an error.) GNU tar says "Skipping to next header" and exits with 2. WebDataset, which reads
# shards by tarfile, gives fewer samples the same way, with its default handler that is said to raise on errors, so that
# a training sees a part of its data and nobody knows.
# What works: to look behind the last member: `tar.offset` is where the end was taken to be, and what is there has to
# be zeros.
#
# Seen: 3 of 10 members by tarfile, 3 of 10 samples by WebDataset, no error; 10 where nothing is damaged.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet webdataset==1.0.2
cd "$folder"
"$folder/venv/bin/python" - > "$folder/seen" <<'PYTHON'
import io
import tarfile

import webdataset

with tarfile.open("whole.tar", "w") as tar:
    for number in range(10):
        member = tarfile.TarInfo(f"{number:03}.txt")
        member.size = 9
        tar.addfile(member, io.BytesIO(b"a caption"))
content = bytearray(open("whole.tar", "rb").read())
content[3 * 1024 + 2] ^= 1  # a letter of the name of the fourth member: its header's checksum is wrong
open("damaged.tar", "wb").write(content)

for name in ("whole.tar", "damaged.tar"):
    with tarfile.open(name) as tar:
        members = len(tar.getmembers())
        zeros = not any(content[tar.offset : tar.offset + 512])
    samples = len(list(webdataset.WebDataset(name, shardshuffle=False)))
    print(f"{name}: tarfile {members}, WebDataset {samples}, zeros where the end was taken to be: {zeros}")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
whole.tar: tarfile 10, WebDataset 10, zeros where the end was taken to be: True
damaged.tar: tarfile 3, WebDataset 3, zeros where the end was taken to be: False
SEEN
