"""HTML pages for reports: a single file without scripts that loads nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path

from seqtasks.storage.atomic import output_file, require_suffix

SUFFIXES = (".html", ".htm")
"""Of files that hold a page."""

Write = Callable[[str], None]
"""Writes a line of HTML."""

HEAD = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{origin}</p>
<p class="legend">{legend}</p>
</header>
<main>"""


@contextmanager
def open_html_page(path: Path, title: str, origin: Sequence[str], *, legend: str, style: Path) -> Iterator[Write]:
    """A page that appears when it is complete; what is written goes between its header and its end.

    Args:
        path: The file to write.
        title: The heading, plain text.
        origin: What made the results, such as the model and its decoding; plain text.
        legend: HTML that explains the page.
        style: A CSS file, added to the rules of all pages.

    Raises:
        SeqtasksError: The file has not the suffix of a page, or cannot be written.
    """
    rules = "".join(file.read_text(encoding="utf-8") for file in (Path(__file__).with_suffix(".css"), style))
    require_suffix(path, *SUFFIXES)
    with output_file(path) as stream:

        def write(line: str) -> None:
            stream.write(line.encode(errors="replace") + b"\n")

        write(HEAD.format(title=title, style=rules, origin=escape(" · ".join(origin)), legend=legend))
        yield write
        write("</main>\n</body>\n</html>")
