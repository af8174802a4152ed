"""The frame of pages that show what a model found: one HTML file that needs no other and no script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path

from seqtasks.cli.output import Write, line_writer, written_whole

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
def open_page(path: Path, title: str, origin: Sequence[str], *, legend: str, style: Path) -> Iterator[Write]:
    """A page that is there once it is complete; what is written stands between its head and its end.

    `origin` is what made the results, `legend` is HTML, `style` is a file of rules beside those of all pages. Raises
    SeqtasksError where the file cannot be written.
    """
    rules = "".join(file.read_text(encoding="utf-8") for file in (Path(__file__).with_suffix(".css"), style))
    with written_whole(path) as stream:
        write = line_writer(stream.write)
        write(HEAD.format(title=title, style=rules, origin=escape(" · ".join(origin)), legend=legend))
        yield write
        write("</main>\n</body>\n</html>")
