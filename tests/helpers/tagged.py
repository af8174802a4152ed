"""Sentences of our own making whose labels need the ends of words and what stands before them.

Words are new in every sentence. One that ends in "um" is a NOUN and one that ends in "ak" a VERB, but behind "not", up
to the next "so", it is the other way round.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

EXAMPLE = """# sent_id = 1
# text = She can't.
1\tShe\tshe\tPRON\tPRP\tCase=Nom\t0\troot\t_\t_
2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
2\tca\tcan\tAUX\tMD\t_\t1\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t1\tadvmod\t_\t_
3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t1:dep\tCopyOf=1
4\t.\t.\tPUNCT\t.\t_\t1\tpunct\t_\t_

# sent_id = 2
1\t10 000\t10 000\tNUM\tCD\t_\t0\troot\t_\t_
2\t_\t_\tSYM\tNFP\t_\t1\tdep\t_\t_

"""
"""CoNLL-U with all that it can hold: comments, a multiword token, an empty node, a word with a blank, a word `_`."""

LETTERS = "bdefgilnorst"
Labelled = list[tuple[str, str]]
"""Words with their labels."""


def labelled_sentence(chance: random.Random) -> Labelled:
    turned = False
    sentence = []
    for _ in range(chance.randint(3, 12)):
        if chance.random() < 0.25:
            word = chance.choice(("not", "so"))
            turned = word == "not"
            sentence.append((word, "PART"))
            continue
        stem = "".join(chance.choices(LETTERS, k=chance.randint(2, 5)))
        ending = chance.choice(("um", "ak"))
        sentence.append((stem + ending, "NOUN" if (ending == "um") != turned else "VERB"))
    return sentence


def labelled_sentences(count: int, seed: int = 1) -> list[Labelled]:
    chance = random.Random(seed)
    return [labelled_sentence(chance) for _ in range(count)]


def conllu(sentences: Iterable[Labelled], *, with_labels: bool = True) -> str:
    """The sentences in CoNLL-U."""
    return "".join(
        "".join(
            "\t".join([str(place), word, "_", label if with_labels else "_", *"_" * 6]) + "\n"
            for place, (word, label) in enumerate(sentence, 1)
        )
        + "\n"
        for sentence in sentences
    )


def write_conllu_file(path: Path, sentences: Iterable[Labelled], *, with_labels: bool = True) -> Path:
    path.write_text(conllu(sentences, with_labels=with_labels), encoding="utf-8")
    return path
