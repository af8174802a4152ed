"""What of a text a translation has to contain as it is: placeholders of programs, addresses, code, terms."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seqtasks.text.word_spans import Span

# Nothing is read twice, however long a run is: possessive quantifiers, and names of bounded length.
_FORMS = (
    r"`[^`\n]{1,200}`",  # code
    r"(?:https?|ftp)://[^\s<>\"`]*[^\s<>\"`.,;:!?)\]}'»“”]",
    r"(?<!\w)www\.[^\s<>\"`]*[^\s<>\"`.,;:!?)\]}'»“”]",
    r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+",
    r"\{\{[^{}\n]{0,100}\}\}|[$#@]?\{[\w.:!,<>+#%\[\]-]{0,100}\}",  # {{x}}, {0}, ${VAR}
    r"(?<![\d%])%(?:\([^()\s]{1,100}\))?(?:\d{1,3}\$)?[-+#0]{0,4}(?:\d{1,3}|\*)?(?:\.(?:\d{1,3}|\*))?"
    r"(?:hh?|ll?|[qjzt])?[diouxXeEfFgGcrsp@](?!\w)",  # printf
    r"\$[A-Za-z_]\w{0,100}",
    r"</?[A-Za-z][\w-]{0,30}(?: [^<>\n]{0,200})?/?>",  # tags of HTML and XML
)


class SpanRecognizer:
    """Finds what must not be translated, in linear time.

    Args:
        terms: Words and phrases that are not translated either, where they stand between blanks or punctuation.
    """

    def __init__(self, terms: Sequence[str] = ()) -> None:
        own = [
            rf"(?<!\w){re.escape(term)}(?!\w)"
            for term in sorted({term.strip() for term in terms} - {""}, key=len, reverse=True)
        ]
        self.pattern = re.compile("|".join([*_FORMS, *own]))

    def find(self, text: str) -> list[Span]:
        """Where such spans begin and end, in order and without overlaps."""
        return [found.span() for found in self.pattern.finditer(text)]

    def texts(self, text: str) -> list[str]:
        """What the spans say, sorted."""
        return sorted(found[0] for found in self.pattern.finditer(text))
