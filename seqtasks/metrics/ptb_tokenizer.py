"""Penn Treebank tokens of captions: the words over which the caption metrics count.

The COCO evaluation runs Stanford's tokenizer, which needs Java, lower-cases, and drops punctuation. These are the
same tokens without Java: `The dog's "tail" isn't grey (5 cm).` gives `the dog 's tail is n't grey -lrb- 5 cm -rrb-`.
Brackets are kept, as is the period of an abbreviation; a clitic is a token of its own.
"""

from __future__ import annotations

import re
from html import unescape

PUNCTUATION = {"'", "`", "''", "``", ".", "...", "?", "!", ",", ":", ";", "-", "--"}
"""What the COCO evaluation leaves out. It names brackets too, but in capitals, and so keeps them."""

ABBREVIATIONS = (
    r"adj|adm|adv|al|ala|alex|apr|ariz|assn|asst|aug|ave|bancorp|bhd|bldg|blvd|brig|bros|calif|capt|cf|cie|cmdr|co|"
    r"col|colo|comdr|conn|corp|cos|cpl|ct|dak|dec|dept|det|dr|drs|elec|esq|est|etc|ext|feb|fla|fri|ft|ga|gen|gov|"
    r"hon|inc|insp|intl|invt|jan|jos|jr|jul|jun|kans?|ky|lt|ltd|maj|mar|md|messrs|mfg|mich|minn|mlle|mme|mo|mon|"
    r"mont|mrs?|ms|mt|natl|neb|nev|nov|oct|okla|penn|ph(?:\.d)?|plc|pres|profs?|pte|pty|pvt|rd|reps?|rev|rt|sens?|"
    r"sept?|seq|sgt|spc|sq|sr|ste?|supt|sys|tel|tenn|thu|thurs|treas|tues?|univ|va|vs|vt|wed|wisc?|wm|wyo"
)
"""Keep their period in any position and case."""

STATES = (
    "A(?:rk|RK|z|Z)|D(?:el|EL)|I(?:ll|LL|nd|ND)|L[aA]|M(?:ass|ASS|iss|ISS)|O(?:re|RE)|P[aA]|T(?:ex|EX)|W(?:ash|ASH)"
)
"""States that are words in lower case."""

NUMBERED_ABBREVIATIONS = "art|ca|fig|nos?|op|pp|prop"
"""Keep their period before a number: no. 5."""

ENTITY = re.compile("&(amp|lt|gt|quot|apos|nbsp);", re.IGNORECASE)

APOSTROPHE = "['’]"
LETTER = r"[^\W\d_]"
SIGN = r"[^\W_]"
HYPHENATED = rf"(?:-{SIGN}+)*"
END = rf"(?!{SIGN})"
CLITIC = rf"{APOSTROPHE}(?i:s|m|d|re|ve|ll){END}"
TWO_WORDS = "(?:can(?=not)|gon(?=na)|wan(?=na)|got(?=ta)|gim(?=me)|lem(?=me))"

KINDS = [
    rf"(?!(?i:{TWO_WORDS})){LETTER}+(?!\S)",
    r"</?[A-Za-z][^<>\s]*\s?/?>",  # <unk>
    rf"(?:https?://|www\.)\S*{SIGN}/?",
    r"[\w.+-]{0,64}\w@[\w-]*\w(?:\.[\w-]*\w)*",  # someone@example.com
    rf"@{LETTER}\w*|\#{LETTER}+",
    # parts of words
    rf"(?i:{TWO_WORDS}(?={SIGN}{{2,3}}{END}))",
    rf"{APOSTROPHE}[Tt](?=(?i:is|was){END})",
    rf"{LETTER}+?(?=(?i:n{APOSTROPHE}t{END}))",
    rf"(?i:n{APOSTROPHE}t){END}",
    CLITIC,
    # with an apostrophe
    rf"{APOSTROPHE}[Nn]{APOSTROPHE}",  # rock 'n' roll
    rf"{APOSTROPHE}(?i:em|till?|cause|n|\d0s){END}|{APOSTROPHE}\d\d(?!\S)",
    rf"(?i:dunkin|somethin|ol){APOSTROPHE}|(?i:s{APOSTROPHE}mores){END}",
    rf"[jYy](?!{CLITIC}){APOSTROPHE}(?={LETTER})",  # y' all
    rf"(?:{SIGN}+-)*(?:[A-HJ-XZdlno]|c(?=.mon))(?!{CLITIC}){APOSTROPHE}{LETTER}+{HYPHENATED}",  # O'Neill, o'clock
    rf"{LETTER}+[aeiouy](?!{CLITIC}){APOSTROPHE}[aeiou]{LETTER}*",  # ma'am
    # with periods
    rf"{LETTER}(?:\.{LETTER})++\.?+{HYPHENATED}{END}",  # U.S.
    rf"[A-Za-z]\.(?!{LETTER})",
    rf"(?:(?i:{ABBREVIATIONS})|{STATES})\.(?!{LETTER}){HYPHENATED}",
    rf"(?i:{NUMBERED_ABBREVIATIONS})\.(?= ?\d)",
    rf"{LETTER}{SIGN}*(?:[.!?]{LETTER}{SIGN}*)+",  # example.com
    # with digits
    rf"[-+]?\d*(?:[.,:]\d+)+{HYPHENATED}",  # 37,000
    r"[-+]\d+",
    r"[A-Z]+&[A-Z]+|[A-Z]{1,2}\$",  # R&B, US$
    rf"{SIGN}+(?:[-_/‐‑]{SIGN}+)*",
    # no words
    r"[!?]+|\.+|\#+|@+|_+|\*+|(?i:-[lr][rsc]b-)|-+|``|''|[:;=]-?[()]|[^\s\U00010000-\U0010ffff]",
]
"""The kinds of tokens, the first that fits; the most frequent one, a word between spaces, comes first."""

TOKEN = re.compile(rf" ?+({'|'.join(KINDS)})")

CHARACTERS = str.maketrans(
    {"\xad": "", "\u200b": " ", "…": "...", "¼": " 1/4", "½": " 1/2", "¾": " 3/4", "⅓": " 1/3", "⅔": " 2/3"}
)
NAMES = str.maketrans(
    {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
    | {"’": "'", "‘": "`", "‹": "`", "›": "'", "“": "``", "”": "''", '"': "''", "«": "``", "»": "''"}
    | {"–": "--", "—": "--", "―": "--", "£": "#", "€": "$", "¢": "cents"}
)


def penn_tokens(text: str) -> list[str]:
    """The tokens of one caption, in lower case, without punctuation."""
    text = ENTITY.sub(lambda entity: unescape(entity[0].lower()), text).translate(CHARACTERS)
    tokens = " ".join(TOKEN.findall(" ".join(text.split()))).translate(NAMES).lower().split()
    return [token for token in tokens if token not in PUNCTUATION and token.strip(".-")]
