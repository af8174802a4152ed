import pytest

from seqtasks.text.detokenize import blanks_before
from seqtasks.text.word_splitter import word_splitter

ENGLISH = [
    "A man can't see the dogs' house; it's well-known (or so they say), isn't it?",
    'He said: "I cannot go." She said: "Why not?!"',
    "“Wait... what?” they're asking – it costs $10, or 5% more!",
    "You're gonna see T-shirts/jackets in the year '99 [sic].",
    "They call it 'art', don't they? We’ve seen it; he won’t.",
    "The box (red, blue) is Anna's; see page 3: it's #1.",
]
GERMAN = [
    "Zwei Männer, z. B. Köche, stehen (draußen) vor der Tür.",
    "„Gut“, sagte er, „dann geht's los!“ - so war es.",
    "Die 2-Zimmer-Wohnung kostet 5.000,50 € im Monat; na ja...",
    "»Wirklich?«, fragte sie. Ein T-Shirt und/oder eine Jacke.",
]
FRENCH = [
    "L'homme n'est pas là ; qu'est-ce que c'est ?",
    "Il dit : « Bonjour, peut-être y a-t-il du pain ! »",
    "Aujourd'hui, une femme (d'environ 30 ans) porte un tee-shirt.",
    "Donne-le-moi, s'il te plaît.",
]
OTHERS = [
    ("es", "¿Dónde está la casa? ¡Allí, en la calle!"),
    ("it", "L'uomo dell'altra casa, c'è un gatto."),
    ("zh", "我爱你，世界。你好！"),
]


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", text) for text in ENGLISH] + [("de", text) for text in GERMAN] + [("fr", text) for text in FRENCH] + OTHERS,
)
def test_ordinary_sentences(language: str, text: str) -> None:
    tokens, blanks = zip(*word_splitter(language).split(text), strict=True)
    assert len(tokens) > len(text.split())
    usual = blanks_before(tokens, language)
    assert "".join(" " * blank + token for blank, token in zip(usual, tokens, strict=True)) == text
    assert usual == list(blanks)


@pytest.mark.parametrize(
    ("language", "tokens", "text"),
    [
        ("en", [], ""),
        ("en", ["word"], "word"),
        ("en", ['"', "a", '"', '"', "b", '"'], '"a" "b"'),
        ("en", ["(", '"', "a", '"', ")"], '("a")'),
        ("en", ["a", "?", "!", ")", "."], "a?!)."),
        ("en", ["90", "°", "or", "10", "%"], "90° or 10%"),
        ("fr", ["10", "%", ";", "oui"], "10 % ; oui"),
        ("fr", ["«", "oui", "»", "."], "« oui »."),
        ("de", ["«", "ja", "»", "und", "»", "nein", "«"], "«ja» und »nein«"),
        ("de", ["a", "-", "b"], "a - b"),
        ("en", ["a", "-", "b"], "a-b"),
        ("en", ["a", "\u00a0", "b"], "a\u00a0b"),
    ],
)
def test_blanks(language: str, tokens: list[str], text: str) -> None:
    blanks = blanks_before(tokens, language)
    assert "".join(" " * blank + token for blank, token in zip(blanks, tokens, strict=True)) == text
