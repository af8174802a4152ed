"""Tokens as Stanford's PTBTokenizer 3.4.1 gives them, after the COCO evaluation has dropped punctuation."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from seqtasks.metrics.ptb_tokenizer import penn_tokens

STANFORD = [
    ("A man in a tri-colored T-shirt .", "a man in a tri-colored t-shirt"),
    ("Two dogs, one black; one white: running!", "two dogs one black one white running"),
    ("The dogs' tails and the boy's hat", "the dogs tails and the boy 's hat"),
    ("a man 's hat and the girls '", "a man 's hat and the girls"),
    ("She isn't, they can't, he won't; I'd say they're", "she is n't they ca n't he wo n't i 'd say they 're"),
    ("don’t it’s “quoted” ‘single’", "do n't it 's quoted single"),
    ("cannot gonna gotta lemme wannabe gotten", "can not gon na got ta lem me wannabe gotten"),
    ("'Tis rock 'n' roll o'clock, ma'am", "'t is rock 'n' roll o'clock ma'am"),
    ("rock'n'roll in the '80s, 1990s and 90's", "rock 'n' roll in the '80s 1990s and 90 's"),
    ("get 'em 'til y'all slide on a 'slide", "get 'em 'til y' all slide on a slide"),
    ("O'Neill and D'Angelo c'mon", "o'neill and d'angelo c'mon"),
    ("A man (left) [right] {curly}", "a man -lrb- left -rrb- -lsb- right -rsb- -lcb- curly -rcb-"),
    ("He met Mr. Smith on Main St.", "he met mr. smith on main st."),
    ("U.S. flags at 5:30 p.m. in D.C., Jr.'s", "u.s. flags at 5:30 p.m. in d.c. jr. 's"),
    ("the wash. Wash. and an end.", "the wash wash. and an end"),
    ("Player no. 5 says no. No. 12, the number 5.", "player no. 5 says no no. 12 the number 5"),
    ("37,000 people, 3/4 of it, 3.5, 50% off, $5.50", "37,000 people 3/4 of it 3.5 50 % off $ 5.50"),
    ("18-year-old's 4-wheel-drive -5 5x5 #12 #fun", "18-year-old 's 4-wheel-drive -5 5x5 # 12 #fun"),
    ("£5 and €5, US$5 ½ cup 1½", "# 5 and $ 5 us$ 5 1/2 cup 1 1/2"),
    ("R&B, r&b, AT&T's, Q&amp;A &lt;", "r&b r & b at&t 's q&a <"),
    ("wait... what?! really!! -- yes – no—maybe…", "wait what ?! really !! yes no maybe"),
    ("black/white and/or dogs.jumping over a_b", "black/white and/or dogs.jumping over a_b"),
    ("dog,cat dog&cat dog+cat dog=cat", "dog cat dog & cat dog + cat dog = cat"),
    ("www.dog.com, http://dog.com/cat?x=1 a@dog.com @dog", "www.dog.com http://dog.com/cat?x=1 a@dog.com @dog"),
    ("<unk> a </s> -lrb- :)", "<unk> a </s> -lrb- :-rrb-"),
    ("café naïve's über 日本語 😀 soft\xadhyphen", "café naïve 's über 日本語 softhyphen"),
    ('6\'2" tall, "he said"', "6 2 tall he said"),
    ("  leading\tand double  spaces\n", "leading and double spaces"),
    ("... ! -", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "tokens"), STANFORD)
def test_tokens_are_those_of_stanford(text: str, tokens: str) -> None:
    assert penn_tokens(text) == tokens.split()


@pytest.mark.parametrize(
    "part", ["a", "a-", "a+", "a.", "a'", "1,", "<a", "a@", "-", "n't", "&amp;", "aa'aa'", "_", " "]
)
@pytest.mark.timeout(60)
def test_long_texts_take_linear_time(part: str) -> None:
    """Where time grows with the square of the length this takes many minutes."""
    penn_tokens(part * (100_000 // len(part)))


@pytest.mark.slow
def test_tokens_of_flickr8k_are_those_of_stanford() -> None:
    tokenizer = pytest.importorskip("pycocoevalcap.tokenizer.ptbtokenizer")
    data = Path(os.environ.get("SEQTASKS_DATA", "data")) / "flickr8k" / "Flickr8k.token.txt"
    if shutil.which("java") is None or not data.is_file():
        pytest.skip("needs java, and Flickr8k in SEQTASKS_DATA")
    captions = [line.split("\t")[1] for line in data.read_text(encoding="utf-8").splitlines()]
    (stanford,) = tokenizer.PTBTokenizer().tokenize({0: [{"caption": caption} for caption in captions]}).values()
    assert [" ".join(penn_tokens(caption)) for caption in captions] == stanford
