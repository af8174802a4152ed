"""Sentences made by rules, full of what a translation has to keep: numbers, dates, addresses, placeholders, tags."""

from __future__ import annotations

import re
from random import Random

SENTENCES = {
    "en": [
        "Please send the signed contract to <email> before <date>.",
        "The meeting with <person> starts at <time> in <place>.",
        "More than <number> people visited the exhibition in <place> last year.",
        "You can download the new version from <url> free of charge.",
        "The ticket from <place> to <place> costs <price>.",
        "On <date>, the company sold <number> cars for <price> each.",
        "Click on <open>Save<close> and wait until <placeholder> has been uploaded.",
        "Dear <placeholder>, your order of <date> has arrived.",
        "The file <placeholder> could not be opened.",
        "For questions, write to <email> or call us after <time>.",
        "According to <url>, the temperature rose by <decimal> degrees.",
        "<person> was born in <place> on <date>.",
        "The train leaves at <time> and arrives at <time>.",
        "We found <placeholder> errors in <placeholder>.",
        "The river is <decimal> kilometres long and <number> metres wide.",
        "Read the <open>terms of use<close> at <url> before you go on.",
        "Your password was changed on <date> at <time>.",
        "The house was sold to <person> for <price>.",
        "Hello <placeholder>, you have <placeholder> new messages.",
        "About <decimal> percent of the <number> students come from <place>.",
        "The shop is closed today.<break>It opens again on <date> at <time>.",
        "If you do not know your number, ask <person> at <email>.",
        "The prices rose from <price> to <price> within a year.",
        "Write <open>yes<close> or <open>no<close> in the field <placeholder>.",
        "In <place>, <person> paid <price> for a room.",
        "The address <url> is no longer valid, please use <url> instead.",
        "A copy was sent to <email> and to <email>.",
        "Only <number> of the <number> seats were taken.",
        "The value of <placeholder> must be smaller than <decimal>.",
        "Do you know when <person> will come back from <place>?",
    ],
    "de": [
        "Bitte schicken Sie den unterschriebenen Vertrag vor dem <date> an <email>.",
        "Die Besprechung mit <person> beginnt um <time> Uhr in <place>.",
        "Mehr als <number> Menschen haben letztes Jahr die Ausstellung in <place> besucht.",
        "Sie können die neue Version kostenlos von <url> herunterladen.",
        "Die Fahrkarte von <place> nach <place> kostet <price>.",
        "Am <date> hat die Firma <number> Autos für je <price> verkauft.",
        "Klicken Sie auf <open>Speichern<close> und warten Sie, bis <placeholder> hochgeladen ist.",
        "Hallo <placeholder>, Ihre Bestellung vom <date> ist angekommen.",
        "Die Datei <placeholder> konnte nicht geöffnet werden.",
        "Bei Fragen schreiben Sie an <email> oder rufen Sie uns nach <time> Uhr an.",
        "Laut <url> ist die Temperatur um <decimal> Grad gestiegen.",
        "<person> wurde am <date> in <place> geboren.",
        "Der Zug fährt um <time> Uhr ab und kommt um <time> Uhr an.",
        "Wir haben <placeholder> Fehler in <placeholder> gefunden.",
        "Der Fluss ist <decimal> Kilometer lang und <number> Meter breit.",
        "Lesen Sie die <open>Nutzungsbedingungen<close> unter <url>, bevor Sie weitermachen.",
        "Ihr Passwort wurde am <date> um <time> Uhr geändert.",
        "Das Haus wurde für <price> an <person> verkauft.",
        "Hallo <placeholder>, Sie haben <placeholder> neue Nachrichten.",
        "Etwa <decimal> Prozent der <number> Studenten kommen aus <place>.",
        "Das Geschäft ist heute geschlossen.<break>Es öffnet wieder am <date> um <time> Uhr.",
        "Wenn Sie Ihre Nummer nicht kennen, fragen Sie <person> unter <email>.",
        "Die Preise sind innerhalb eines Jahres von <price> auf <price> gestiegen.",
        "Schreiben Sie <open>ja<close> oder <open>nein<close> in das Feld <placeholder>.",
        "In <place> hat <person> für ein Zimmer <price> bezahlt.",
        "Die Adresse <url> ist nicht mehr gültig, bitte verwenden Sie stattdessen <url>.",
        "Eine Kopie wurde an <email> und an <email> geschickt.",
        "Nur <number> der <number> Plätze waren besetzt.",
        "Der Wert von <placeholder> muss kleiner als <decimal> sein.",
        "Wissen Sie, wann <person> aus <place> zurückkommt?",
    ],
}
"""What stands in angle brackets is drawn."""
MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ),
    "de": (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
        "November", "Dezember",
    ),
}  # fmt: skip
FIRST_NAMES = (
    "Anna", "Peter", "Maria", "Thomas", "Laura", "Martin", "Sophie", "David", "Emma", "Daniel", "Julia",
    "Simon", "Clara", "Paul", "Helen",
)  # fmt: skip
LAST_NAMES = (
    "Miller", "Schneider", "Brown", "Hoffmann", "Taylor", "Wagner", "Larsen", "Rossi", "Novak", "Carter",
    "Lehmann", "Peterson", "Klein",
)  # fmt: skip
PLACES = (
    "Berlin", "Hamburg", "London", "Paris", "Madrid", "Boston", "Stuttgart", "Oslo", "Dublin", "Amsterdam",
    "Bremen", "Chicago", "Dresden",
)  # fmt: skip
"""Of the same name in both languages."""
HOSTS = (
    "example.org", "shop.example.com", "www.city-library.net", "my-bank.eu", "news24.de", "docs.python-tools.io",
    "uni.edu",
)  # fmt: skip
WORDS = (
    "name", "user", "file", "count", "path", "value", "item", "total", "size", "page", "index", "title",
    "email", "host", "limit", "order", "price",
)  # fmt: skip
TAGS = ("b", "i", "em", "strong", "code", "span")


class LineWriter:
    """Draws sentences of one language.

    Args:
        language: "en" or "de".
        seed: The same seed gives the same lines.
    """

    def __init__(self, language: str, seed: int) -> None:
        self.language = language
        self.random = Random(f"{language} {seed}")
        self.open_tag = ""

    def write(self, count: int) -> list[str]:
        """So many lines, all different."""
        lines: dict[str, None] = {}
        while len(lines) < count:
            sentence = SENTENCES[self.language][len(lines) % len(SENTENCES[self.language])]
            lines[re.sub(r"<(\w+)>", lambda slot: getattr(self, f"draw_{slot[1]}")(), sentence)] = None
        return list(lines)

    def number_of(self, whole: int, decimals: str = "") -> str:
        """A number with the separators of the language."""
        thousands, point = (",", ".") if self.language == "en" else (".", ",")
        return f"{whole:,}".replace(",", thousands) + (point + decimals if decimals else "")

    def draw_number(self) -> str:
        """13 to 9,999,999: smaller ones are words in many translations."""
        return self.number_of(self.random.randrange(13, 10 ** self.random.randint(2, 7)))

    def draw_decimal(self) -> str:
        """With one or two decimals."""
        return self.number_of(self.random.randrange(10 ** self.random.randint(1, 4)), self.digits(1, 2))

    def draw_price(self) -> str:
        """In euros, dollars or pounds."""
        amount = self.number_of(
            self.random.randrange(1, 10 ** self.random.randint(2, 6)), self.random.choice(("", "50", "99"))
        )
        if self.language == "de":
            return f"{amount} {self.random.choice(('€', 'Euro', 'Dollar', 'EUR'))}"
        return self.random.choice((f"${amount}", f"€{amount}", f"£{amount}", f"{amount} euros", f"{amount} dollars"))

    def draw_date(self) -> str:
        """With the month as a word, or as in ISO 8601: elsewhere its order depends on the country."""
        year, month, day = self.random.randint(1950, 2039), self.random.randint(1, 12), self.random.randint(13, 28)
        name = MONTHS[self.language][month - 1]
        written = (
            [f"{day} {name} {year}", f"{name} {day}, {year}"] if self.language == "en" else [f"{day}. {name} {year}"]
        )
        return self.random.choice([*written, *written, f"{year}-{month:02}-{day}"])

    def draw_time(self) -> str:
        """Of 24 hours."""
        return f"{self.random.randint(10, 23)}:{self.random.randrange(10, 60)}"

    def draw_person(self) -> str:
        """A first and a last name."""
        return f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}"

    def draw_place(self) -> str:
        """A city."""
        return self.random.choice(PLACES)

    def draw_email(self) -> str:
        """An address of mail."""
        first, last = self.random.choice(FIRST_NAMES).lower(), self.random.choice(LAST_NAMES).lower()
        name = self.random.choice((first, f"{first}.{last}", f"{first[0]}{last}{self.digits(1, 2)}", f"{last}_{first}"))
        return f"{name}@{self.random.choice(HOSTS).removeprefix('www.')}"

    def draw_url(self) -> str:
        """An address of the web."""
        host, page = self.random.choice(HOSTS), self.random.choice(WORDS)
        rest = self.random.choice(
            ("", f"/{page}", f"/{page}/{self.digits(2, 5)}", f"/{page}.html", f"/?{page}={self.digits(1, 4)}")
        )
        return self.random.choice(("https://", "https://", "http://")) + host + rest

    def draw_placeholder(self) -> str:
        """What a program puts a value in for."""
        word, number = self.random.choice(WORDS), self.random.randint(1, 3)
        forms = ("%s", f"%({word})s", f"%{number}$s", f"{{{word}}}", f"{{{number - 1}}}", f"${{{word}}}")
        return self.random.choice(forms)

    def draw_open(self) -> str:
        """A tag; `draw_close` closes it."""
        self.open_tag = self.random.choice(TAGS)
        return f"<{self.open_tag}>"

    def draw_close(self) -> str:
        """The end of the last tag."""
        return f"</{self.open_tag}>"

    def draw_break(self) -> str:
        """A tag that holds nothing."""
        return self.random.choice(("<br/>", "<br>"))

    def digits(self, least: int, most: int) -> str:
        """So many digits, the first and the last of which are not 0."""
        return "".join(self.random.choices("123456789", k=self.random.randint(least, most)))
