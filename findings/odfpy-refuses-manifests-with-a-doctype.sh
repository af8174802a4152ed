#!/usr/bin/env bash
# odfpy 1.4.1 with defusedxml 0.7.1.
#
# OpenOffice.org 2 and others after it wrote a document type into META-INF/manifest.xml, as ODF 1.0 shows it, which
# names Manifest.dtd and is never loaded. odfpy reads the manifest with a parser that refuses every external reference,
# named or followed, so that opendocument.load raises ExternalReferenceForbidden for these documents, content and all;
# the same document without that line opens. Of 327 .odt files in packages' tests 64 have it.
# What works: to leave the line out of a copy of the archive before odfpy opens it, or to read content.xml with lxml.
#
# Seen: a document that odfpy wrote opens; with the document type in its manifest it does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet odfpy==1.4.1 defusedxml==0.7.1
cd "$folder"
"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/errors" <<'PYTHON' || { cat "$folder/errors"; exit 1; }
import io
import zipfile

from odf import opendocument, teletype, text

document, stream = opendocument.OpenDocumentText(), io.BytesIO()
document.text.addElement(text.P(text="Hello"))
document.write(stream)
DOCTYPE = b'<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN" "Manifest.dtd">'
for name, doctype in (("without", b""), ("with", DOCTYPE)):
    copy = io.BytesIO()
    with zipfile.ZipFile(stream) as source, zipfile.ZipFile(copy, "w") as archive:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "META-INF/manifest.xml":
                data = data.replace(b"<manifest:manifest", doctype + b"<manifest:manifest", 1)
            archive.writestr(info, data)
    copy.seek(0)
    try:
        seen = [teletype.extractText(each) for each in opendocument.load(copy).getElementsByType(text.P)]
    except Exception as error:
        seen = type(error).__name__
    print(f"{name} a document type:", seen)
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
without a document type: ['Hello']
with a document type: ExternalReferenceForbidden
SEEN
