"""Spans that a translation has to copy: addresses, placeholders, numbers, names in scripts never seen."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Literal

from pydantic import Field

from seqtasks.data.augmentation.base import Augmentation
from seqtasks.data.examples import Pair

NAMES = [
    "name",
    "user",
    "count",
    "file",
    "path",
    "value",
    "item",
    "date",
    "total",
    "size",
    "page",
    "index",
    "title",
    "id",
    "email",
    "host",
    "limit",
    "order",
    "price",
]
DOMAINS = ("com", "org", "net", "de", "io", "eu", "co.uk", "info", "dev")
ALPHABETS = ((0x0391, 0x03C9), (0x0410, 0x044F), (0x05D0, 0x05EA), (0x0627, 0x064A), (0x0E01, 0x0E2E), (0x3041, 0x3096),
             (0x4E00, 0x9FA5), (0xAC00, 0xD7A3))  # fmt: skip
"""First and last letters of Greek, Cyrillic, Hebrew, Arabic, Thai, Hiragana, Chinese and Korean."""
EMOJI = ((0x1F600, 0x1F64F), (0x1F300, 0x1F5FF), (0x1F680, 0x1F6C5), (0x2600, 0x26FF))


SpanKind = Literal[
    "url", "email", "placeholder", "number", "code", "tag", "foreign", "emoji", "date", "price", "name"
]  # fmt: skip
SPANS: list[SpanKind] = [
    "url", "email", "placeholder", "placeholder", "number", "number", "code", "tag", "foreign", "emoji",
]  # fmt: skip
"""What is put in by default; what comes twice comes twice as often."""


class CopiedSpans(Augmentation):
    """Puts the same span into both sides.

    It takes the place of a word that stands once on each side, such as a name or a number, or else comes first or last.
    """

    class Config(Augmentation.Config):
        kind: Literal["copied_spans"] = "copied_spans"
        symbols: list[str] = Field(default=[])
        """Symbols that are spans, too, such as `text.user_defined_symbols` which stand for placeholders."""
        symbol_probability: float = Field(default=0.3, ge=0, le=1)
        """Of one of them, where there are any."""
        spans: list[SpanKind] = Field(default=SPANS, min_length=1)
        """Kinds of spans; one that is named twice comes twice as often. Also date, price and name (invented ones)."""

    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """`Tom is here.` becomes `https://example.org/a is here.`, and its translation likewise; up to three spans."""
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            symbols = [each for each in self.config.symbols if each not in pair.source]
            if symbols and random.random() < self.config.symbol_probability:
                pair = insert(pair, random.choice(symbols), random)
            elif random.random() < 0.1:
                pair = tagged(pair, random)
            else:
                pair = insert(pair, MAKERS[random.choice(self.config.spans)](random), random)
        return pair


class CopiedLines(Augmentation):
    """Lines that are no sentence, the same on both sides: a span alone, a rule, dots, figures."""

    class Config(Augmentation.Config):
        kind: Literal["copied_lines"] = "copied_lines"

    def __call__(self, pair: Pair, random: Random) -> Pair | None:
        """`He is here.` becomes `----------`, say, and its translation likewise."""
        if random.random() < 0.5:
            line = MAKERS[random.choice(list(MAKERS))](random)
        else:
            sign = random.choice((". ", ".", "-", "- ", "=", "_", "*", "* ", "?", "!", "…", "·", "#", "~"))
            line = (sign * random.randint(1, 30)).strip()
        return Pair(line, line)


def tagged(pair: Pair, random: Random) -> Pair:
    """Both sides with the same word in tags of HTML or XML; the whole texts where they have no word in common."""
    name = random.choice(("b", "i", "em", "a", "span", "code", "g"))
    shared = shared_words(pair)
    if not shared:
        return Pair(*(f"<{name}>{side}</{name}>" for side in (pair.source, pair.target)))
    return replaced(pair, word := random.choice(shared), f"<{name}>{word}</{name}>")


def insert(pair: Pair, span: str, random: Random) -> Pair:
    """Both sides with a span in the place of the same word, or before or behind the text."""
    if shared := shared_words(pair):
        return replaced(pair, random.choice(shared), span)
    place = random.randrange(3)
    if place == 0:
        joint = random.choice((" ", ": ", " - "))
        return Pair(span + joint + pair.source, span + joint + pair.target)
    if place == 1 and all(re.search(r"\w[.!?]$", side) for side in (pair.source, pair.target)):
        return Pair(*(f"{side[:-1]} {span}{side[-1]}" for side in (pair.source, pair.target)))
    joint = random.choice((" ", ": ", " (", ", "))
    closing = ")" if joint == " (" else ""
    return Pair(pair.source + joint + span + closing, pair.target + joint + span + closing)


def shared_words(pair: Pair) -> list[str]:
    """Words and numbers that stand once on both sides; a short word may be another one in the other language."""
    source, target = (Counter(re.findall(r"\w+", side)) for side in (pair.source, pair.target))
    return sorted(
        word for word, count in source.items()
        if count == target[word] == 1 and (word.isdecimal() or (len(word) > 2 and word[0].isupper()))
    )  # fmt: skip


def replaced(pair: Pair, word: str, span: str) -> Pair:
    """Both sides with a span in the place of a word."""
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return Pair(*(pattern.sub(lambda _: span, side, count=1) for side in (pair.source, pair.target)))


def _letters(random: Random, least: int, most: int, alphabet: str = string.ascii_lowercase) -> str:
    return "".join(random.choices(alphabet, k=random.randint(least, most)))


def _drawn(random: Random, ranges: Sequence[tuple[int, int]], least: int, most: int) -> str:
    first, last = random.choice(ranges)
    return "".join(chr(random.randint(first, last)) for _ in range(random.randint(least, most)))


def _path(random: Random) -> str:
    return "/".join(_letters(random, 2, 9, string.ascii_letters + string.digits) for _ in range(random.randint(1, 3)))


def _host(random: Random) -> str:
    return f"{random.choice(('', 'www.', 'shop.'))}{_letters(random, 4, 12)}.{random.choice(DOMAINS)}"


def url(random: Random) -> str:
    """An address of the web."""
    query = f"?{random.choice(NAMES)}={_letters(random, 1, 6, string.digits)}" if random.random() < 0.3 else ""
    scheme = random.choice(("https://", "https://", "http://", ""))
    return f"{scheme}{_host(random)}{'/' + _path(random) if scheme or random.random() < 0.5 else ''}{query}"


def email(random: Random) -> str:
    """An address of mail."""
    name = _letters(random, 3, 9) + random.choice(
        ("", f".{_letters(random, 3, 8)}", _letters(random, 1, 3, string.digits))
    )
    return f"{name}@{_host(random).removeprefix('www.')}"


def placeholder(random: Random) -> str:
    """What a program puts a value in for."""
    name = random.choice(NAMES)
    forms = ("%s", "%d", "%1", "%2", f"%({name})s", f"%({name})d", f"%{random.randint(1, 3)}$s",
             f"{{{name}}}", f"{{{random.randrange(5)}}}", f"{{{{{name}}}}}",
             f"${name.upper()}", f"${{{name}}}", f":{name}", f"@{name}")  # fmt: skip
    return random.choice(forms)


def number(random: Random) -> str:
    """A number, a time, a version, a code."""
    digits, small, large = _letters(random, 1, 7, string.digits), random.randrange(9), random.randrange(60)
    forms = (digits, f"{digits}%", f"#{digits}", f"{random.randrange(24)}:{large:02}", str(random.randint(1900, 2099)),
             f"v{small}.{large}", f"{small}.{large}.{random.randrange(99)}",
             f"{_letters(random, 1, 3).upper()}-{digits}", f"0x{_letters(random, 2, 8, string.hexdigits)}")  # fmt: skip
    return random.choice(forms)


def code(random: Random) -> str:
    """A name of a program, a file or an option."""
    name, other = random.choice(NAMES), random.choice(NAMES)
    file = f"{_letters(random, 3, 9)}.{random.choice(('txt', 'pdf', 'py', 'png'))}"
    forms = (f"{name}_{other}", f"{name}{other.title()}", f"--{name}-{other}", f"-{name[0]}", f"{name}.{other}",
             f"/usr/{name}/{other}", f"{name}()", file)  # fmt: skip
    return random.choice(forms)


def tag(random: Random) -> str:
    """A tag of HTML or XML that holds nothing."""
    name = random.choice(("br", "x", "g", "img", "hr"))
    return random.choice((f"<{name}>", f"<{name}/>", f'<{name} id="{random.randrange(20)}"/>'))


def foreign(random: Random) -> str:
    """A word in another script."""
    return _drawn(random, ALPHABETS, 2, 7)


def emoji(random: Random) -> str:
    """One or two emoji."""
    return _drawn(random, EMOJI, 1, 2)


def date(random: Random) -> str:
    """A date in figures, as it is written in many languages."""
    year, month, day = random.randint(1900, 2099), random.randint(1, 12), random.randint(1, 31)
    return random.choice((f"{year}-{month:02}-{day:02}", f"{day:02}.{month:02}.{year}", f"{day}/{month}/{year}"))


def price(random: Random) -> str:
    """A sum of money without a separator."""
    amount, sign = random.randint(1, 10 ** random.randint(1, 5)), random.choice("€$£¥")
    code = random.choice(("EUR", "USD", "GBP", "CHF"))
    return random.choice((f"{sign}{amount}", f"{amount} {sign}", f"{amount} {code}", f"{code} {amount}"))


def name(random: Random) -> str:
    """A name that nobody has seen: one to three words."""
    syllables = [first + vowel for first in "bdfgklmnprstvwz" for vowel in "aeiou"]
    words = ["".join(random.choices(syllables, k=random.randint(2, 3))) for _ in range(random.randint(1, 3))]
    return " ".join((word + random.choice(("", "n", "r", "s", "t"))).capitalize() for word in words)


MAKERS: dict[SpanKind, Callable[[Random], str]] = {
    "url": url,
    "email": email,
    "placeholder": placeholder,
    "number": number,
    "code": code,
    "tag": tag,
    "foreign": foreign,
    "emoji": emoji,
    "date": date,
    "price": price,
    "name": name,
}
