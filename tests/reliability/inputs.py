"""Inputs that go wrong: small right ones, changed at random."""

from __future__ import annotations

import random

WORDS = [
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\r", b"\r\n", b"\n\n", b"\t", b"\t\t", b'"', b'""', b",", b";",
    b"|", b"|||", b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b"[[", b":", b"null", b"true", b"NaN",
    b"Infinity", b"-1", b"0", b"1e400", b"99999999999999999999", b"#", b"# text = ", b"# global.columns = ID FORM",
    b"1-2\t", b"1.1\t", b"_", b"<", b">", b"</tu>", b"<tuv>", b"&", b"&amp;", b"&#0;", b"=", b"'", b"'''", b"../", b"/",
    "\u00a0".encode(), "\u3000".encode(), "\u200b".encode(), "\u2028".encode(), "\u202e".encode(), "\ufeff".encode(),
    "\U0001f600\u200d\U0001f468".encode(), "e\u0301\u0302\u0303".encode(), "ﬀ".encode(), "ß".encode(), "漢字".encode(),
    "क्षि".encode(), "العربية".encode(), "\ufffd".encode(), b"a" * 300, b" " * 300, b"<unk>", b"</s>", b"%s", b"{}",
]  # fmt: skip
"""What readers look at, and what texts seldom hold."""


def changed(chance: random.Random, right: list[bytes]) -> bytes:
    """One of the right inputs with one change or a few, now and then with a part of another one."""
    data = bytearray(chance.choice(right))
    for _ in range(chance.choice([0, 1, 1, 2, 3, 5, 12])):
        place = chance.randint(0, len(data))
        length = chance.choice([1, 1, 2, 4, 16, 200])
        match chance.randint(0, 7):
            case 0 if data:
                data[min(place, len(data) - 1)] = chance.randrange(256)
            case 1:
                del data[place : place + length]
            case 2:
                data[place:place] = chance.choice(WORDS)
            case 3:
                data[place : place + length] = chance.choice(WORDS)
            case 4:
                data[place:place] = data[place : place + length] * chance.randint(1, 5)
            case 5:
                data[place:place] = chance.randbytes(min(length, 16))
            case 6:
                other = chance.choice(right)
                start = chance.randint(0, len(other))
                data[place:place] = other[start : start + 8 * length]
            case 7 if chance.random() < 0.3:
                del data[place:]
    return bytes(data)


def text(chance: random.Random, right: list[bytes]) -> str:
    """A text of any characters, also such as no file can hold."""
    said = changed(chance, right).decode(errors="surrogateescape" if chance.random() < 0.1 else "replace")
    if chance.random() < 0.2:
        place = chance.randint(0, len(said))
        odd = "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randint(1, 5)))
        said = said[:place] + odd + said[place:]
    return said
