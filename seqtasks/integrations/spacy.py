"""A tagger as a component of spaCy's pipelines, which finds it by its entry point.

import spacy

nlp = spacy.blank("en")
nlp.add_pipe("sentencizer")
nlp.add_pipe("seqtasks_tagger", config={"model": "pos-en"})
print([(token.text, token.pos_) for token in nlp("A dog runs.")])

A pipeline of spaCy's keeps each new word of a stream, whatever its components do; `with nlp.memory_zone():` around the
documents of a part of the stream frees them. The component itself keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, no_type_check

from spacy.language import Language
from spacy.tokens import Doc, Span, Token

from seqtasks.errors import SeqtasksError
from seqtasks.metrics.spans import UNNAMED, are_spans, spans

if TYPE_CHECKING:
    from seqtasks.inference.tagging import TaggingPipeline

ATTRIBUTES = ("pos", "tag", "ents")


@Language.factory(
    "seqtasks_tagger",
    assigns=["token.pos", "token.tag", "doc.ents"],
    default_config={"model": "pos-en", "attribute": "auto", "device": "auto", "dtype": "auto", "threads": 0},
)
@no_type_check  # what checks types in tests would hide from spaCy which arguments there are
def make_tagger(
    nlp: Language, name: str, model: str, attribute: str, device: str, dtype: str, threads: int
) -> SpacyTagger:
    """The factory that spaCy calls for `nlp.add_pipe("seqtasks_tagger")`.

    Args:
        nlp: The pipeline of spaCy.
        name: What the component is called in it.
        model: A name or a directory, as for `seqtasks.load`.
        attribute: Where labels go: see `SpacyTagger`.
        device: As for `seqtasks.load`.
        dtype: As for `seqtasks.load`.
        threads: As for `seqtasks.load`.
    """
    from seqtasks.loading import load

    return SpacyTagger(load(model, task="tagging", device=device, dtype=dtype, threads=threads), attribute)


class SpacyTagger:
    """Labels the words of documents.

    Sentences are those of the pipeline; where it has none, a document is one sentence. White space is no word: it gets
    the part of speech SPACE and the tag _SP, as spaCy's own taggers have it.

    Args:
        predictor: The trained model.
        attribute: Where labels go, in place of what was there: "pos" to `token.pos_`, "tag" to `token.tag_`, "ents" as
            BIO or BIOES to `doc.ents`; "auto" is the one that suits them: universal parts of speech, spans, all others
            to `token.tag_`.

    Raises:
        SeqtasksError: There is no such attribute.
    """

    def __init__(self, predictor: TaggingPipeline, attribute: str) -> None:
        if attribute == "auto":
            attribute = "ents" if are_spans(predictor.labels) else "pos" if predictor.column == "upos" else "tag"
        if attribute not in ATTRIBUTES:
            raise SeqtasksError(f"attribute = {attribute!r} is not supported.", f"Use auto, {', '.join(ATTRIBUTES)}.")
        self.predictor = predictor
        self.attribute = attribute

    def __call__(self, doc: Doc) -> Doc:
        """Labels the words of one document, in place."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """The documents, labelled so many at a time."""
        waiting = iter(stream)
        while docs := list(islice(waiting, batch_size)):
            sentences = [sentence for doc in docs for sentence in sentences_of(doc)]
            tagged = iter(self.predictor.tag([[token.text for token in sentence] for sentence in sentences]))
            for doc in docs:
                self.assign(doc, [(words, next(tagged).labels) for words in sentences_of(doc)])
                yield doc

    def assign(self, doc: Doc, labelled: Iterable[tuple[list[Token], tuple[str, ...]]]) -> None:
        """Puts the labels where they go."""
        if self.attribute == "ents":
            doc.set_ents(
                [
                    Span(
                        doc, words[span.first].i, words[span.last].i + 1, "SPAN" if span.kind == UNNAMED else span.kind
                    )
                    for words, labels in labelled
                    for span in sorted(spans(labels), key=lambda span: span.first)
                ]
            )
            return
        for words, labels in labelled:
            for token, label in zip(words, labels, strict=True):
                setattr(token, f"{self.attribute}_", label)
        for token in doc:
            if token.is_space:
                setattr(token, f"{self.attribute}_", "SPACE" if self.attribute == "pos" else "_SP")


def sentences_of(doc: Doc) -> list[list[Token]]:
    """The words of each sentence, without white space."""
    parts = list(doc.sents) if doc.has_annotation("SENT_START") else [doc[:]] if len(doc) else []
    return [words for part in parts if (words := [token for token in part if not token.is_space])]
