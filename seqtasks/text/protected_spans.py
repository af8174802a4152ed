"""What of a text a translation has to contain as it is: placeholders of programs, addresses, code, terms; numbers."""

from __future__ import annotations

import re
from collections import Counter
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
_NUMBER = re.compile(
    r"(?<![\w.,:/-])[$€£]?\d{1,20}(?:[.,:/-]\d{1,20}){0,5}%?"
    r"(?![\w/-]|[.,:]\d|\s?[ap]\.?m\b)"  # 5:30 p.m. may be 17:30
)
_DIGITS = re.compile(r"\d+")
MOST_GROUPS = 6
"""Groups of digits that a number is written in."""


class SpanRecognizer:
    """Finds what must not be translated, and numbers, in linear time.

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

    def numbers(self, text: str) -> list[Span]:
        """Where numbers begin and end outside such spans, with the signs of currencies and percent."""
        return [found.span() for found in _NUMBER.finditer(self._without_spans(text))]

    def keeps_numbers(self, source: str, translation: str) -> bool:
        """Whether a translation has the digits of all numbers of a text, whatever separates their groups.

        The groups of one number may come in another order (12/25/1998, 25.12.1998).
        """
        numbers = Counter(self._groups(source[start:end]) for start, end in self.numbers(source))
        if not numbers:
            return True
        groups = self._groups(self._without_spans(translation))
        written = Counter(
            "".join(groups[start:end])
            for start in range(len(groups))
            for end in range(start + 1, min(start + MOST_GROUPS, len(groups)) + 1)
        )
        single = Counter(groups)
        return all(
            written["".join(number)] >= count or all(single[group] >= count for group in number)
            for number, count in numbers.items()
        )

    def _without_spans(self, text: str) -> str:
        return self.pattern.sub(lambda found: " " * len(found[0]), text)

    @staticmethod
    def _groups(text: str) -> tuple[str, ...]:
        return tuple(_DIGITS.findall(text))
